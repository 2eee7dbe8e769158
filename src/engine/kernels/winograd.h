// The two products of matrices of Winograd's algorithm, at one point: small and many, so that what
// a general library does before and after each would cost more than the product.
#pragma once

#include <cstddef>

#include "engine/kernels/blocked.h"

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

inline constexpr int kWinogradTile = 4;     // results of a tile, on a side
inline constexpr int kWinogradPatch = 6;    // pixels that a tile reads, on a side
inline constexpr int kWinogradPoints = 36;  // kWinogradPatch squared

/// Where a tile or a patch begins; may lie outside of the picture.
struct Corner {
  std::ptrdiff_t y = 0;
  std::ptrdiff_t x = 0;
};

/// B^T d B of the patch at `corner`; what is outside of the picture is 0.
void patch_to_points(const Pictures& picture, const float* pixels, Corner corner, float* points,
                     std::ptrdiff_t plane);

/// A^T m A, finished by a bias of 8 numbers, into the tile at `corner`. What is outside of the
/// picture is not written.
void points_to_tile(const float* points, std::ptrdiff_t plane, const Finish& finish,
                    const Pictures& picture, float* pixels, Corner corner);

/// A y A^T of the tile at `corner` of a gradient, outside of which it is 0. Adds its pixels to the
/// 8 `sums`.
void gradient_to_points(const Pictures& picture, const float* pixels, Corner corner, float* points,
                        std::ptrdiff_t plane, float* sums);

/// Channel blocks of a convolution's weights, in OIhw8i8o.
struct WeightBlocks {
  std::ptrdiff_t inputs = 1;
  std::ptrdiff_t outputs = 1;
};

/// G w G^T, C x K at each point in strips (Strips).
void weights_to_points(const WeightBlocks& blocks, const float* weights, float* points,
                       std::ptrdiff_t plane);
/// Of the kernels turned by half a turn and with inputs and outputs exchanged, as the gradient of
/// the source needs them: K x C at each point, in strips.
void turned_weights_to_points(const WeightBlocks& blocks, const float* weights, float* points,
                              std::ptrdiff_t plane);
/// G^T u G of the gradient at the points, C x K at each, row-major.
void points_to_weights(const WeightBlocks& blocks, const float* points, std::ptrdiff_t plane,
                       float* weights);

}  // namespace whichfirst::engine
