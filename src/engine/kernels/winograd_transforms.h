// To the points of Winograd's algorithm and back: B^T d B of patches, G w G^T of kernels, A^T m A
// of products, and the adjoints A y A^T and G^T u G, by which gradients travel.
//
// Each handles one block of 8 channels at one place. Values at points lie in `kWinogradPoints`
// planes, `plane` floats apart.
#pragma once

#include <cstddef>

#include "engine/kernels/blocked.h"

namespace whichfirst::engine {

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

/// G w G^T, C x K at each point in strips (winograd_products.h).
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
