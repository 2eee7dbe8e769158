// Small networks and batches for tests of the engine.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "engine/platform.h"
#include "engine/trainer.h"
#include "network/network.h"
#include "notation/parse.h"

namespace whichfirst::engine {

struct Case {
  std::string body;
  std::string order;
  Shape input;
  int batch;
  int classes = 10;
};

inline network::Network build(const Case& c) {
  return network::build({.body = notation::parse(c.body, notation::Context::body),
                         .order = notation::parse(c.order, notation::Context::order),
                         .input = c.input,
                         .classes = c.classes});
}

inline std::vector<float> random_images(const Shape& shape, int count, std::uint64_t seed) {
  RandomSequence random({.seed = seed, .stream = Stream::drawing});
  std::vector<float> images(static_cast<std::size_t>(shape.size() * count));
  for (float& value : images) value = static_cast<float>(random.normal());
  return images;
}

inline std::vector<std::int32_t> random_labels(int classes, int count, std::uint64_t seed) {
  RandomSequence random({.seed = seed, .stream = Stream::split});
  std::vector<std::int32_t> labels(static_cast<std::size_t>(count));
  for (auto& label : labels) {
    label = static_cast<std::int32_t>(random.below(static_cast<std::uint64_t>(classes)));
  }
  return labels;
}

/// Initial values with nothing left at 0 or 1: biases, offsets, scales of both signs, statistics.
inline network::Values lively_values(const network::Network& network, std::uint64_t seed) {
  network::Values values = network::initial_values(network, seed, 1);
  RandomSequence random({.seed = seed, .stream = Stream::resampling});
  for (std::size_t i = 0; i < values.size(); ++i) {
    const network::ParameterKind kind = network.parameters[i].kind;
    for (float& value : values[i]) {
      if (kind == network::ParameterKind::weight) continue;
      value += 0.3F * static_cast<float>(random.normal());
      if (kind == network::ParameterKind::running_variance) value = std::abs(value) + 0.1F;
      if (kind == network::ParameterKind::scale && random.below(4) == 0) value = -value;
    }
  }
  return values;
}

template <class From, class To>
void copy(const From& from, To to) {
  std::copy(from.begin(), from.end(), to.begin());
}

/// Those of fp32 that this processor has.
inline std::vector<Precision> fp32_precisions() {
  if (!own_processor().has_own_convolutions()) return {Precision::fp32};
  return {Precision::fp32, Precision::fp32_fast};
}

inline double norm(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value * value;
  return std::sqrt(sum);
}

}  // namespace whichfirst::engine
