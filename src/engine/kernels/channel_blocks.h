// Walking over the channels of a layout block by block, with one number per channel in lanes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <type_traits>

#include "base/error.h"
#include "engine/kernels/statistics.h"

namespace whichfirst::engine {

inline constexpr std::ptrdiff_t kWidestBlock = 16;

/// One number for each channel of a block; those of the padding are 0.
struct Lanes {
  float values[kWidestBlock] = {};
};

/// Pixels of one block of one image: `pixels` times `block` numbers, `stride` apart.
struct BlockView {
  std::ptrdiff_t pixels = 0;
  std::ptrdiff_t stride = 0;
};

/// Calls walk(std::integral_constant<int, block>) with the number of channels side by side.
template <class Walk>
void with_block(const ChannelLayout& layout, const Walk& walk) {
  switch (layout.block) {
    case 16:
      return walk(std::integral_constant<int, 16>{});
    case 8:
      return walk(std::integral_constant<int, 8>{});
    case 1:
      return walk(std::integral_constant<int, 1>{});
    default:
      check(false, "channels lie in blocks of 16, 8 or 1");
  }
}

inline BlockView view_of(const ChannelLayout& layout) {
  return {.pixels = layout.pixels, .stride = layout.pixel_stride};
}

/// Of channels first .. first + block, what value(c) says.
template <class Value>
Lanes gather(const ChannelLayout& layout, std::ptrdiff_t first, const Value& value) {
  Lanes lanes;
  const std::ptrdiff_t count = std::min(layout.block, layout.channels - first);
  for (std::ptrdiff_t c = 0; c < count; ++c) lanes.values[c] = static_cast<float>(value(first + c));
  return lanes;
}

inline float at(std::span<const float> numbers, std::ptrdiff_t index) {
  return numbers[static_cast<std::size_t>(index)];
}

}  // namespace whichfirst::engine
