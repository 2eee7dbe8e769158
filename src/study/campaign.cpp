#include "study/campaign.h"

#include <algorithm>

#include "base/error.h"
#include "record/metrics.h"
#include "stats/moments.h"
#include "study/tuning.h"

namespace whichfirst::study {

std::vector<PlannedComparison> plan_comparisons(const Experiment& experiment,
                                                const std::vector<record::TunedOrder>& tuned) {
  std::vector<PlannedComparison> comparisons;
  const auto add_pairs = [&](const std::vector<int>& arms, std::optional<double> shared_lr) {
    for (std::size_t a = 0; a < arms.size(); ++a) {
      for (std::size_t b = a + 1; b < arms.size(); ++b) {
        // Two orders whose own best rates are one rate meet there once.
        const bool is_there = std::any_of(comparisons.begin(), comparisons.end(),
                                          [&](const PlannedComparison& planned) {
                                            return planned.a == arms[a] && planned.b == arms[b];
                                          });
        if (is_there) continue;
        comparisons.push_back({.a = arms[a], .b = arms[b], .shared_lr = shared_lr});
      }
    }
  };
  add_pairs(best_arms(experiment, tuned), std::nullopt);
  if (tuned.empty() || experiment.study.plan.lr_report == record::LrReport::best) {
    return comparisons;
  }
  for (const double lr : experiment.study.recipe.lr) {
    std::vector<int> arms;
    for (std::size_t i = 0; i < experiment.arms.size(); ++i) {
      if (experiment.arms[i].lr == lr) arms.push_back(static_cast<int>(i));
    }
    add_pairs(arms, lr);
  }
  return comparisons;
}

Campaign::Campaign(const Experiment& experiment, const std::vector<PlannedComparison>& comparisons,
                   const Trials& trials)
    : experiment_(experiment), comparisons_(comparisons), trials_(trials) {
  const record::Plan& plan = experiment.study.plan;
  if (!plan.seeds) {
    referee_.emplace(rule_of(experiment, static_cast<int>(comparisons.size())));
    for (std::size_t i = 0; i < comparisons.size(); ++i) watches_.emplace_back(*referee_);
  }
  order_ = trial_order(static_cast<int>(experiment.arms.size()), record::most_seeds(plan));
  tell();
}

const record::TrialRecord* Campaign::find(int arm, std::uint64_t replicate) const {
  const auto found =
      trials_.find({experiment_.arms[static_cast<std::size_t>(arm)].name, replicate});
  return found == trials_.end() ? nullptr : &found->second;
}

bool Campaign::has_ended(const PlannedComparison& planned, int replicate) const {
  const auto number = static_cast<std::uint64_t>(replicate);
  return find(planned.a, number) != nullptr && find(planned.b, number) != nullptr;
}

bool Campaign::is_open(std::size_t comparison) const {
  if (referee_) return watches_[comparison].goes_on();
  return replicates(comparison) < *experiment_.study.plan.seeds;
}

int Campaign::replicates(std::size_t comparison) const {
  if (referee_) return watches_[comparison].replicates();
  int count = 0;
  while (count < *experiment_.study.plan.seeds && has_ended(comparisons_[comparison], count + 1)) {
    ++count;
  }
  return count;
}

bool Campaign::is_complete() const {
  for (std::size_t i = 0; i < comparisons_.size(); ++i) {
    if (is_open(i)) return false;
  }
  return true;
}

void Campaign::tell() {
  if (!referee_) return;
  const std::string& metric = experiment_.study.plan.metric;
  for (std::size_t i = 0; i < comparisons_.size(); ++i) {
    const PlannedComparison& planned = comparisons_[i];
    stats::Watch& watch = watches_[i];
    while (watch.goes_on() && has_ended(planned, watch.replicates() + 1)) {
      const auto next = static_cast<std::uint64_t>(watch.replicates()) + 1;
      watch.add(record::metric_value(find(planned.a, next)->metrics, metric),
                record::metric_value(find(planned.b, next)->metrics, metric));
    }
  }
}

std::optional<int> Campaign::more_pairs(std::size_t comparison) {
  check(referee_.has_value(), "pairs are added one by one");
  return referee_->more_pairs(watches_[comparison].differences(), referee_->rule().max_pairs);
}

bool Campaign::is_needed(const TrialId& id) const {
  if (find(id.arm, id.replicate) != nullptr) return false;
  for (std::size_t i = 0; i < comparisons_.size(); ++i) {
    const bool takes_part = comparisons_[i].a == id.arm || comparisons_[i].b == id.arm;
    if (takes_part && is_open(i)) return true;
  }
  return false;
}

std::optional<TrialId> Campaign::next() {
  while (place_ < order_.size()) {
    const TrialId id = order_[place_++];
    if (is_needed(id)) return id;
  }
  return std::nullopt;
}

}  // namespace whichfirst::study
