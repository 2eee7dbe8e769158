// Eight floats at once, and the blocks of sums in registers on which all our convolutions spend
// their time. To be included last, by sources whose functions all stand between
// WHICHFIRST_AVX2_BEGIN and WHICHFIRST_AVX2_END: these are compiled for AVX2 and FMA, whatever the
// rest of the program is compiled for.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <utility>

#include "engine/kernels/blocked.h"

#ifdef __clang__
#define WHICHFIRST_AVX2_BEGIN \
  _Pragma("clang attribute push(__attribute__((target(\"avx2,fma\"))), apply_to = function)")
#define WHICHFIRST_AVX2_END _Pragma("clang attribute pop")
#else
#define WHICHFIRST_AVX2_BEGIN _Pragma("GCC push_options") _Pragma("GCC target(\"avx2,fma\")")
#define WHICHFIRST_AVX2_END _Pragma("GCC pop_options")
#endif

#define WHICHFIRST_INLINE inline __attribute__((always_inline))
// g++ 12 takes minutes over these unrolled sums where it checks every access. What surrounds them
// is checked.
#define WHICHFIRST_UNCHECKED __attribute__((no_sanitize("address", "undefined")))
#define WHICHFIRST_INLINED __attribute__((always_inline)) WHICHFIRST_UNCHECKED

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

/// visit(0), visit(1), ... visit(kCount - 1), with numbers known when compiling: g++ keeps an array
/// in registers only where no loop indexes it.
template <int kCount, class Visit>
inline WHICHFIRST_INLINED void repeat(const Visit& visit) {
  [&]<int... i>(std::integer_sequence<int, i...>) WHICHFIRST_INLINED {
    (visit(std::integral_constant<int, i>()), ...);
  }
  (std::make_integer_sequence<int, kCount>());
}

/// A register block: kRows x kVectors vectors of sums that stay in registers from the first term to
/// the last, and where each row's numbers come from. Every inner loop of ours is this outer
/// product: a number of each row, broadcast, times kVectors vectors. 12 of the 16 registers hold
/// sums (6 rows of 2 vectors, or 4 of 3): for 12 multiply-adds 8 or 7 numbers are loaded, so that
/// the two units never wait for loads. With more sums the compiler keeps some of them in memory.
template <int kRows, int kVectors>
struct Piece {
  /// Calls visit(sum, row, vector).
  template <class Visit>
  inline WHICHFIRST_INLINED void for_each(const Visit& visit) {
    repeat<kRows>([&](auto i) WHICHFIRST_INLINED {
      repeat<kVectors>([&](auto j) WHICHFIRST_INLINED { visit(sums[i * kVectors + j], i, j); });
    });
  }

  /// Adds the products of each row's number at `offset` and the vectors.
  inline WHICHFIRST_INLINED void add(std::ptrdiff_t offset, const float* vectors,
                                     std::ptrdiff_t step) {
    Vector factors[kVectors];
    repeat<kVectors>([&](auto j) WHICHFIRST_INLINED { factors[j] = load(vectors + j * step); });
    repeat<kRows>([&](auto i) WHICHFIRST_INLINED {
      const Vector value = _mm256_broadcast_ss(sources[i] + offset);
      repeat<kVectors>([&](auto j) WHICHFIRST_INLINED {
        sums[i * kVectors + j] = multiply_add(value, factors[j], sums[i * kVectors + j]);
      });
    });
  }

  Vector sums[kRows * kVectors];
  const float* sources[kRows];
};

/// Keeps the compiler from adding up anew, in the inner loop, what makes a pointer.
inline WHICHFIRST_INLINED const float* settled(const float* pointer) {
  __asm__("" : "+r"(pointer));
  return pointer;
}

/// 8x8 numbers, rows become columns.
WHICHFIRST_INLINE void transpose_block(const float* from, float* to) {
  Vector rows[8];
  for (int i = 0; i < 8; ++i) rows[i] = load(from + i * kBlock);
  Vector pairs[8];
  for (int i = 0; i < 8; i += 2) {
    pairs[i] = _mm256_unpacklo_ps(rows[i], rows[i + 1]);
    pairs[i + 1] = _mm256_unpackhi_ps(rows[i], rows[i + 1]);
  }
  Vector fours[8];
  for (int i = 0; i < 8; i += 4) {
    fours[i] = _mm256_shuffle_ps(pairs[i], pairs[i + 2], 0x44);
    fours[i + 1] = _mm256_shuffle_ps(pairs[i], pairs[i + 2], 0xEE);
    fours[i + 2] = _mm256_shuffle_ps(pairs[i + 1], pairs[i + 3], 0x44);
    fours[i + 3] = _mm256_shuffle_ps(pairs[i + 1], pairs[i + 3], 0xEE);
  }
  for (int i = 0; i < 4; ++i) {
    store(to + i * kBlock, _mm256_permute2f128_ps(fours[i], fours[i + 4], 0x20));
    store(to + (i + 4) * kBlock, _mm256_permute2f128_ps(fours[i], fours[i + 4], 0x31));
  }
}

}  // namespace whichfirst::engine
WHICHFIRST_AVX2_END
