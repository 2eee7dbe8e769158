// Data sets as text.
#pragma once

#include <cstddef>
#include <string>

#include "data/description.h"

namespace whichfirst::report {

/// One row per set: what it is and where it was found, or that it was not; in lines of at most
/// `columns` where words allow.
std::string print_data_list(const data::FoundSets& list, std::size_t columns);
/// Where to get a set that is not there, and where to put it.
std::string print_absent_data(const data::FoundSet& absent);
/// Shape, classes with their counts, mean and deviation, notes.
std::string print_data(const data::DatasetDescription& set);

}  // namespace whichfirst::report
