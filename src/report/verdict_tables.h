// What a verdict is read from, as blocks of a document: the same numbers in every format.
#pragma once

#include <vector>

#include "record/verdict_record.h"
#include "report/document.h"

namespace whichfirst::report {

/// One row per order: its stages, mean and sd of the metric, how its trials ended.
Table orders_table(const record::VerdictRecord& verdict);

/// One row per comparison of `compared`: pairs, mean difference, the interval that decides, the
/// verdict.
Table comparisons_table(const std::vector<record::ComparisonResult>& compared,
                        const record::VerdictRecord& verdict);

/// One row per order of `compared`, best first: mean, spread, how many runs were lost if any were,
/// and the verdict. Of three orders or more difference and verdict are against the first of the
/// table, with its name in the caption.
Table standings_table(const std::vector<record::ComparisonResult>& compared,
                      const record::VerdictRecord& verdict);

/// Every replicate's value, so that a reader can check the verdict by hand: the first 200, and how
/// many are left to the JSON.
std::vector<Block> pairs_blocks(const record::VerdictRecord& verdict);

/// Order x learning rate on the tuning replicates, * the best of each order. Something was tuned.
Table tuning_table(const record::VerdictRecord& verdict);

/// Rank and order, best first, ties with equal ranks.
Table ranking_table(const record::VerdictRecord& verdict);

/// What else differs between the orders.
Table ledger_table(const record::VerdictRecord& verdict);

/// Where two orders differ most clearly inside: one row a statistic, clearest first, the means of
/// both, the difference with Student's interval over the seeds, and q. The caption says how many of
/// all differences stand out, and where to find the rest. `result` was looked into.
Table taps_table(const record::ComparisonResult& result, const record::VerdictRecord& verdict);

/// What an order costs after training, as trained and with its bn folded away: one row an order,
/// and a remark for each that needs a bias by position or keeps bn. Empty where nothing was folded.
std::vector<Block> inference_blocks(const record::VerdictRecord& verdict);

}  // namespace whichfirst::report
