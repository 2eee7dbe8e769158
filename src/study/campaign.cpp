#include "study/campaign.h"

#include "base/error.h"
#include "record/metrics.h"

namespace whichfirst::study {

Campaign::Campaign(const Experiment& experiment, const std::vector<PlannedComparison>& comparisons,
                   const Trials& trials)
    : experiment_(experiment),
      comparisons_(comparisons),
      trials_(trials),
      replicates_(comparisons.size()),
      order_(trial_order(experiment.arms.size(), record::most_seeds(experiment.study.plan))) {
  if (!experiment.study.plan.seeds) {
    referee_.emplace(rule_of(experiment, comparisons.size()));
    for (const PlannedComparison& planned : comparisons) {
      watches_.emplace_back(*referee_, planned.gates);
    }
  }
  tell();
}

bool Campaign::is_open(std::size_t comparison) const {
  if (referee_) return watches_[comparison].goes_on();
  return replicates_[comparison] < *experiment_.study.plan.seeds;
}

bool Campaign::is_complete() const {
  for (std::size_t i = 0; i < comparisons_.size(); ++i) {
    if (is_open(i)) return false;
  }
  return true;
}

void Campaign::tell() {
  const std::string& metric = experiment_.study.plan.metric;
  for (std::size_t i = 0; i < comparisons_.size(); ++i) {
    while (is_open(i)) {
      const std::uint64_t replicate = static_cast<std::uint64_t>(replicates_[i]) + 1;
      const auto* a = find(trials_, {.arm = comparisons_[i].a, .replicate = replicate});
      const auto* b = find(trials_, {.arm = comparisons_[i].b, .replicate = replicate});
      if (a == nullptr || b == nullptr) break;
      ++replicates_[i];
      if (!referee_) continue;
      watches_[i].add(record::metric_value(a->metrics, metric),
                      record::metric_value(b->metrics, metric));
    }
  }
}

std::vector<TrialId> Campaign::wanted() const {
  std::vector<TrialId> wanted;
  for (const TrialId& id : order_) {
    if (trials_.contains(id)) continue;
    for (std::size_t i = 0; i < comparisons_.size(); ++i) {
      if (!comparisons_[i].involves(id.arm) || !is_open(i)) continue;
      wanted.push_back(id);
      break;
    }
  }
  return wanted;
}

}  // namespace whichfirst::study
