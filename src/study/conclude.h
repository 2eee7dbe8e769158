// Trials -> verdict: which trials are a pair, and what the pairs say.
#pragma once

#include <vector>

#include "record/verdict_record.h"
#include "study/expectation.h"
#include "study/plan.h"
#include "table/results.h"

namespace whichfirst::study {

/// How a run ended.
enum class Ending { complete, interrupted };

/// What the comparisons say, each of its own complete pairs. Sentences, ledger and what was known
/// beforehand (study/notices.h) are left to the caller. Of a fixed number of pairs, a run that was
/// stopped before it decides nothing: its verdicts are `undecided`. Throws Error where the two
/// trials of a pair did not see the same data order or start from the same weights.
record::VerdictRecord conclude(const Experiment& experiment,
                               const std::vector<PlannedComparison>& comparisons,
                               const std::vector<record::TunedOrder>& tuned, const Trials& trials,
                               Ending ending, const Wanted& wanted = {});

/// The same of trials that were trained elsewhere. Of the rule, `comparisons` and `direction` are
/// set here. Under automatic stopping the pairs are looked at one by one, in the order of the
/// table, and those after the verdict, or after the answers to the expectations where those have
/// bounds, are left out. Two orders of which neither has any spread are left undecided. Name of the
/// study and sentences are left to the caller.
record::VerdictRecord conclude(table::Results results, stats::Rule rule, const Wanted& wanted = {},
                               const std::vector<Expectation>& expectations = {});

}  // namespace whichfirst::study
