#include "engine/kernels/elementwise.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "engine/kernels/vector_width.h"

namespace whichfirst::engine {

namespace {

/// result[i] = function(sources[i]...). Raw pointers: a span's length is read again after every
/// store to memory that may alias it.
template <class Function, class Number, class... Sources>
WHICHFIRST_FOR_EACH_WIDTH void for_each_number(Function function, std::size_t count, Number* result,
                                               const Sources*... sources) {
  for (std::size_t i = 0; i < count; ++i) {
    result[i] = from_float<Number>(function(to_float(sources[i])...));
  }
}

/// Zeros into those lanes of the last block that are no channel.
template <class Number>
void clear_padding(Number* values, const ChannelLayout& layout) {
  const std::ptrdiff_t used = layout.channels % layout.block;
  if (used == 0) return;
  for (std::ptrdiff_t n = 0; n < layout.images; ++n) {
    Number* last = values + layout.block_begin(n, layout.channels - used);
    for (std::ptrdiff_t p = 0; p < layout.pixels; ++p) {
      std::fill(last + p * layout.pixel_stride + used,
                last + p * layout.pixel_stride + layout.block, Number{});
    }
  }
}

template <class Number>
WHICHFIRST_FOR_EACH_WIDTH void drop_numbers(const Number* source, const std::uint8_t* dropped,
                                            float scale, std::size_t count, Number* result) {
  for (std::size_t i = 0; i < count; ++i) {
    result[i] = from_float<Number>(dropped[i] != 0 ? 0.0F : to_float(source[i]) * scale);
  }
}

}  // namespace

template <class Number>
void add(std::span<const Number> a, std::span<const Number> b, std::span<Number> result) {
  for_each_number([](float x, float y) { return x + y; }, result.size(), result.data(), a.data(),
                  b.data());
}

template <class Number>
void add_and_relu(std::span<const Number> a, std::span<const Number> b, std::span<Number> result) {
  for_each_number(
      [](float x, float y) {
        const float sum = x + y;
        return sum > 0 ? sum : 0.0F;
      },
      result.size(), result.data(), a.data(), b.data());
}

template <class Number>
void relu_backward(std::span<const Number> result, std::span<const Number> dresult,
                   std::span<Number> dsource) {
  for_each_number([](float y, float dy) { return y > 0 ? dy : 0.0F; }, dsource.size(),
                  dsource.data(), result.data(), dresult.data());
}

template <class Number>
void softsign_forward(std::span<const Number> source, std::span<Number> result) {
  for_each_number([](float x) { return x / (1.0F + std::abs(x)); }, result.size(), result.data(),
                  source.data());
}

template <class Number>
void softsign_backward(std::span<const Number> result, std::span<const Number> dresult,
                       std::span<Number> dsource) {
  for_each_number(
      [](float y, float dy) {
        const float rest = 1.0F - std::abs(y);
        return dy * (rest * rest);
      },
      dsource.size(), dsource.data(), result.data(), dresult.data());
}

template <class Number>
void sign_forward(std::span<const Number> source, std::span<Number> result,
                  const ChannelLayout& layout) {
  for_each_number(
      [](float x) {
        const float sign = x >= 0.0F ? 1.0F : -1.0F;
        return x != x ? x : sign;
      },
      result.size(), result.data(), source.data());
  clear_padding(result.data(), layout);
}

template <class Number>
void sign_backward(std::span<const Number> source, std::span<const Number> dresult,
                   std::span<Number> dsource) {
  for_each_number([](float x, float dy) { return std::abs(x) > 1.0F ? 0.0F : dy; }, dsource.size(),
                  dsource.data(), source.data(), dresult.data());
}

template <class Number>
void drop(std::span<const Number> source, std::span<const std::uint8_t> dropped, double rate,
          std::span<Number> result) {
  drop_numbers(source.data(), dropped.data(), static_cast<float>(1.0 / (1.0 - rate)), result.size(),
               result.data());
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

template void add(std::span<const float>, std::span<const float>, std::span<float>);
template void add_and_relu(std::span<const float>, std::span<const float>, std::span<float>);
template void relu_backward(std::span<const float>, std::span<const float>, std::span<float>);
template void softsign_forward(std::span<const float>, std::span<float>);
template void softsign_backward(std::span<const float>, std::span<const float>, std::span<float>);
template void sign_forward(std::span<const float>, std::span<float>, const ChannelLayout&);
template void sign_backward(std::span<const float>, std::span<const float>, std::span<float>);
template void drop(std::span<const float>, std::span<const std::uint8_t>, double, std::span<float>);

template void add(std::span<const Bf16>, std::span<const Bf16>, std::span<Bf16>);
template void add_and_relu(std::span<const Bf16>, std::span<const Bf16>, std::span<Bf16>);
template void relu_backward(std::span<const Bf16>, std::span<const Bf16>, std::span<Bf16>);
template void softsign_forward(std::span<const Bf16>, std::span<Bf16>);
template void softsign_backward(std::span<const Bf16>, std::span<const Bf16>, std::span<Bf16>);
template void sign_forward(std::span<const Bf16>, std::span<Bf16>, const ChannelLayout&);
template void sign_backward(std::span<const Bf16>, std::span<const Bf16>, std::span<Bf16>);
template void drop(std::span<const Bf16>, std::span<const std::uint8_t>, double, std::span<Bf16>);

}  // namespace whichfirst::engine
