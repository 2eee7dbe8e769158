// Convolutions by the sum that defines them, forward and backward, on AVX2.
//
// Letters: C channels read, K channels made. Activations lie in blocks of 8 channels (nChw8c),
// weights in blocks of 8x8 (OIhw8i8o); padding channels are 0 and stay so. Pictures of fewer than 8
// channels, those of a first convolution, lie plain (NCHW), their weights as Ohwi8o.
#pragma once

#include <cstddef>

#include "engine/kernels/convolution_places.h"

namespace whichfirst::engine {

/// A convolution of `images` pictures of C x height x width by kernels of `kernel` x `kernel`, at
/// most 7; the result, K x (height + 2 padding - kernel) / stride + 1 by likewise, is at least 1
/// x 1.
struct DirectShape {
  int images = 1;
  int channels = 1;  // C
  int outputs = 1;   // K
  int height = 3;
  int width = 3;
  int kernel = 3;
  int stride = 1;
  int padding = 1;
};

/// Whether pictures lie plain. Then there is no gradient of the source.
bool is_plain(const DirectShape& shape);

/// Whether these kernels were measured to be faster than oneDNN's on AVX2, all passes together. A
/// rule of the shape alone, and not of the number of images, as is_winograd_faster() is.
bool is_direct_faster(const DirectShape& shape);

/// Floats of scratch memory that every pass may be given.
std::size_t direct_scratch(const DirectShape& shape);

// Each needs a processor with AVX2 and FMA, allocates nothing, runs on the calling thread and gives
// the same bits for the same input; what is made of a picture does not depend on the others.

void direct_forward(const DirectShape& shape, const ForwardPlaces& places);
void direct_backward_data(const DirectShape& shape, const BackwardDataPlaces& places);
void direct_backward_weights(const DirectShape& shape, const BackwardWeightsPlaces& places);

}  // namespace whichfirst::engine
