// What is meant where a column is not there. Internal to table.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "table/grid.h"

namespace whichfirst::table {

enum class Role { pair, by, metric };

/// A column that is not there.
struct Missing {
  Role role = Role::pair;
  std::string name;
};

/// Throws an Error that names all of them at once, with what the file looks like, the columns that
/// are meant (none of `taken`) and those there are.
[[noreturn]] void fail_without(const Grid& grid, const std::vector<Missing>& missing,
                               std::vector<std::size_t> taken, bool may_be_wide);

}  // namespace whichfirst::table
