// The bias of a convolution that differs by output position (network::Conv::has_bias_map), as
// inference keeps it: positions whose window lies inside of the picture have the same, so the
// convolution adds that one, and the rest is added where a window leaves the picture.
#pragma once

#include <cstddef>
#include <vector>

#include "engine/kernels/statistics.h"
#include "network/network.h"

namespace whichfirst::engine {

struct BorderBias {
  int channels = 0;                       // K
  std::ptrdiff_t inner = 0;               // a position, p Q + q, that is not at the border, if any
  std::vector<std::ptrdiff_t> positions;  // at the border, rising

  /// Of the packed form: the bias at `inner`, then what the others have more, K numbers each.
  std::size_t packed_size() const {
    return (positions.size() + 1) * static_cast<std::size_t>(channels);
  }
};

/// Of a convolution.
BorderBias border_bias_of(const network::Stage& stage);

/// Packs a bias of K x P x Q numbers.
std::vector<float> pack(const BorderBias& border, const std::vector<float>& map_kpq);

/// Adds to `result`, which lies as `layout` says, what the positions at the border have more:
/// `packed` without its first K numbers.
void add_border(const BorderBias& border, const ChannelLayout& layout, const float* packed_rest,
                float* result);
/// The same, and then a relu of the whole, while it is at hand.
void add_border_and_relu(const BorderBias& border, const ChannelLayout& layout,
                         const float* packed_rest, float* result);
using BorderKernel = decltype(&add_border);

}  // namespace whichfirst::engine
