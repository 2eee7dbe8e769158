#include "engine/kernels/direct.h"

// Last: see there.
#include "engine/kernels/avx2.h"

WHICHFIRST_AVX2_BEGIN
namespace whichfirst::engine {
namespace {

template <int kVectors>
constexpr int kMostRows = kVectors < 3 ? 6 : 4;

// `sum_terms` gives a register block 6 pixels x 2 blocks of 8 outputs (or 4 x 3): for each term, a
// place in the window and a channel there, the pixels' numbers are broadcast and multiplied with
// the weights of 16 outputs. Nothing is stored until the last term. The source has been copied with
// its border, so that an offset from where a window begins is all that a term needs, and no pixel
// is a special case. The order of terms, taps within a group of channels, groups one after the
// other, is the order of rounding: it must not depend on where a pixel lies or on how many pictures
// there are.

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

// `add_products` is the same block turned round: its rows are places in the window and channels
// (the rows of the weights), its vectors the gradients of 8 outputs, and the sum runs over the
// pixels of a row block. Sums start from 0 per row block and are added to the weights at its end,
// so the division into row blocks (kMostSummedPixels, kBlockFloats) is part of the result's last
// digits.

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
                                     std::ptrdiff_t count, Prefetch& ahead) {
  for_each_piece<kMostRows<kVectors>>(
      count, [&](auto size, std::ptrdiff_t first) WHICHFIRST_INLINED {
        ahead.ask();
        sum_piece<size, kVectors, kChannels>(terms, outputs, source, pixels + first);
      });
}

template <int kChannels>
void sum_blocks(const Terms& terms, const Outputs& outputs, const float* source,
                const PixelPlace* pixels, std::ptrdiff_t count, Prefetch& ahead) {
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
                                     std::ptrdiff_t count, Prefetch& ahead) {
  for_each_piece<kMostRows<kVectors>>(
      rows.count, [&](auto size, std::ptrdiff_t first) WHICHFIRST_INLINED {
        ahead.ask();
        add_piece<size, kVectors>(rows, first, source, pixels, gradients, count);
      });
}

}  // namespace

void sum_terms(const Terms& terms, const Outputs& outputs, const float* source,
               const PixelPlace* pixels, std::ptrdiff_t count, Prefetch& ahead) {
  if (terms.channels == kBlock) {
    sum_blocks<kBlock>(terms, outputs, source, pixels, count, ahead);
  } else {
    sum_blocks<1>(terms, outputs, source, pixels, count, ahead);
  }
}

void add_products(const WeightRows& rows, const float* source, const PixelPlace* pixels,
                  const float* gradients, std::ptrdiff_t count, Prefetch& ahead) {
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

void transpose_weights(const float* from, float* to) { transpose_block(from, to); }

}  // namespace whichfirst::engine
WHICHFIRST_AVX2_END
