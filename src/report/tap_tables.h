// What was seen inside the networks, for a reader: where two orders differ most clearly.
#pragma once

#include <string>

#include "record/verdict_record.h"
#include "report/table.h"

namespace whichfirst::report {

/// One row a statistic, at the place where the orders differ most clearly in it, clearest first:
/// the means of both, the difference with Student's interval over the seeds, and q.
Table taps_table(const record::ComparisonResult& result);

/// What the table is about: the epoch, the pairs, how many of all differences stand out at a false
/// discovery rate of 1 - confidence, and where to find the rest. `result` was looked into.
std::string taps_words(const record::ComparisonResult& result,
                       const record::VerdictRecord& verdict);

/// "Looking inside took 2.1 % of the trials' time."; empty where nobody looked.
std::string tap_cost_words(const record::VerdictRecord& verdict);

}  // namespace whichfirst::report
