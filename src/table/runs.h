// The names of runs as columns. Internal to table.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "table/grid.h"
#include "table/question.h"

namespace whichfirst::table {

/// Of a chart export of Weights & Biases, the columns "RUN - METRIC".
std::vector<std::size_t> charted_columns(const Grid& grid);

/// RUN of such a column's name.
std::string run_of(const std::string& column);

/// "{order}-seed{seed}" for a run that is called "bn-first-seed0".
std::string pattern_of(const std::string& run);

/// The table with the parts of the runs' names as columns, as question.runs says: a chart export
/// becomes a row per run and step, and its metric the question's where it has only one; another
/// table gets the parts of the first column all of whose names fit. Throws Error where none does.
Grid split_runs(const Grid& grid, Question& question);

}  // namespace whichfirst::table
