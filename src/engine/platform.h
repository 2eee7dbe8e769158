// What a trial runs on, as text: part of every record, because numbers are reproducible on the same
// kind of processor only.
#pragma once

#include <string>

namespace whichfirst::engine {

struct Platform {
  std::string isa;      // the widest instructions the kernels use: "avx2", "avx512_core_bf16"
  std::string library;  // "oneDNN 2.6.3"
};

Platform describe_platform();

/// fp32 GFLOP/s that one core reaches with fused multiply-adds on registers alone, measured for
/// about `seconds`: what the convolutions' speed is to be compared with. Empty where this program
/// has no such loop for the processor.
struct Peak {
  double gflops = 0;
  std::string instructions;  // "avx2", "avx512"
};
Peak measure_peak(double seconds);

/// Oblige the calling thread to run its kernels alone. oneDNN's threads are OpenMP's, whose number
/// is a property of each thread: a setting made elsewhere does not reach it.
void use_one_thread();
/// Whether the calling thread runs its kernels alone.
bool uses_one_thread();

}  // namespace whichfirst::engine
