// Trials that were trained elsewhere: which cells of a table are whose result, and what is wrong
// with them as evidence.
//
//   seed,order,accuracy
//   1,bn-first,91.2
//   1,act-first,90.8
//
// docs/verdict.md describes the format for people.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "record/verdict_record.h"
#include "stats/verdict.h"
#include "table/question.h"

namespace whichfirst::table {

struct Results {
  record::ResultsTable table;
  std::string metric;
  stats::Direction direction = stats::Direction::higher_is_better;
  /// Two or more, in the order of first appearance: `name`, `values` and `diverged` are filled. All
  /// have a value or a gap (diverged) for each of table.pairs; mean and sd are left missing.
  std::vector<record::OrderResult> orders;
  std::vector<record::Notice> notices;
};

/// Reads a table (table/grid.h) in the long form, a row per trial, or in the wide form, a column
/// per order. It is wide where Question::wide says so, or where neither `by` nor `metric` is given
/// or there, and all columns but those of the pair and of row numbers hold numbers of no known
/// metric.
///
/// Pairs stand in the order of their first appearance. A metric of nan or inf is a trial that
/// diverged. An empty one, or NA, is no trial. A pair that lacks a trial of some order is dropped
/// and listed, though a trial of it that diverged counts: losses are not hidden by what was not
/// run. So are rows that a name such as "mean" or "std" shows to be summaries. table.file is the
/// file's name in `label`, which also begins every error.
///
/// Throws Error, with the place and the remedy, where a cell does not read; where columns are not
/// there (all in one message, with the ones that are meant, and what the file looks like); where a
/// trial has several rows, with the column that tells them apart; where rows are no replicates
/// (epochs, steps, folds); where nobody knows whether lower is better; where values in shares stand
/// beside values in percent; where the orders have no pair in common; beyond the limits above.
Results parse_results(std::string_view text, std::string_view label, const Question& question);

/// parse_results of a file's content. Throws Error with the system's reason, and where there are
/// more than kMostBytes.
Results read_results(const std::filesystem::path& path, const Question& question);

/// The values of a verdict as such a table: a line for each pair of each order, with the columns
/// seed, order, lr and the metric, or those that its table was read from. Where there is no value
/// it says nan if trials of the order were lost, else nothing. parse_results reads it.
std::string print_results(const record::VerdictRecord& verdict);

}  // namespace whichfirst::table
