// The stages of single numbers that oneDNN has no kernel for, and sums. Where a function of 0 is 0,
// whole buffers are walked: the padding of a blocked layout holds zeros and keeps them. Source and
// result may be the same place everywhere. Numbers are float or Bf16 and computed in float.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/random.h"
#include "engine/kernels/bf16.h"
#include "engine/kernels/statistics.h"

namespace whichfirst::engine {

/// result = a + b.
template <class Number>
void add(std::span<const Number> a, std::span<const Number> b, std::span<Number> result);

/// result = max(a + b, 0), 0 for NaN as oneDNN's relu has it.
template <class Number>
void add_and_relu(std::span<const Number> a, std::span<const Number> b, std::span<Number> result);
/// dsource = dresult where result > 0, else 0.
template <class Number>
void relu_backward(std::span<const Number> result, std::span<const Number> dresult,
                   std::span<Number> dsource);

/// result = x / (1 + |x|).
template <class Number>
void softsign_forward(std::span<const Number> source, std::span<Number> result);
/// dsource = dresult (1 - |result|)^2.
template <class Number>
void softsign_backward(std::span<const Number> result, std::span<const Number> dresult,
                       std::span<Number> dsource);

/// 1 where x >= 0, -1 below, NaN where x is; zeros stay in the padding.
template <class Number>
void sign_forward(std::span<const Number> source, std::span<Number> result,
                  const ChannelLayout& layout);
/// dresult where |x| <= 1, else 0 (Rastegari et al. 2016, arXiv:1603.05279).
template <class Number>
void sign_backward(std::span<const Number> source, std::span<const Number> dresult,
                   std::span<Number> dsource);

/// Draws which numbers are dropped in this step, dropped[i] = 1, where i counts as the buffer lies:
/// the coin of a number is that of its place in the plain N x C x H x W array. `coins` has room for
/// one picture's channel.
void draw_dropped(const RandomKey& key, double rate, const ChannelLayout& layout,
                  std::span<std::uint8_t> dropped, std::span<std::uint8_t> coins);
/// result = dropped ? 0 : source / (1 - rate); forward and backward alike.
template <class Number>
void drop(std::span<const Number> source, std::span<const std::uint8_t> dropped, double rate,
          std::span<Number> result);

}  // namespace whichfirst::engine
