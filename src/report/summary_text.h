// Networks stage by stage, as text.
#pragma once

#include <cstddef>
#include <string>

#include "network/summary.h"

namespace whichfirst::report {

/// One table per order: stage, what it is, output, parameters, FLOPs, memory; then the totals. In
/// lines of at most `columns` where words allow.
std::string print_summary(const network::StudySummary& summary, std::size_t columns);

}  // namespace whichfirst::report
