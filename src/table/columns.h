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
  /// Whether a column is one of these.
  bool uses(std::size_t column) const;
};

/// "a,b" as names; a column whose whole name it is comes first.
std::vector<std::string> split_names(const Grid& grid, const std::string& list);

/// Finds the columns of a question. Throws Error as parse_results says.
Columns find_columns(const Grid& grid, const Question& question);

}  // namespace whichfirst::table
