#include "study/plan.h"

#include <algorithm>

#include "record/metrics.h"

namespace whichfirst::study {
namespace {

/// The arm of each order at its best rate; where there is one rate, all arms.
std::vector<std::size_t> best_arms(const Experiment& experiment,
                                   const std::vector<record::TunedOrder>& tuned) {
  std::vector<std::size_t> arms;
  for (std::size_t i = 0; i < experiment.arms.size(); ++i) {
    const Arm& arm = experiment.arms[i];
    const bool is_best = std::any_of(tuned.begin(), tuned.end(), [&](const auto& order) {
      return order.name == arm.order_name && order.best == arm.lr;
    });
    if (tuned.empty() || is_best) arms.push_back(i);
  }
  return arms;
}

double mean_seconds(const Trials& trials, std::size_t arm) {
  double sum = 0;
  int count = 0;
  for (const auto& [id, trial] : trials) {
    if (id.arm != arm || trial.status != record::Status::done) continue;
    sum += trial.timings.seconds;
    ++count;
  }
  return count > 0 ? sum / count : 0;
}

}  // namespace

const record::TrialRecord* find(const Trials& trials, const TrialId& id) {
  const auto found = trials.find(id);
  return found == trials.end() ? nullptr : &found->second;
}

std::vector<const record::TrialRecord*> trials_of(const Trials& trials, std::size_t arm, int count,
                                                  std::uint64_t after) {
  std::vector<const record::TrialRecord*> found(static_cast<std::size_t>(count));
  for (auto& trial : found) trial = find(trials, {.arm = arm, .replicate = ++after});
  return found;
}

std::vector<TrialId> trial_order(std::size_t arms, int replicates, std::uint64_t after) {
  std::vector<TrialId> order;
  for (std::size_t i = 0; i < static_cast<std::size_t>(replicates); ++i) {
    for (std::size_t place = 0; place < arms; ++place) {
      order.push_back({.arm = (place + i) % arms, .replicate = after + i + 1});
    }
  }
  return order;
}

double pair_seconds(const PlannedComparison& planned, const Trials& trials) {
  return mean_seconds(trials, planned.a) + mean_seconds(trials, planned.b);
}

std::vector<PlannedComparison> plan_comparisons(const Experiment& experiment,
                                                const std::vector<record::TunedOrder>& tuned) {
  std::vector<PlannedComparison> comparisons;
  const auto add_pairs = [&](const std::vector<std::size_t>& arms,
                             std::optional<double> shared_lr) {
    for (std::size_t a = 0; a < arms.size(); ++a) {
      for (std::size_t b = a + 1; b < arms.size(); ++b) {
        // Two orders whose own best rates are one rate meet there once.
        const bool is_there = std::any_of(
            comparisons.begin(), comparisons.end(),
            [&](const auto& planned) { return planned.a == arms[a] && planned.b == arms[b]; });
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
    std::vector<std::size_t> arms;
    for (std::size_t i = 0; i < experiment.arms.size(); ++i) {
      if (experiment.arms[i].lr == lr) arms.push_back(i);
    }
    add_pairs(arms, lr);
  }
  return comparisons;
}

std::string name_of_arm(const Arm& arm, const std::vector<record::TunedOrder>& tuned) {
  const bool is_elsewhere = std::any_of(tuned.begin(), tuned.end(), [&](const auto& order) {
    return order.name == arm.order_name && order.best != arm.lr;
  });
  return is_elsewhere ? arm.name : arm.order_name;
}

int planned_trials(const record::Study& study) {
  const auto orders = static_cast<int>(study.orders.size());
  const int arms = orders * static_cast<int>(study.recipe.lr.size());
  const bool is_tuned = record::is_tuned(study);
  const bool at_every_rate = !is_tuned || study.plan.lr_report == record::LrReport::all;
  return (is_tuned ? study.plan.tuning_seeds * arms : 0) +
         record::most_seeds(study.plan) * (at_every_rate ? arms : orders);
}

Measured measured_part(const Experiment& experiment, std::string_view metric) {
  const auto& [dataset, parts, normalisation, hash] = experiment.material;
  if (metric.starts_with("test_")) return {dataset.test, parts.test};
  return {dataset.train, metric.starts_with("val_") ? parts.validation : parts.train};
}

stats::Rule rule_of(const Experiment& experiment, std::size_t comparisons) {
  const record::Plan& plan = experiment.study.plan;
  const bool is_accuracy = record::is_accuracy(plan.metric);
  stats::Rule rule{.confidence = plan.confidence,
                   .margin = plan.margin,
                   .direction = is_accuracy ? stats::Direction::higher_is_better
                                            : stats::Direction::lower_is_better,
                   .resolution = 0,
                   .comparisons = std::max(static_cast<int>(comparisons), 1),
                   .location = plan.rule,
                   .equivalence_share = plan.equivalence,
                   .guard = plan.guard ? stats::Guard::decides : stats::Guard::shown,
                   .stopping = plan.seeds ? stats::Stopping::fixed : stats::Stopping::automatic,
                   .max_pairs = std::max(plan.max_seeds, stats::minimum_pairs(plan.confidence)),
                   .horizon = plan.horizon};
  if (is_accuracy) {
    rule.resolution =
        100.0 / static_cast<double>(measured_part(experiment, plan.metric).picks.size());
  }
  return rule;
}

}  // namespace whichfirst::study
