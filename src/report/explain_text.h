// What `explain` found, as text.
#pragma once

#include <cstddef>
#include <string>

#include "algebra/explain.h"

namespace whichfirst::report {

/// The answer with its reasons and its check, the answer for two units in a row, the cycles, what
/// is known about the two, what else differs; in lines of at most `columns` where words allow.
std::string print_explanation(const algebra::Explanation& explanation, std::size_t columns);

/// Every answer that numbers contradict, one per line, with the case; empty if there is none.
std::string print_contradictions(const algebra::Explanation& explanation);

}  // namespace whichfirst::report
