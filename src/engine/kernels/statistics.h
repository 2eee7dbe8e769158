// Mean and variance of each channel of a batch, in double.
//
// oneDNN sums tens of thousands of floats one after the other; its statistics are off in the fifth
// digit, and in a network of 15 convolutions that moves gradients by percents (relu and max-pool
// have kinks). These are right to the last digits of a float at the same cost: one pass over
// memory.
#pragma once

#include <cstddef>
#include <span>

#include "engine/kernels/bf16.h"

namespace whichfirst::engine {

/// Where the number of (image n, channel c, pixel p) stands, in numbers from the start:
/// n * image_stride + (c / block) * block_stride + p * pixel_stride + c % block.
struct ChannelLayout {
  std::ptrdiff_t images = 0;    // N
  std::ptrdiff_t channels = 0;  // C, without the padding of the last block
  std::ptrdiff_t pixels = 0;    // H W
  std::ptrdiff_t block = 1;     // channels that lie side by side
  std::ptrdiff_t image_stride = 0;
  std::ptrdiff_t block_stride = 0;
  std::ptrdiff_t pixel_stride = 0;

  /// Where the block that begins with channel c of image n begins.
  std::ptrdiff_t block_begin(std::ptrdiff_t n, std::ptrdiff_t c) const {
    return n * image_stride + c / block * block_stride;
  }
  /// The n-th image alone stands at n * image_stride and looks like this.
  ChannelLayout of_one_image() const {
    ChannelLayout one = *this;
    one.images = 1;
    return one;
  }
};

/// Writes the mean and the population variance of the N H W numbers, float or Bf16, of every
/// channel. Source: chunks in two passes, merged by Chan, Golub and LeVeque 1979, Stanford
/// STAN-CS-79-773.
template <class Number>
void measure_channels(const Number* source, const ChannelLayout& layout, std::span<float> mean,
                      std::span<float> variance);

}  // namespace whichfirst::engine
