#include "engine/kernels/winograd_products.h"

// Last: see there.
#include "engine/kernels/winograd_avx2.h"

WHICHFIRST_AVX2_BEGIN
namespace whichfirst::engine {
namespace {

// A piece of a result stays in registers: 6 rows of 16 columns are 12 of the 16 vectors, and leave
// room for a row of the one factor and a number of the other. For 12 multiply-adds 8 numbers are
// loaded, which keeps both units busy.

constexpr int kBlock = 8;

/// kTilesAtOnce x kVectors of `multiply`.
template <int kVectors>
WHICHFIRST_INLINE void multiply_piece(const ProductSizes& sizes, const float* patches,
                                      const float* strip, float* products) {
  Vector sums[kTilesAtOnce][kVectors];
  for (auto& row : sums) {
    for (auto& sum : row) sum = zero();
  }
  for (std::ptrdiff_t first = 0; first < sizes.channels; first += kBlock) {
    for (int c = 0; c < kBlock; ++c) {
      Vector weights[kVectors];
      for (int j = 0; j < kVectors; ++j) weights[j] = load(strip + (c * kVectors + j) * kBlock);
      for (int i = 0; i < kTilesAtOnce; ++i) {
        const Vector value = _mm256_broadcast_ss(patches + i * kBlock + c);
        for (int j = 0; j < kVectors; ++j) {
          sums[i][j] = multiply_add(value, weights[j], sums[i][j]);
        }
      }
    }
    patches += sizes.step;
    strip += kBlock * kVectors * kBlock;
  }
  for (int j = 0; j < kVectors; ++j) {
    for (int i = 0; i < kTilesAtOnce; ++i) {
      store(products + j * sizes.step + i * kBlock, sums[i][j]);
    }
  }
}

/// All rows of kVectors blocks of columns.
template <int kVectors>
WHICHFIRST_INLINE void multiply_rows(const ProductSizes& sizes, const float* patches,
                                     const float* strip, float* products) {
  for (std::ptrdiff_t t = 0; t < sizes.tiles; t += kTilesAtOnce) {
    multiply_piece<kVectors>(sizes, patches + t * kBlock, strip, products + t * kBlock);
  }
}

/// kRows from row c on x kVectors of `add_transposed_product`.
template <int kRows, int kVectors>
WHICHFIRST_INLINE void add_piece(const ProductSizes& sizes, std::ptrdiff_t c, const float* patches,
                                 const float* gradients, float* dweights) {
  Vector sums[kRows][kVectors];
  const float* channels[kRows];
  float* rows[kRows];
  for (int i = 0; i < kRows; ++i) {
    channels[i] = patches + (c + i) / kBlock * sizes.step + (c + i) % kBlock;
    rows[i] = dweights + (c + i) * sizes.outputs;
    for (int j = 0; j < kVectors; ++j) sums[i][j] = load(rows[i] + j * kBlock);
  }
  for (std::ptrdiff_t t = 0; t < sizes.tiles; ++t) {
    Vector factors[kVectors];
    for (int j = 0; j < kVectors; ++j) factors[j] = load(gradients + j * sizes.step + t * kBlock);
    for (int i = 0; i < kRows; ++i) {
      const Vector value = _mm256_broadcast_ss(channels[i] + t * kBlock);
      for (int j = 0; j < kVectors; ++j) {
        sums[i][j] = multiply_add(value, factors[j], sums[i][j]);
      }
    }
  }
  for (int i = 0; i < kRows; ++i) {
    for (int j = 0; j < kVectors; ++j) store(rows[i] + j * kBlock, sums[i][j]);
  }
}

/// All rows of kVectors blocks of columns. A multiple of 8 is a sum of 6s and at most two 4s.
template <int kVectors>
WHICHFIRST_INLINE void add_rows(const ProductSizes& sizes, const float* patches,
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
