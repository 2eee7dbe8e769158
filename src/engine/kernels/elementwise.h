// The stages of single numbers that oneDNN has no kernel for, and sums. Source and result may be
// the same place everywhere. Numbers are float or Bf16 and computed in float.
#pragma once

#include <cstdint>
#include <span>

#include "base/random.h"
#include "engine/kernels/bf16.h"
#include "engine/kernels/statistics.h"

namespace whichfirst::engine {

/// What is made of a number x, or of numbers x and y at the same place.
enum class NumberFunction {
  add,                // x + y
  add_and_relu,       // max(x + y, 0), 0 for NaN as oneDNN's relu has it
  relu_backward,      // y where x > 0, else 0: of the result x and its gradient y
  softsign,           // x / (1 + |x|)
  softsign_backward,  // y (1 - |x|)^2: of the result x and its gradient y
  sign,               // 1 where x >= 0, -1 below, NaN where x is
  sign_backward,      // y where |x| <= 1, else 0 (Rastegari et al. 2016, arXiv:1603.05279)
};

/// Walks over whole buffers: all but `sign` make 0 of 0, so that the padding of a blocked layout
/// keeps its zeros. `y` may be `x` where the function reads one number.
template <class Number>
void apply(NumberFunction function, std::size_t count, const Number* x, const Number* y,
           Number* result);

/// Zeros into those lanes of the last block that are no channel.
template <class Number>
void clear_padding(Number* values, const ChannelLayout& layout);

/// Draws which numbers are dropped in this step, dropped[i] = 1, where i counts as the buffer lies:
/// the coin of a number is that of its place in the plain N x C x H x W array. `coins` has room for
/// one picture's channel.
void draw_dropped(const RandomKey& key, double rate, const ChannelLayout& layout,
                  std::span<std::uint8_t> dropped, std::span<std::uint8_t> coins);
/// result = dropped ? 0 : source / (1 - rate); forward and backward alike.
template <class Number>
void drop(const Number* source, const std::uint8_t* dropped, double rate, std::size_t count,
          Number* result);

}  // namespace whichfirst::engine
