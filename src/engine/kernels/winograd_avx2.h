// Eight floats at once, for the kernels of Winograd's algorithm. To be included last, by sources
// whose functions all stand between WHICHFIRST_AVX2_BEGIN and WHICHFIRST_AVX2_END: these are
// compiled for AVX2 and FMA, whatever the rest of the program is compiled for.
#pragma once

#include <immintrin.h>

#ifdef __clang__
#define WHICHFIRST_AVX2_BEGIN \
  _Pragma("clang attribute push(__attribute__((target(\"avx2,fma\"))), apply_to = function)")
#define WHICHFIRST_AVX2_END _Pragma("clang attribute pop")
#else
#define WHICHFIRST_AVX2_BEGIN _Pragma("GCC push_options") _Pragma("GCC target(\"avx2,fma\")")
#define WHICHFIRST_AVX2_END _Pragma("GCC pop_options")
#endif

#define WHICHFIRST_INLINE inline __attribute__((always_inline))

WHICHFIRST_AVX2_BEGIN
namespace whichfirst::engine {

using Vector = __m256;

WHICHFIRST_INLINE Vector all(double value) { return _mm256_set1_ps(static_cast<float>(value)); }
WHICHFIRST_INLINE Vector zero() { return _mm256_setzero_ps(); }
WHICHFIRST_INLINE Vector load(const float* from) { return _mm256_loadu_ps(from); }
WHICHFIRST_INLINE void store(float* to, Vector value) { _mm256_storeu_ps(to, value); }
/// The larger one; `value` where that is NaN.
WHICHFIRST_INLINE Vector larger(Vector least, Vector value) { return _mm256_max_ps(least, value); }
/// a b + c and c - a b, rounded once.
WHICHFIRST_INLINE Vector multiply_add(Vector a, Vector b, Vector c) {
  return _mm256_fmadd_ps(a, b, c);
}
WHICHFIRST_INLINE Vector subtract_product(Vector c, Vector a, Vector b) {
  return _mm256_fnmadd_ps(a, b, c);
}

}  // namespace whichfirst::engine
WHICHFIRST_AVX2_END
