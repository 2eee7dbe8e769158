#include "engine/kernels/winograd.h"

// Last: see there.
#include "engine/kernels/avx2.h"

WHICHFIRST_AVX2_BEGIN
namespace whichfirst::engine {
namespace {

// Both products walk over register blocks (avx2.h) of up to 6 rows x 2 vectors. The long dimension
// is innermost: channels in the forward product, tiles in that of the weights' gradient, so that a
// sum is loaded and stored once per call and its terms are added in the order of the array. Another
// order or another split is another rounding, and trials would end at other digits.

/// `multiply` of kTilesAtOnce tiles (from `patches` on, T x C in blocks) and a strip of C x
/// kVectors blocks of weights.
template <int kVectors>
WHICHFIRST_UNCHECKED void multiply_rows(const ProductSizes& sizes, const float* patches,
                                        const float* strip, float* products) {
  for (std::ptrdiff_t t = 0; t < sizes.tiles; t += kTilesAtOnce) {
    Piece<kTilesAtOnce, kVectors> piece;
    repeat<kTilesAtOnce>([&](auto i)
                             WHICHFIRST_INLINED { piece.sources[i] = patches + (t + i) * kBlock; });
    piece.for_each([](Vector& sum, int, int) WHICHFIRST_INLINED { sum = zero(); });
    const float* weights = strip;
    std::ptrdiff_t offset = 0;
    for (std::ptrdiff_t c = 0; c < sizes.channels; c += kBlock) {
      repeat<kBlock>([&](auto lane) WHICHFIRST_INLINED {
        piece.add(offset + lane, weights + lane * kVectors * kBlock, kBlock);
      });
      offset += sizes.step;
      weights += kBlock * kVectors * kBlock;
    }
    piece.for_each([&](const Vector& sum, int i, int j) WHICHFIRST_INLINED {
      store(products + j * sizes.step + (t + i) * kBlock, sum);
    });
  }
}

/// kRows rows, from channel c on, x kVectors blocks of `add_transposed_product`.
template <int kRows, int kVectors>
inline WHICHFIRST_INLINED void add_piece(const ProductSizes& sizes, std::ptrdiff_t c,
                                         const float* patches, const float* gradients,
                                         float* dweights) {
  Piece<kRows, kVectors> piece;
  repeat<kRows>([&](auto i) WHICHFIRST_INLINED {
    piece.sources[i] = settled(patches + (c + i) / kBlock * sizes.step + (c + i) % kBlock);
  });
  dweights += c * sizes.outputs;
  piece.for_each([&](Vector& sum, int i, int j)
                     WHICHFIRST_INLINED { sum = load(dweights + i * sizes.outputs + j * kBlock); });
  for (std::ptrdiff_t t = 0; t < sizes.tiles; ++t) {
    piece.add(t * kBlock, gradients + t * kBlock, sizes.step);
  }
  piece.for_each([&](const Vector& sum, int i, int j)
                     WHICHFIRST_INLINED { store(dweights + i * sizes.outputs + j * kBlock, sum); });
}

/// All rows of kVectors blocks of columns. A multiple of 8 is a sum of 6s and at most two 4s.
template <int kVectors>
WHICHFIRST_UNCHECKED void add_rows(const ProductSizes& sizes, const float* patches,
                                   const float* gradients, float* dweights) {
  std::ptrdiff_t c = 0;
  for (; (sizes.channels - c) % 6 != 0; c += 4) {
    add_piece<4, kVectors>(sizes, c, patches, gradients, dweights);
  }
  for (; c < sizes.channels; c += 6) {
    add_piece<6, kVectors>(sizes, c, patches, gradients, dweights);
  }
}

}  // namespace

void multiply(const ProductSizes& sizes, const float* patches, const float* weights,
              float* products) {
  std::ptrdiff_t left = sizes.outputs;
  for (; left >= 2 * kBlock; left -= 2 * kBlock) {
    multiply_rows<2>(sizes, patches, weights, products);
    weights += 2 * kBlock * sizes.channels;
    products += 2 * sizes.step;
  }
  if (left > 0) multiply_rows<1>(sizes, patches, weights, products);
}

void add_transposed_product(const ProductSizes& sizes, const float* patches, const float* gradients,
                            float* dweights) {
  std::ptrdiff_t left = sizes.outputs;
  for (; left >= 2 * kBlock; left -= 2 * kBlock) {
    add_rows<2>(sizes, patches, gradients, dweights);
    gradients += 2 * sizes.step;
    dweights += 2 * kBlock;
  }
  if (left > 0) add_rows<1>(sizes, patches, gradients, dweights);
}

}  // namespace whichfirst::engine
WHICHFIRST_AVX2_END
