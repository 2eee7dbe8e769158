// Which columns of a table hold what, and what is meant where they are not there. Internal to
// table.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "table/grid.h"
#include "table/question.h"

namespace whichfirst::table {

struct Columns {
  std::vector<std::size_t> pair;
  std::size_t by = 0;               ///< without meaning where `orders` is not empty
  std::size_t metric = 0;           ///< likewise
  std::vector<std::size_t> orders;  ///< of a wide table
  std::string metric_name;
  bool is_found_wide = false;  ///< recognised, not asked for

  bool is_wide() const { return !orders.empty(); }
};

/// "a,b" as names; a column whose whole name it is comes first.
std::vector<std::string> split_names(const Grid& grid, const std::string& list);

/// The column of this name. Throws Error where there is none, with the nearest, or two.
std::size_t column_of(const Grid& grid, const std::string& name, std::string_view option);

/// Finds the columns of a question. Throws Error as parse_results says.
Columns find_columns(const Grid& grid, const Question& question);

/// The table with the parts of the runs' names as columns, as question.runs says: a chart export of
/// Weights & Biases, which has a column "RUN - METRIC" for each run, becomes a row per run and
/// step, and its metric the question's where it has only one; another table gets the parts of the
/// first column all of whose names fit. Throws Error where none does.
Grid split_runs(const Grid& grid, Question& question);

/// Whether a column counts rows, as counter_word says, and its cells are numbers.
bool is_counter(const Grid& grid, std::size_t column);

}  // namespace whichfirst::table
