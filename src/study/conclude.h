// Trials -> verdict: which trials are a pair, and what the pairs say.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "record/results_csv.h"
#include "record/verdict_record.h"
#include "study/experiment.h"

namespace whichfirst::study {

/// Trials that have ended, by (arm, replicate).
using Trials = std::map<std::pair<std::string, std::uint64_t>, record::TrialRecord>;

/// Every comparison of the plan, in the order of the arms, the earlier of a pair as `a`. Sentences
/// and ledger are left to the caller. A run that was stopped before its planned number decides
/// nothing: its verdicts are `undecided`. Throws Error where the two trials of a pair did not see
/// the same data order or start from the same weights.
record::VerdictRecord conclude(const Experiment& experiment, const Trials& trials,
                               record::Stop stop);

/// The same of trials that were trained elsewhere. Of the rule, `comparisons` is set here. Name of
/// the study and sentences are left to the caller.
record::VerdictRecord conclude(record::Results results, stats::Rule rule);

}  // namespace whichfirst::study
