// What our own convolutions do to a result before they write it.
#pragma once

#include <limits>

namespace whichfirst::engine {

/// Adds a bias, one number a channel, or none where there is nullptr; then what is below `least`
/// becomes it. NaN stays.
struct Finish {
  const float* bias = nullptr;
  float least = -std::numeric_limits<float>::infinity();
};

}  // namespace whichfirst::engine
