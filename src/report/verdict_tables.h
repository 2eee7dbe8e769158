// What a verdict is read from, as tables: the same numbers on a terminal, in Markdown, in LaTeX.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "record/verdict_record.h"
#include "report/table.h"

namespace whichfirst::report {

/// One row an order: its stages, mean and sd of the metric, how its trials ended.
Table orders_table(const record::VerdictRecord& verdict);

/// One row a comparison: pairs, mean difference, the interval that decides, the verdict.
Table comparisons_table(const record::VerdictRecord& verdict);

/// Every replicate's value, so that a reader can check the verdict by hand: the first 200.
Table pairs_table(const record::VerdictRecord& verdict);
/// Replicates that `pairs_table` leaves to the JSON.
std::size_t pairs_beyond_table(const record::VerdictRecord& verdict);

/// Order x learning rate on the tuning replicates, * the best of each order; without rows where
/// nothing was tuned.
Table tuning_table(const record::VerdictRecord& verdict);

/// Rank and order, best first, ties with equal ranks.
Table ranking_table(const record::VerdictRecord& verdict);

/// What else differs between the orders.
Table ledger_table(const record::VerdictRecord& verdict);

/// With so many decimals; "-" where missing.
std::string number(const std::optional<double>& value, int decimals);

}  // namespace whichfirst::report
