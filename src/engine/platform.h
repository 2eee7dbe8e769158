// What a trial runs on, as text: part of every record. fp32 and fp32-fast use AVX2 on every
// processor, so their results are the same bits on all that have it.
#pragma once

#include <string>

#include "engine/options.h"

namespace whichfirst::engine {

struct Platform {
  std::string isa;      // the widest instructions the kernels may use: "avx2", "avx512_core_bf16"
  std::string library;  // "oneDNN 2.6.3, own 2": the version of its kernels, and that of ours
};

/// Of this process, which computes in `precision`. Throws Error as use_precision does.
Platform describe_platform(Precision precision);

/// What a precision asks of a processor.
struct Processor {
  bool has_avx2 = false;
  bool has_fma = false;
  bool has_bf16 = false;  // AVX-512 with bf16
  std::string isa;        // the widest instructions it has, named as in Platform

  /// Whether our own convolutions run on it.
  bool has_own_convolutions() const { return has_avx2 && has_fma; }
};
Processor own_processor();

/// Throws Error where `processor` lacks what `precision` needs.
void require_precision(Precision precision, const Processor& processor);

/// Throws Error where this processor lacks what `precision` needs, and obliges the calling thread
/// to run its kernels alone. To be called before the first primitive of `precision` is described.
///
/// The first call of a process also decides which instructions oneDNN's kernels use for as long as
/// the process lives: AVX2 for fp32 and fp32-fast, whatever more the processor has, because wider
/// kernels add up in other orders and end at other digits (DNNL_MAX_CPU_ISA then has no say); all
/// that there are, within that variable's limit, for bf16. A process
/// that began in bf16 may compute in fp32 too (with wider kernels); one that began in fp32 throws
/// Error for bf16.
void use_precision(Precision precision);

/// GFLOP/s that one core reaches with the fused multiply-adds of `precision` on registers alone,
/// measured for about `seconds`: what the convolutions' speed is to be compared with. Of bf16 they
/// are products of pairs, added in fp32. Empty where the processor lacks them. What AMX can do is
/// not measured.
struct Peak {
  double gflops = 0;
  std::string instructions;  // "avx2", "avx512_bf16"
};
Peak measure_peak(Precision precision, double seconds);

/// GB/s that one core moves to and from memory, measured for about `seconds`: a = b + c x over
/// three arrays of 64 MiB, far larger than the caches, each read or written once counted once.
/// Takes 192 MiB while it runs. Source: the triad of McCalpin 1995, STREAM.
double measure_memory_peak(double seconds);

/// Obliges the calling thread to run its kernels alone. oneDNN's threads are OpenMP's, whose number
/// is a property of each thread: a setting made elsewhere does not reach it.
void use_one_thread();
/// Whether the calling thread runs its kernels alone.
bool uses_one_thread();

}  // namespace whichfirst::engine
