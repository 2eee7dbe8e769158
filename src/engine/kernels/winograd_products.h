// The two products of matrices of Winograd's algorithm, at one point: small and many, so that what
// a general library does before and after each would cost more than the product.
#pragma once

#include <cstddef>

namespace whichfirst::engine {

/// How the weights at a point lie: strips of two blocks of 8 outputs, and of one where a single
/// block is left; a strip is row-major, a row for each input.
struct Strips {
  std::ptrdiff_t rows = 1;    // inputs
  std::ptrdiff_t blocks = 1;  // of outputs

  /// Where row `row` of output block `block` begins.
  std::ptrdiff_t place(std::ptrdiff_t row, std::ptrdiff_t block) const {
    const std::ptrdiff_t strip = block / 2 * 2;
    const std::ptrdiff_t width = strip + 1 < blocks ? 16 : 8;
    return strip * 8 * rows + row * width + (block - strip) * 8;
  }
};

/// T, C and K of convolution.h, T tiles; C and K multiples of 8. Matrices with a row for each tile
/// lie in blocks of 8 columns, as activations do: row after row, and `step` floats from block to
/// block.
struct ProductSizes {
  std::ptrdiff_t tiles = 1;
  std::ptrdiff_t channels = 8;
  std::ptrdiff_t outputs = 8;
  std::ptrdiff_t step = 8;
};

inline constexpr std::ptrdiff_t kTilesAtOnce = 6;

/// products = patches x weights: T x C in blocks, C x K in strips, T x K in blocks. T is a multiple
/// of kTilesAtOnce.
void multiply(const ProductSizes& sizes, const float* patches, const float* weights,
              float* products);

/// dweights += the transpose of patches x gradients: T x C and T x K in blocks, C x K row-major.
void add_transposed_product(const ProductSizes& sizes, const float* patches, const float* gradients,
                            float* dweights);

}  // namespace whichfirst::engine
