#include "engine/platform.h"

#include <fmt/format.h>
#include <immintrin.h>

#include <chrono>

#include "base/error.h"
#include "engine/onednn.h"

// Declared here, as OpenMP defines them, instead of including <omp.h>: every compiler brings its
// own header, but the functions must be those of the runtime that oneDNN is linked with.
extern "C" {
void omp_set_num_threads(int);
int omp_get_max_threads(void);
}

namespace whichfirst::engine {
namespace {

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

__attribute__((target("avx512f"))) float multiply_add_avx512() {
  __m512 sums[kChains];
  for (auto& sum : sums) sum = _mm512_set1_ps(1.0F);
  const __m512 factor = _mm512_set1_ps(0.999F);
  const __m512 term = _mm512_set1_ps(0.001F);
  for (int i = 0; i < kRounds; ++i) {
    for (auto& sum : sums) sum = _mm512_fmadd_ps(sum, factor, term);
  }
  __m512 total = sums[0];
  for (int i = 1; i < kChains; ++i) total = _mm512_add_ps(total, sums[i]);
  return _mm512_cvtss_f32(total);
}

}  // namespace

Platform describe_platform() {
  const auto* version = dnnl::version();
  return {
      .isa = std::string(instruction_set()),
      .library = fmt::format("oneDNN {}.{}.{}", version->major, version->minor, version->patch)};
}

Peak measure_peak(double seconds) {
  using Clock = std::chrono::steady_clock;
  const bool has_avx512 = __builtin_cpu_supports("avx512f") != 0;
  if (!has_avx512 && (__builtin_cpu_supports("avx2") == 0 || __builtin_cpu_supports("fma") == 0)) {
    return {};
  }
  const int lanes = has_avx512 ? 16 : 8;
  const double flops = 2.0 * lanes * kChains * kRounds;
  volatile float sink = 0;
  double best = 0;  // the fastest round: what the core can do when nobody interrupts it
  const auto start = Clock::now();
  auto now = start;
  while (std::chrono::duration<double>(now - start).count() < seconds) {
    const auto before = Clock::now();
    sink = has_avx512 ? multiply_add_avx512() : multiply_add_avx2();
    now = Clock::now();
    best = std::max(best, flops / std::chrono::duration<double>(now - before).count());
  }
  static_cast<void>(sink);
  return {.gflops = best / 1e9, .instructions = has_avx512 ? "avx512" : "avx2"};
}

void use_one_thread() {
  omp_set_num_threads(1);
  check(uses_one_thread(), "a trial's thread runs its kernels alone");
}

bool uses_one_thread() { return omp_get_max_threads() == 1; }

}  // namespace whichfirst::engine
