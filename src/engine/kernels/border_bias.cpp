#include "engine/kernels/border_bias.h"

#include <algorithm>

#include "base/error.h"
#include "engine/kernels/vector_width.h"

namespace whichfirst::engine {
namespace {

/// Along one side: whether the window at an output position lies inside of the picture.
bool is_inside(const network::Conv& conv, int size, int position) {
  const int begin = position * conv.stride - conv.padding;
  return begin >= 0 && begin + conv.kernel <= size;
}

/// The first such position, or 0.
int first_inside(const network::Conv& conv, int size, int positions) {
  for (int position = 0; position < positions; ++position) {
    if (is_inside(conv, size, position)) return position;
  }
  return 0;
}

/// `more` is that of the block's first channel, of which `together` lie side by side.
inline void add_to_block(const BorderBias& border, const ChannelLayout& layout, const float* more,
                         float* block, std::ptrdiff_t together) {
  for (const std::ptrdiff_t position : border.positions) {
    float* values = block + position * layout.pixel_stride;
    for (std::ptrdiff_t i = 0; i < together; ++i) values[i] += more[i];
    more += layout.channels;
  }
}

/// NaN stays, as in our convolutions.
inline void relu(float* values, std::ptrdiff_t count) {
  for (std::ptrdiff_t i = 0; i < count; ++i) values[i] = values[i] < 0 ? 0.0F : values[i];
}

/// The padding of a block holds zeros and keeps them.
inline void relu_block(const ChannelLayout& layout, float* block) {
  if (layout.pixel_stride == layout.block) return relu(block, layout.pixels * layout.block);
  for (std::ptrdiff_t pixel = 0; pixel < layout.pixels; ++pixel) {
    relu(block + pixel * layout.pixel_stride, layout.block);
  }
}

}  // namespace

BorderBias border_bias_of(const network::Stage& stage) {
  const auto& conv = std::get<network::Conv>(stage.operation);
  const Shape& in = stage.input;
  const Shape& out = stage.output;
  BorderBias border{.channels = out.channels,
                    .inner = std::ptrdiff_t{first_inside(conv, in.height, out.height)} * out.width +
                             first_inside(conv, in.width, out.width),
                    .positions = {}};
  for (int p = 0; p < out.height; ++p) {
    for (int q = 0; q < out.width; ++q) {
      if (is_inside(conv, in.height, p) && is_inside(conv, in.width, q)) continue;
      border.positions.push_back(std::ptrdiff_t{p} * out.width + q);
    }
  }
  return border;
}

std::vector<float> pack(const BorderBias& border, const std::vector<float>& map_kpq) {
  const auto channels = static_cast<std::size_t>(border.channels);
  check(map_kpq.size() % channels == 0, "a bias by position is K x P x Q");
  const std::size_t pixels = map_kpq.size() / channels;
  const auto bias = [&](std::size_t k, std::ptrdiff_t position) {
    return map_kpq[k * pixels + static_cast<std::size_t>(position)];
  };
  std::vector<float> packed;
  packed.reserve(border.packed_size());
  for (std::size_t k = 0; k < channels; ++k) packed.push_back(bias(k, border.inner));
  for (const std::ptrdiff_t position : border.positions) {
    for (std::size_t k = 0; k < channels; ++k) {
      packed.push_back(bias(k, position) - bias(k, border.inner));
    }
  }
  return packed;
}

WHICHFIRST_FOR_EACH_WIDTH
void add_border(const BorderBias& border, const ChannelLayout& layout, const float* packed_rest,
                float* result) {
  for (std::ptrdiff_t n = 0; n < layout.images; ++n) {
    for (std::ptrdiff_t c = 0; c < layout.channels; c += layout.block) {
      add_to_block(border, layout, packed_rest + c, result + layout.block_begin(n, c),
                   std::min(layout.block, layout.channels - c));
    }
  }
}

WHICHFIRST_FOR_EACH_WIDTH
void add_border_and_relu(const BorderBias& border, const ChannelLayout& layout,
                         const float* packed_rest, float* result) {
  for (std::ptrdiff_t n = 0; n < layout.images; ++n) {
    for (std::ptrdiff_t c = 0; c < layout.channels; c += layout.block) {
      float* block = result + layout.block_begin(n, c);
      add_to_block(border, layout, packed_rest + c, block,
                   std::min(layout.block, layout.channels - c));
      relu_block(layout, block);
    }
  }
}

}  // namespace whichfirst::engine
