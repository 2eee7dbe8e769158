// Measured speed as text.
#pragma once

#include <string>

#include "record/bench_record.h"

namespace whichfirst::report {

std::string print_bench(const record::BenchRecord& bench);

}  // namespace whichfirst::report
