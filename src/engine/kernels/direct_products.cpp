#include "engine/kernels/direct_products.h"

#include <utility>

// Last: see there.
#include "engine/kernels/winograd_avx2.h"

// g++ 12 takes minutes over these unrolled sums where it checks every access. What surrounds them
// is checked.
#define WHICHFIRST_UNCHECKED __attribute__((no_sanitize("address", "undefined")))
#define WHICHFIRST_INLINED __attribute__((always_inline)) WHICHFIRST_UNCHECKED

WHICHFIRST_AVX2_BEGIN
namespace whichfirst::engine {
namespace {

// 12 of the 16 vectors hold sums: 6 rows of 2 blocks or 4 of 3. For 12 multiply-adds 8 or 7 numbers
// are loaded, which keeps both units busy.

constexpr std::ptrdiff_t kBlock = kDirectBlock;

template <int kVectors>
constexpr int kMostRows = kVectors < 3 ? 6 : 4;

/// visit(0), visit(1), ... visit(kCount - 1), with numbers known when compiling: g++ keeps an array
/// in registers only where no loop indexes it.
template <int kCount, class Visit>
inline WHICHFIRST_INLINED void repeat(const Visit& visit) {
  [&]<int... i>(std::integer_sequence<int, i...>) WHICHFIRST_INLINED {
    (visit(std::integral_constant<int, i>()), ...);
  }
  (std::make_integer_sequence<int, kCount>());
}

/// A piece of sums in registers, and where each row's numbers come from.
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

/// `sum_terms` of kRows pixels.
template <int kRows, int kVectors, int kChannels>
inline WHICHFIRST_INLINED void sum_piece(const Terms& terms, const Outputs& outputs,
                                         const float* source, const PixelPlace* pixels) {
  Piece<kRows, kVectors> piece;
  repeat<kRows>([&](auto i)
                    WHICHFIRST_INLINED { piece.sources[i] = settled(source + pixels[i].source); });
  if (outputs.finish.bias != nullptr) {
    piece.for_each([&](Vector& sum, int, int j)
                       WHICHFIRST_INLINED { sum = load(outputs.finish.bias + j * kBlock); });
  } else {
    piece.for_each([&](Vector& sum, int i, int j) WHICHFIRST_INLINED {
      sum = load(outputs.results + pixels[i].result + j * outputs.results_step);
    });
  }
  const float* weights = outputs.weights;
  const std::ptrdiff_t step = outputs.weights_step;
  const std::ptrdiff_t* end = terms.offsets + terms.count;
  for (const std::ptrdiff_t* offset = terms.offsets; offset != end; ++offset) {
    repeat<kChannels>(
        [&](auto c) WHICHFIRST_INLINED { piece.add(*offset + c, weights + c * kBlock, step); });
    weights += kChannels * kBlock;
  }
  const Vector least = all(outputs.finish.least);
  piece.for_each([&](Vector& sum, int i, int j) WHICHFIRST_INLINED {
    store(outputs.results + pixels[i].result + j * outputs.results_step, larger(least, sum));
  });
}

/// `add_products` of kRows rows from `row` on.
template <int kRows, int kVectors>
inline WHICHFIRST_INLINED void add_piece(const WeightRows& rows, std::ptrdiff_t row,
                                         const float* source, const PixelPlace* pixels,
                                         const float* gradients, std::ptrdiff_t count) {
  Piece<kRows, kVectors> piece;
  repeat<kRows>([&](auto i) WHICHFIRST_INLINED {
    piece.sources[i] = settled(source + rows.offsets[row + i]);
  });
  piece.for_each([](Vector& sum, int, int) WHICHFIRST_INLINED { sum = zero(); });
  for (std::ptrdiff_t pixel = 0; pixel < count; ++pixel) {
    piece.add(pixels[pixel].source, gradients, kBlock);
    gradients += kVectors * kBlock;
  }
  piece.for_each([&](Vector& sum, int i, int j) WHICHFIRST_INLINED {
    float* to = rows.weights + (row + i) * kBlock + j * rows.weights_step;
    store(to, load(to) + sum);
  });
}

/// Cuts `count` into pieces of kMost and of kMost - 1, of which there are as few pieces as can be,
/// or into one: visit(size, first).
template <int kMost, class Visit>
inline WHICHFIRST_INLINED void for_each_piece(std::ptrdiff_t count, const Visit& visit) {
  const std::ptrdiff_t pieces = (count + kMost - 1) / kMost;
  const std::ptrdiff_t short_by = pieces * kMost - count;
  std::ptrdiff_t first = 0;
  if (short_by > pieces) {  // less than kMost (kMost - 1) remain
    for (; count - first >= kMost; first += kMost)
      visit(std::integral_constant<int, kMost>(), first);
    repeat<kMost>([&](auto size) WHICHFIRST_INLINED {
      if constexpr (size > 0) {
        if (size == count - first) visit(size, first);
      }
    });
    return;
  }
  for (; first < (pieces - short_by) * kMost; first += kMost) {
    visit(std::integral_constant<int, kMost>(), first);
  }
  for (; first < count; first += kMost - 1) {
    visit(std::integral_constant<int, kMost - 1>(), first);
  }
}

template <int kVectors, int kChannels>
WHICHFIRST_UNCHECKED void sum_pieces(const Terms& terms, const Outputs& outputs,
                                     const float* source, const PixelPlace* pixels,
                                     std::ptrdiff_t count, Ahead& ahead) {
  for_each_piece<kMostRows<kVectors>>(
      count, [&](auto size, std::ptrdiff_t first) WHICHFIRST_INLINED {
        ahead.ask();
        sum_piece<size, kVectors, kChannels>(terms, outputs, source, pixels + first);
      });
}

template <int kChannels>
void sum_blocks(const Terms& terms, const Outputs& outputs, const float* source,
                const PixelPlace* pixels, std::ptrdiff_t count, Ahead& ahead) {
  switch (outputs.blocks) {
    case 1:
      return sum_pieces<1, kChannels>(terms, outputs, source, pixels, count, ahead);
    case 2:
      return sum_pieces<2, kChannels>(terms, outputs, source, pixels, count, ahead);
    default:
      return sum_pieces<3, kChannels>(terms, outputs, source, pixels, count, ahead);
  }
}

template <int kVectors>
WHICHFIRST_UNCHECKED void add_pieces(const WeightRows& rows, const float* source,
                                     const PixelPlace* pixels, const float* gradients,
                                     std::ptrdiff_t count, Ahead& ahead) {
  for_each_piece<kMostRows<kVectors>>(
      rows.count, [&](auto size, std::ptrdiff_t first) WHICHFIRST_INLINED {
        ahead.ask();
        add_piece<size, kVectors>(rows, first, source, pixels, gradients, count);
      });
}

}  // namespace

void sum_terms(const Terms& terms, const Outputs& outputs, const float* source,
               const PixelPlace* pixels, std::ptrdiff_t count, Ahead& ahead) {
  if (terms.channels == kBlock) {
    sum_blocks<kDirectBlock>(terms, outputs, source, pixels, count, ahead);
  } else {
    sum_blocks<1>(terms, outputs, source, pixels, count, ahead);
  }
}

void add_products(const WeightRows& rows, const float* source, const PixelPlace* pixels,
                  const float* gradients, std::ptrdiff_t count, Ahead& ahead) {
  switch (rows.blocks) {
    case 1:
      return add_pieces<1>(rows, source, pixels, gradients, count, ahead);
    case 2:
      return add_pieces<2>(rows, source, pixels, gradients, count, ahead);
    default:
      return add_pieces<3>(rows, source, pixels, gradients, count, ahead);
  }
}

void interleave_blocks(const float* from, std::ptrdiff_t step, std::ptrdiff_t blocks,
                       std::ptrdiff_t pixels, float* to) {
  for (std::ptrdiff_t block = 0; block < blocks; ++block) {
    for (std::ptrdiff_t pixel = 0; pixel < pixels; ++pixel) {
      store(to + (pixel * blocks + block) * kBlock, load(from + block * step + pixel * kBlock));
    }
  }
}

void add_pixels(const float* pixels, std::ptrdiff_t count, std::ptrdiff_t blocks, float* sums) {
  for (std::ptrdiff_t block = 0; block < blocks; ++block) {
    const float* from = pixels + block * kBlock;
    Vector even = zero();
    Vector odd = zero();
    std::ptrdiff_t pixel = 0;
    for (; pixel + 1 < count; pixel += 2) {
      even = even + load(from + pixel * blocks * kBlock);
      odd = odd + load(from + (pixel + 1) * blocks * kBlock);
    }
    if (pixel < count) even = even + load(from + pixel * blocks * kBlock);
    float* to = sums + block * kBlock;
    store(to, load(to) + (even + odd));
  }
}

void transpose_block(const float* from, float* to) {
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
