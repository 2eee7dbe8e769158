#include "engine/platform.h"

#include <fmt/format.h>
#include <immintrin.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

#include "base/error.h"
#include "engine/compile/onednn.h"
#include "engine/kernels/vector_width.h"

// Declared here, as OpenMP defines them, instead of including <omp.h>: every compiler brings its
// own header, but the functions must be those of the runtime that oneDNN is linked with.
extern "C" {
void omp_set_num_threads(int);
int omp_get_max_threads(void);
}

namespace whichfirst::engine {
namespace {

/// One more with every change of ours after which a trial ends at other digits: trials of two are
/// not mixed. 1 was oneDNN's direct convolutions and evaluation as trained.
constexpr int kOwnKernels = 2;

constexpr int kChains = 10;  // independent sums: more than latency x throughput of any x86 FMA unit
constexpr int kRounds = 20'000;

__attribute__((target("avx2,fma"))) float multiply_add_avx2() {
  __m256 sums[kChains];
  for (auto& sum : sums) sum = _mm256_set1_ps(1.0F);
  const __m256 factor = _mm256_set1_ps(0.999F);
  const __m256 term = _mm256_set1_ps(0.001F);
  for (int i = 0; i < kRounds; ++i) {
    for (auto& sum : sums) sum = _mm256_fmadd_ps(sum, factor, term);
  }
  __m256 total = sums[0];
  for (int i = 1; i < kChains; ++i) total = _mm256_add_ps(total, sums[i]);
  return _mm256_cvtss_f32(total);
}

__attribute__((target("avx512f,avx512bf16"))) float multiply_add_bf16() {
  __m512 sums[kChains];
  for (auto& sum : sums) sum = _mm512_set1_ps(1.0F);
  const __m512bh factor = _mm512_cvtne2ps_pbh(_mm512_set1_ps(0.5F), _mm512_set1_ps(0.25F));
  for (int i = 0; i < kRounds; ++i) {
    for (auto& sum : sums) sum = _mm512_dpbf16_ps(sum, factor, factor);
  }
  __m512 total = sums[0];
  for (int i = 1; i < kChains; ++i) total = _mm512_add_ps(total, sums[i]);
  return _mm512_cvtss_f32(total);
}

struct PeakLoop {
  float (*run)() = nullptr;
  int products = 0;  // of an instruction
  const char* instructions = "";
};

/// Of kChains x kRounds instructions.
std::optional<PeakLoop> peak_loop(Precision precision) {
  const Processor processor = own_processor();
  if (precision == Precision::bf16) {
    if (!processor.has_bf16) return std::nullopt;
    return PeakLoop{multiply_add_bf16, 32, "avx512_bf16"};
  }
  if (!processor.has_own_convolutions()) return std::nullopt;
  return PeakLoop{multiply_add_avx2, 8, "avx2"};
}

/// The instruction set that oneDNN's kernels use from the first call on. Reading it fixes it in
/// oneDNN, so the limit has to come first.
const std::string& chosen_instructions(Precision first_precision) {
  static const std::string chosen = [&] {
    if (first_precision != Precision::bf16) limit_to_avx2();
    return std::string(instruction_set());
  }();
  return chosen;
}

WHICHFIRST_FOR_EACH_WIDTH
void triad(float* a, const float* b, const float* c, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) a[i] = b[i] + 0.5F * c[i];
}

/// `work` a second of the fastest round of `action`, of those in about `seconds`, and of one at
/// least: what the core can do when nobody interrupts it.
template <class Action>
double fastest_rate(double seconds, double work, const Action& action) {
  using Clock = std::chrono::steady_clock;
  double best = 0;
  const auto start = Clock::now();
  auto now = start;
  do {
    const auto before = Clock::now();
    action();
    now = Clock::now();
    best = std::max(best, work / std::chrono::duration<double>(now - before).count());
  } while (std::chrono::duration<double>(now - start).count() < seconds);
  return best;
}

}  // namespace

Platform describe_platform(Precision precision) {
  use_precision(precision);
  const auto* version = dnnl::version();
  return {.isa = chosen_instructions(precision),
          .library = fmt::format("oneDNN {}.{}.{}, own {}", version->major, version->minor,
                                 version->patch, kOwnKernels)};
}

Processor own_processor() {
  Processor processor{.has_avx2 = __builtin_cpu_supports("avx2") != 0,
                      .has_fma = __builtin_cpu_supports("fma") != 0,
                      .has_bf16 = false,
                      .isa = "sse41"};
  const bool has_avx512 =
      __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
      __builtin_cpu_supports("avx512vl") != 0 && __builtin_cpu_supports("avx512dq") != 0;
  processor.has_bf16 = has_avx512 && __builtin_cpu_supports("avx512bf16") != 0;
  if (processor.has_bf16) {
    processor.isa = "avx512_core_bf16";
  } else if (has_avx512) {
    processor.isa = "avx512_core";
  } else if (processor.has_avx2) {
    processor.isa = "avx2";
  } else if (__builtin_cpu_supports("avx") != 0) {
    processor.isa = "avx";
  }
  return processor;
}

void require_precision(Precision precision, const Processor& processor) {
  if (precision == Precision::fp32_fast && !processor.has_own_convolutions()) {
    throw Error("recipe.precision fp32-fast needs AVX2 with FMA; this processor has {}; use fp32",
                processor.isa);
  }
  if (precision == Precision::bf16 && !processor.has_bf16) {
    throw Error(
        "recipe.precision bf16 needs AVX-512 with bf16 (avx512_core_bf16 or better); this "
        "processor has {}; use {}",
        processor.isa, processor.has_own_convolutions() ? "fp32-fast or fp32" : "fp32");
  }
}

void use_precision(Precision precision) {
  require_precision(precision, own_processor());
  const std::string& chosen = chosen_instructions(precision);
  const bool has_bf16 = chosen.ends_with("_bf16") || chosen.ends_with("_fp16") ||
                        chosen.ends_with("_amx");  // each has what the one before has
  if (precision == Precision::bf16 && !has_bf16) {
    throw Error(
        "recipe.precision bf16 needs AVX-512 with bf16, and this process is limited to {}: by "
        "DNNL_MAX_CPU_ISA, or because it computed in fp32 before; start a new process without "
        "that limit",
        chosen);
  }
  use_one_thread();
}

Peak measure_peak(Precision precision, double seconds) {
  const std::optional<PeakLoop> loop = peak_loop(precision);
  if (!loop) return {};
  volatile float sink = 0;
  const double flops = 2.0 * loop->products * kChains * kRounds;
  const double rate = fastest_rate(seconds, flops, [&] { sink = loop->run(); });
  return {.gflops = rate / 1e9, .instructions = loop->instructions};
}

double measure_memory_peak(double seconds) {
  constexpr std::size_t kCount = std::size_t{16} << 20;
  std::vector<float> a(kCount, 1.0F);
  const std::vector<float> b(kCount, 2.0F);
  const std::vector<float> c(kCount, 3.0F);
  volatile float sink = 0;
  const double rate = fastest_rate(seconds, 3.0 * kCount * sizeof(float), [&] {
    triad(a.data(), b.data(), c.data(), kCount);
    sink = a[kCount / 2];
  });
  return rate / 1e9;
}

void use_one_thread() {
  omp_set_num_threads(1);
  check(uses_one_thread(), "a trial's thread runs its kernels alone");
}

bool uses_one_thread() { return omp_get_max_threads() == 1; }

}  // namespace whichfirst::engine
