// What the lab saw, for a terminal: grids of numbers, curves and histograms of block characters,
// the orders side by side where they fit.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "lab/inspect.h"

namespace whichfirst::report {

/// One block character a number, from the lowest finite one to the highest; more than `most`
/// numbers are averaged in groups. What is not finite is a dot.
std::string spark_curve(std::span<const double> values, std::size_t most);
/// One block character for each two bins, from empty ones (a space) to the fullest.
std::string spark_histogram(const measure::Histogram& histogram);

/// Lines of at most `width` characters where that can be.
std::string print_lab(const lab::Inspection& inspection, std::size_t width);

}  // namespace whichfirst::report
