// Trials that were trained elsewhere, as comma-separated text: a header, then one line a trial.
//
//   seed,order,accuracy
//   1,bn-first,91.2
//   1,act-first,90.8
//
// docs/verdict.md describes the format for people.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "record/verdict_record.h"

namespace whichfirst::record {

// Limits, so that no file can exhaust memory.
inline constexpr std::size_t kMostResultBytes = std::size_t{64} << 20;
inline constexpr std::size_t kMostColumns = 1'000;
inline constexpr std::size_t kMostResultOrders = 16;
inline constexpr std::size_t kMostPairs = 1'000'000;
inline constexpr double kLargestResult = 1e150;  ///< in magnitude; its square exists

/// Names in the header of the columns that are read; all others are ignored.
struct ResultColumns {
  std::string pair = "seed";        ///< what the trials of a pair have in common
  std::string by = "order";         ///< what they differ in
  std::string metric = "accuracy";  ///< a number in any unit
};

struct Results {
  ResultsTable table;
  std::string metric;
  /// Two or more, in the order of first appearance: `name`, `values` and `diverged` are filled. All
  /// have a value or a gap (diverged) for each of table.pairs; mean and sd are left missing.
  std::vector<OrderResult> orders;
};

/// Reads RFC 4180: commas, quoted fields with doubled quotes, LF, CRLF or CR; a byte order mark and
/// blank lines are skipped, so are spaces around a field. Pairs stand in the order of their first
/// appearance. An empty metric, "nan" and "inf" are a trial that diverged; a pair that lacks a
/// trial of some order is dropped and listed, though a trial of it that diverged counts: losses are
/// not hidden by what was not run. table.file is the file's name in `label`, which also
/// begins every error.
///
/// Throws Error naming line and column where the text does not read: a NUL, a stray quote, too few
/// or too many fields, a name that is empty or not printable, a metric that is no number, a trial
/// that stands twice, a limit above; where a column is not there; where there are fewer than two
/// orders.
Results parse_results(std::string_view text, std::string_view label, const ResultColumns& columns);

/// parse_results of a file's content. Throws Error with the system's reason, and where there are
/// more than kMostResultBytes.
Results read_results(const std::filesystem::path& path, const ResultColumns& columns);

/// The values of a verdict as such a table: a line for each pair of each order, with the columns
/// seed, order, lr and the metric, or those that its table was read from; empty where there is no
/// value. parse_results reads it.
std::string print_results(const VerdictRecord& verdict);

}  // namespace whichfirst::record
