// What was seen inside the networks of two orders, pair by pair: where they differ, and how surely.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "record/trial_record.h"
#include "record/verdict_record.h"

namespace whichfirst::study {

using TrialPair = std::pair<const record::TrialRecord*, const record::TrialRecord*>;

/// Leaves the last look alone in a record: all that the functions below read. The looks at every
/// epoch of all trials together would fill the memory.
void forget_early_looks(record::TrialRecord& trial);

/// Compares every statistic at every place that both orders have, after the last epoch that was
/// looked at, over the pairs in which both have it and neither diverged; most clearly different
/// first. `confidence` is of each interval. Missing where no pair was looked at.
std::optional<record::TapComparison> compare_taps(const std::vector<TrialPair>& pairs,
                                                  double confidence);

/// What one order's networks make of the probe's pictures, all replicates together.
std::vector<record::MergedTap> merge_taps(const std::vector<const record::TrialRecord*>& trials);

}  // namespace whichfirst::study
