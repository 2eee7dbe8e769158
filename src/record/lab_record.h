// What the lab saw, as JSON: what `whichfirst lab --json` prints.
#pragma once

#include <string>
#include <vector>

#include "lab/inspect.h"

namespace whichfirst::record {

/// Values of one stage that are written; of a stage with more they are null.
inline constexpr std::size_t kMostWrittenValues = 4096;

/// The document, ended with a line break. Shapes are C, H, W of a single picture and N, C, H, W of
/// more; C alone, or N, C, of vectors. `values_offset` says where the stage's values begin in
/// lab_values. Numbers that do not exist or are not finite are null.
std::string to_json(const lab::Inspection& inspection);

/// All values: the input's, then those of each stage of each order.
std::vector<double> lab_values(const lab::Inspection& inspection);

}  // namespace whichfirst::record
