// Networks stage by stage, as text and as JSON.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "record/summary_record.h"

namespace whichfirst::report {

/// A table an order: stage, what it is, output, parameters, FLOPs, memory; then the totals.
std::string print_summary(const record::SummaryRecord& summary);

}  // namespace whichfirst::report
