// Questions about the columns of a table. Internal to table.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "table/grid.h"

namespace whichfirst::table {

/// The first column of this name.
std::optional<std::size_t> find(const Grid& grid, std::string_view name);

/// The same. Throws Error where there is none, with the nearest, or two.
std::size_t column_of(const Grid& grid, const std::string& name, std::string_view option);

/// The names of all columns, printable and cut.
std::string list_columns(const Grid& grid);

/// Throws Error beginning with `place` where a name cannot be printed as it is.
void require_printable(const std::string& name, const std::string& place);

/// Whether a column holds numbers and gaps, one number at least.
bool holds_numbers(const Grid& grid, std::size_t column);

/// Whether it counts rows, as counter_word says, and holds numbers.
bool is_counter(const Grid& grid, std::size_t column);

/// Whether no two rows have the same values in all of `columns`.
bool is_unique(const Grid& grid, const std::vector<std::size_t>& columns);

/// "err" of bn_err and act_err, or of err_bn and err_act: the shortest end or beginning that all
/// names share and whose direction is known; else empty.
std::string shared_metric(const Grid& grid, const std::vector<std::size_t>& columns);

/// Whether a name such as "run" or "index" numbers rows.
bool is_row_number(std::string_view name);

/// The columns that may be the orders of a wide table whose pairs are in `pair`; empty where there
/// are none: each row would be one pair, and no column a metric beside others.
std::vector<std::size_t> wide_orders(const Grid& grid, const std::vector<std::size_t>& pair);

}  // namespace whichfirst::table
