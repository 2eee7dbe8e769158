// Measured speed as text.
#pragma once

#include <string>

#include "bench/bench_record.h"

namespace whichfirst::bench {

/// Where the time of a step goes: by kind of stage, or every single part of it.
enum class BenchDetail { kinds, stages };

std::string print_bench(const BenchRecord& bench, BenchDetail detail = BenchDetail::kinds);

}  // namespace whichfirst::bench
