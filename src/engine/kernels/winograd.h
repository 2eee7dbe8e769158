// Convolutions of 3x3 with stride 1 by Winograd's algorithm F(4x4, 3x3), forward and backward.
//
// Pictures are cut into tiles of 4x4 results. A tile's patch of 6x6 pixels and the kernel are taken
// to 36 points, where a convolution is a product of numbers; over channels, 36 products of
// matrices: 36 multiplications where the direct sum takes 144. Both gradients are the adjoints of
// the forward pass.
//
// Letters: T tiles, C channels read, K channels made. Activations lie in blocks of 8 channels
// (nChw8c), weights in blocks of 8x8 (OIhw8i8o); padding channels are 0 and stay so.
// Source: Lavin and Gray 2016, arXiv:1509.09308.
#pragma once

#include <cstddef>

#include "engine/kernels/convolution_places.h"

namespace whichfirst::engine {

/// A convolution of `images` pictures of C x height x width; the result is K x (height + 2 padding
/// - 2) x (width + 2 padding - 2), at least 1 x 1. padding is 0, 1 or 2.
struct WinogradShape {
  int images = 1;
  int channels = 1;  // C
  int outputs = 1;   // K
  int height = 3;
  int width = 3;
  int padding = 1;
};

/// Whether Winograd's algorithm was measured to be faster than the direct one on AVX2, the whole
/// training step considered. A rule of the shape alone, so that numbers do not depend on a timing;
/// the number of images plays no part, so that training and evaluation agree.
bool is_winograd_faster(const WinogradShape& shape);

/// Floats of scratch memory that every pass may be given.
std::size_t winograd_scratch(const WinogradShape& shape);

// Each needs a processor with AVX2 and FMA, allocates nothing, runs on the calling thread and gives
// the same bits for the same input.

void winograd_forward(const WinogradShape& shape, const ForwardPlaces& places);
void winograd_backward_data(const WinogradShape& shape, const BackwardDataPlaces& places);
void winograd_backward_weights(const WinogradShape& shape, const BackwardWeightsPlaces& places);

}  // namespace whichfirst::engine
