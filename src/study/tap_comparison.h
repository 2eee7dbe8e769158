// What was seen inside the networks of two orders, pair by pair: where they differ, and how surely.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "record/trial_record.h"
#include "record/verdict_record.h"

namespace whichfirst::study {

using TrialPair = std::pair<const record::TrialRecord*, const record::TrialRecord*>;

/// Compares every statistic at every place that both orders have, after the last epoch that was
/// looked at, over the pairs in which both have it; most clearly different first. `confidence` is
/// of each interval. Missing where no pair was looked at.
std::optional<record::TapComparison> compare_taps(const std::vector<TrialPair>& pairs,
                                                  double confidence);

/// What one order's networks make of the probe's pictures, all replicates together.
std::vector<record::MergedTap> merge_taps(const std::vector<const record::TrialRecord*>& trials);

}  // namespace whichfirst::study
