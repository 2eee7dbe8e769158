// The stage `prelu`: x where x > 0, else x times a trained slope per channel. Blocked layouts are
// walked block by block, and the padding of the last one stays zero. Numbers are float or Bf16.
// Source: He et al. 2015, arXiv:1502.01852.
#pragma once

#include <span>

#include "engine/kernels/statistics.h"

namespace whichfirst::engine {

/// `slope` holds C numbers. `source` and `result` may be the same place.
template <class Number>
void prelu_forward(const ChannelLayout& layout, const Number* source, std::span<const float> slope,
                   Number* result);

/// Writes dsource, and into `dslope` the C sums of dresult x where x <= 0. `dresult` and `dsource`
/// may be the same place.
template <class Number>
void prelu_backward(const ChannelLayout& layout, const Number* source, std::span<const float> slope,
                    const Number* dresult, Number* dsource, std::span<float> dslope);

}  // namespace whichfirst::engine
