#include "engine/elementwise.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "engine/vector_width.h"

namespace whichfirst::engine {

// Raw pointers inside: a span's length is read again after every store to memory that may alias it.

WHICHFIRST_FOR_EACH_WIDTH
void add(std::span<const float> a, std::span<const float> b, std::span<float> result) {
  const float* const left = a.data();
  const float* const right = b.data();
  float* const sum = result.data();
  const std::size_t count = result.size();
  for (std::size_t i = 0; i < count; ++i) sum[i] = left[i] + right[i];
}

WHICHFIRST_FOR_EACH_WIDTH
void add_and_cut(std::span<const float> a, std::span<const float> b, std::span<float> result) {
  const float* const left = a.data();
  const float* const right = b.data();
  float* const cut = result.data();
  const std::size_t count = result.size();
  for (std::size_t i = 0; i < count; ++i) {
    const float sum = left[i] + right[i];
    cut[i] = sum > 0 ? sum : 0;
  }
}

WHICHFIRST_FOR_EACH_WIDTH
void relu_backward(std::span<const float> result, std::span<const float> dresult,
                   std::span<float> dsource) {
  const float* const y = result.data();
  const float* const dy = dresult.data();
  float* const dx = dsource.data();
  const std::size_t count = dsource.size();
  for (std::size_t i = 0; i < count; ++i) dx[i] = y[i] > 0 ? dy[i] : 0;
}

WHICHFIRST_FOR_EACH_WIDTH
void softsign_forward(std::span<const float> source, std::span<float> result) {
  const float* const x = source.data();
  float* const y = result.data();
  const std::size_t count = result.size();
  for (std::size_t i = 0; i < count; ++i) y[i] = x[i] / (1.0F + std::abs(x[i]));
}

WHICHFIRST_FOR_EACH_WIDTH
void softsign_backward(std::span<const float> result, std::span<const float> dresult,
                       std::span<float> dsource) {
  const float* const y = result.data();
  const float* const dy = dresult.data();
  float* const dx = dsource.data();
  const std::size_t count = dsource.size();
  for (std::size_t i = 0; i < count; ++i) {
    const float rest = 1.0F - std::abs(y[i]);
    dx[i] = dy[i] * (rest * rest);
  }
}

namespace {

WHICHFIRST_FOR_EACH_WIDTH
void signs(const float* x, float* y, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const float sign = x[i] >= 0.0F ? 1.0F : -1.0F;
    y[i] = x[i] != x[i] ? x[i] : sign;
  }
}

/// Zeros into those lanes of the last block that are no channel.
void clear_padding(float* values, const ChannelLayout& layout) {
  const std::ptrdiff_t used = layout.channels % layout.block;
  if (used == 0) return;
  for (std::ptrdiff_t n = 0; n < layout.images; ++n) {
    float* last = values + layout.block_begin(n, layout.channels - used);
    for (std::ptrdiff_t p = 0; p < layout.pixels; ++p) {
      std::fill(last + p * layout.pixel_stride + used,
                last + p * layout.pixel_stride + layout.block, 0.0F);
    }
  }
}

}  // namespace

void sign_forward(std::span<const float> source, std::span<float> result,
                  const ChannelLayout& layout) {
  signs(source.data(), result.data(), result.size());
  clear_padding(result.data(), layout);
}

WHICHFIRST_FOR_EACH_WIDTH
void sign_backward(std::span<const float> source, std::span<const float> dresult,
                   std::span<float> dsource) {
  const float* const x = source.data();
  const float* const dy = dresult.data();
  float* const dx = dsource.data();
  const std::size_t count = dsource.size();
  for (std::size_t i = 0; i < count; ++i) dx[i] = std::abs(x[i]) > 1.0F ? 0.0F : dy[i];
}

void draw_dropped(const RandomKey& key, double rate, const ChannelLayout& layout,
                  std::span<std::uint8_t> dropped, std::span<std::uint8_t> coins) {
  check(static_cast<std::ptrdiff_t>(coins.size()) == layout.pixels,
        "there is a coin for each pixel of a channel");
  std::uint64_t first = 0;
  for (std::ptrdiff_t n = 0; n < layout.images; ++n) {
    for (std::ptrdiff_t c = 0; c < layout.channels; ++c) {
      toss_coins(key, rate, first, coins);
      first += coins.size();
      std::uint8_t* to = dropped.data() + layout.block_begin(n, c) + c % layout.block;
      for (std::ptrdiff_t p = 0; p < layout.pixels; ++p) {
        to[p * layout.pixel_stride] = coins[static_cast<std::size_t>(p)];
      }
    }
  }
}

WHICHFIRST_FOR_EACH_WIDTH
void drop(std::span<const float> source, std::span<const std::uint8_t> dropped, double rate,
          std::span<float> result) {
  const auto scale = static_cast<float>(1.0 / (1.0 - rate));
  const float* const x = source.data();
  const std::uint8_t* const is_dropped = dropped.data();
  float* const y = result.data();
  const std::size_t count = result.size();
  for (std::size_t i = 0; i < count; ++i) y[i] = is_dropped[i] != 0 ? 0.0F : x[i] * scale;
}

}  // namespace whichfirst::engine
