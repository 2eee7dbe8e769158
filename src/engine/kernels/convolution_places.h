// What our own convolutions are given, whichever algorithm they go by.
#pragma once

namespace whichfirst::engine {

// Places of arrays; `bias` and `dbias` hold K numbers or are nullptr.

struct ForwardPlaces {
  const float* src = nullptr;
  const float* weights = nullptr;
  const float* bias = nullptr;
  float* dst = nullptr;
  float* scratch = nullptr;
  bool cuts = false;  // the result is that of a relu behind the convolution; NaN stays
};

struct BackwardDataPlaces {
  const float* ddst = nullptr;
  const float* weights = nullptr;
  float* dsrc = nullptr;
  float* scratch = nullptr;
};

struct BackwardWeightsPlaces {
  const float* src = nullptr;
  const float* ddst = nullptr;
  float* dweights = nullptr;
  float* dbias = nullptr;
  float* scratch = nullptr;
};

}  // namespace whichfirst::engine
