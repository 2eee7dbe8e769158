// What is wrong with trials as evidence: refused, or said beside the verdict. Internal to table.
#pragma once

#include <vector>

#include "record/verdict_record.h"
#include "table/grid.h"
#include "table/question.h"
#include "table/trials.h"

namespace whichfirst::table {

/// Throws Error where there are fewer than two orders, where these have no pair in common, and
/// where some values are shares of 1 and others the same in percent.
void refuse_doubtful(const Grid& grid, const Trials& trials);

/// Rows of runs that did not end, of which one was chosen, that share a seed, or were left out; a
/// wide table that was recognised.
std::vector<record::Notice> notices_of(const Grid& grid, const Question& question,
                                       const Trials& trials, const record::ResultsTable& table);

}  // namespace whichfirst::table
