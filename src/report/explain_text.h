// What `explain` found, as text.
#pragma once

#include <string>

#include "algebra/explain.h"

namespace whichfirst::report {

/// The answer with its reasons and its check, the answer for two units in a row, the cycles, what
/// is known beside, what else differs. Lines of at most 100 columns where words allow.
std::string print_explanation(const algebra::Explanation& explanation);

/// Every answer that numbers contradict, a line each, with the case; empty where there is none.
std::string print_contradictions(const algebra::Explanation& explanation);

}  // namespace whichfirst::report
