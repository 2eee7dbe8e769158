// Convolutions of our own on AVX2, by two algorithms with the same interface: by the sum that
// defines them (direct.cpp) and, for 3x3 with stride 1, by Winograd's F(4x4, 3x3) (winograd.cpp).
//
// Letters: N images, C channels read, K channels made, H x W pixels read, P x Q made, R x S kernel.
// Activations lie in blocks of 8 channels (nChw8c), weights in blocks of 8x8 (OIhw8i8o); padding
// channels are 0 and stay so. Pictures of fewer than 8 channels, those of a first convolution, may
// lie plain (NCHW) in direct convolutions, their weights as Ohwi8o.
#pragma once

#include <cstddef>

namespace whichfirst::engine {

/// N pictures of C x H x W by K square kernels. The result, K x P x Q with
/// P = (H + 2 padding - kernel) / stride + 1, is at least 1 x 1.
struct ConvolutionShape {
  int result_side(int side) const { return (side + 2 * padding - kernel) / stride + 1; }

  int images = 1;    // N
  int channels = 1;  // C
  int outputs = 1;   // K
  int height = 3;    // H
  int width = 3;     // W
  int kernel = 3;    // R = S
  int stride = 1;
  int padding = 1;
  bool is_padded = false;  // fewer than 8 channels lie in a block, as more do
};

// Places of arrays; `bias` and `dbias` hold K numbers or are nullptr.

struct ForwardPlaces {
  const float* src = nullptr;
  const float* weights = nullptr;
  const float* bias = nullptr;
  float* dst = nullptr;
  float* scratch = nullptr;
  bool is_with_relu = false;  // the result is that of a relu after the convolution; NaN stays
};

struct BackwardDataPlaces {
  const float* ddst = nullptr;
  const float* weights = nullptr;
  float* dsrc = nullptr;
  float* scratch = nullptr;
};

struct BackwardWeightsPlaces {
  const float* src = nullptr;
  const float* ddst = nullptr;
  float* dweights = nullptr;
  float* dbias = nullptr;
  float* scratch = nullptr;
};

/// An algorithm. Each pass needs a processor with AVX2 and FMA, allocates nothing, runs on the
/// calling thread and gives the same bits for the same input.
struct ConvolutionKernels {
  const char* name = "";  // as a plan prints it
  /// Whether it can run this shape and was measured to be faster than oneDNN on AVX2. A rule of the
  /// shape alone, so that numbers do not depend on a timing; the number of images plays no part, so
  /// that training and evaluation agree.
  bool (*is_faster)(const ConvolutionShape& shape) = nullptr;
  /// Floats of scratch memory that every pass may be given.
  std::size_t (*scratch)(const ConvolutionShape& shape) = nullptr;
  void (*forward)(const ConvolutionShape& shape, const ForwardPlaces& places) = nullptr;
  void (*backward_data)(const ConvolutionShape& shape, const BackwardDataPlaces& places) = nullptr;
  void (*backward_weights)(const ConvolutionShape& shape,
                           const BackwardWeightsPlaces& places) = nullptr;
};

/// Kernels up to kLargestDirectKernel. What it makes of a picture does not depend on the others of
/// the batch.
inline constexpr int kLargestDirectKernel = 31;
extern const ConvolutionKernels kDirect;
/// 3x3, stride 1, padding 0, 1 or 2, never plain. 36 multiplications where the direct sum takes
/// 144. Source: Lavin and Gray 2016, arXiv:1509.09308.
extern const ConvolutionKernels kWinograd;

/// Whether direct convolutions of this shape read plain pictures. Then there is no gradient of the
/// source.
bool is_plain(const ConvolutionShape& shape);

}  // namespace whichfirst::engine
