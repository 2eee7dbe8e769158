#include "engine/kernels/elementwise.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "engine/kernels/vector_width.h"

namespace whichfirst::engine {
namespace {

template <class Function, class Number>
WHICHFIRST_FOR_EACH_WIDTH void for_each_number(Function function, std::size_t count,
                                               const Number* x, const Number* y, Number* result) {
  for (std::size_t i = 0; i < count; ++i) {
    result[i] = from_float<Number>(function(to_float(x[i]), to_float(y[i])));
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
void apply(NumberFunction function, std::size_t count, const Number* x, const Number* y,
           Number* result) {
  const auto run = [&](auto of) { for_each_number(of, count, x, y, result); };
  switch (function) {
    case NumberFunction::add:
      return run([](float a, float b) { return a + b; });
    case NumberFunction::add_and_relu:
      return run([](float a, float b) {
        const float sum = a + b;
        return sum > 0 ? sum : 0.0F;
      });
    case NumberFunction::relu_backward:
      return run([](float made, float gradient) { return made > 0 ? gradient : 0.0F; });
    case NumberFunction::softsign:
      return run([](float a, float) { return a / (1.0F + std::abs(a)); });
    case NumberFunction::softsign_backward:
      return run([](float made, float gradient) {
        const float rest = 1.0F - std::abs(made);
        return gradient * (rest * rest);
      });
    case NumberFunction::sign:
      return run([](float a, float) {
        const float sign = a >= 0.0F ? 1.0F : -1.0F;
        return a != a ? a : sign;
      });
    case NumberFunction::sign_backward:
      return run([](float a, float gradient) { return std::abs(a) > 1.0F ? 0.0F : gradient; });
  }
}

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

template <class Number>
void drop(const Number* source, const std::uint8_t* dropped, double rate, std::size_t count,
          Number* result) {
  drop_numbers(source, dropped, static_cast<float>(1.0 / (1.0 - rate)), count, result);
}

template void apply(NumberFunction, std::size_t, const float*, const float*, float*);
template void apply(NumberFunction, std::size_t, const Bf16*, const Bf16*, Bf16*);
template void clear_padding(float*, const ChannelLayout&);
template void clear_padding(Bf16*, const ChannelLayout&);
template void drop(const float*, const std::uint8_t*, double, std::size_t, float*);
template void drop(const Bf16*, const std::uint8_t*, double, std::size_t, Bf16*);

}  // namespace whichfirst::engine
