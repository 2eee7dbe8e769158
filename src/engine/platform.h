// What a trial runs on, as text: part of every record, because numbers are reproducible on the same
// kind of processor only.
#pragma once

#include <string>

#include "engine/options.h"

namespace whichfirst::engine {

struct Platform {
  std::string isa;      // the widest instructions the kernels use: "avx2", "avx512_core_bf16"
  std::string library;  // "oneDNN 2.6.3, own 2": the version of its kernels, and that of ours
};

Platform describe_platform();

/// What a precision asks of a processor.
struct Processor {
  bool has_avx2 = false;
  bool has_fma = false;
  std::string isa;  // as Platform has it
};
Processor own_processor();

/// Throws Error where `processor` lacks what `precision` needs.
void require_precision(Precision precision, const Processor& processor);

/// GFLOP/s that one core reaches with fused multiply-adds on registers alone, measured for about
/// `seconds`: what the convolutions' speed is to be compared with. Of bf16 they are products of
/// pairs, added in fp32. Empty where this program has no such loop for the processor. What AMX can
/// do is not measured.
struct Peak {
  double gflops = 0;
  std::string instructions;  // "avx2", "avx512", "avx512_bf16"
};
Peak measure_peak(Precision precision, double seconds);

/// GB/s that one core moves to and from memory, measured for about `seconds`: a = b + c x over
/// three arrays of 64 MiB, far larger than the caches, each read or written once counted once.
/// Takes 192 MiB while it runs. Source: the triad of McCalpin 1995, STREAM.
double measure_memory_peak(double seconds);

/// Oblige the calling thread to run its kernels alone. oneDNN's threads are OpenMP's, whose number
/// is a property of each thread: a setting made elsewhere does not reach it.
void use_one_thread();
/// Whether the calling thread runs its kernels alone.
bool uses_one_thread();

}  // namespace whichfirst::engine
