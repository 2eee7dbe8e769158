// Networks stage by stage, as text.
#pragma once

#include <string>

#include "network/summary.h"

namespace whichfirst::report {

/// A table an order: stage, what it is, output, parameters, FLOPs, memory; then the totals.
std::string print_summary(const network::StudySummary& summary);

}  // namespace whichfirst::report
