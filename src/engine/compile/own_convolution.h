// A convolution by kernels of our own, as the compiler sees it.
#pragma once

#include <cstddef>
#include <functional>

#include "engine/compile/onednn.h"
#include "engine/kernels/convolution_places.h"

namespace whichfirst::engine {

/// Its three passes, and how the arrays lie that they are given.
struct OwnConvolution {
  const char* implementation = "";  // "own:winograd"
  Layout source = {};
  Layout weights = {};
  Layout result = {};
  std::size_t scratch = 0;  // floats, for any pass
  std::function<void(const ForwardPlaces&)> forward;
  std::function<void(const BackwardDataPlaces&)> backward_data;
  std::function<void(const BackwardWeightsPlaces&)> backward_weights;
};

}  // namespace whichfirst::engine
