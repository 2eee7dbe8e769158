// Small tensors, networks and values that the tests of the reference stages share.
#pragma once

#include <cmath>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

#include "base/random.h"
#include "network/network.h"
#include "notation/parse.h"
#include "reference/pass.h"

namespace whichfirst::reference {

inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
inline constexpr double kInfinity = std::numeric_limits<double>::infinity();

inline Shape picture(int channels, int height, int width) {
  return {.channels = channels, .height = height, .width = width};
}

inline Shape vector_of(int channels) { return {.channels = channels, .is_vector = true}; }

/// One image of one channel.
inline Tensor one_picture(int height, int width, std::vector<double> values) {
  return {.count = 1, .shape = picture(1, height, width), .values = std::move(values)};
}

inline std::vector<double> normal_array(std::size_t size, std::uint64_t seed) {
  std::vector<double> array;
  for (std::size_t i = 0; i < size; ++i) array.push_back(normal({.seed = seed}, i));
  return array;
}

inline Tensor normal_tensor(int count, const Shape& shape, std::uint64_t seed) {
  Tensor tensor = zeros(count, shape);
  tensor.values = normal_array(tensor.values.size(), seed);
  return tensor;
}

/// Shuffled numbers evenly spaced over (-2, 2): no two are near each other, none is near 0, the
/// kink of a relu.
inline Tensor spaced_tensor(int count, const Shape& shape, std::uint64_t seed) {
  Tensor tensor = zeros(count, shape);
  const std::size_t size = tensor.values.size();
  const auto places = permutation({.seed = seed}, static_cast<std::uint32_t>(size));
  const double spacing = 4.0 / static_cast<double>(2 * size);
  for (std::size_t i = 0; i < size; ++i) {
    tensor.values[i] = -2 + spacing * (2 * places[i] + (size % 2 == 0 ? 1 : 0.5));
  }
  return tensor;
}

/// The sum of x[i] y[i]: with a fixed y of order 1, an objective whose gradient at x is y.
inline double inner(const std::vector<double>& x, const std::vector<double>& y) {
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) sum += x[i] * y[i];
  return sum;
}

/// Whether each number is NaN.
inline std::vector<bool> nan_mask(const std::vector<double>& values) {
  std::vector<bool> mask;
  for (const double x : values) mask.push_back(std::isnan(x));
  return mask;
}

/// A body and what is in its units.
struct Text {
  std::string_view body;
  std::string_view order = "conv bn relu";
};

inline network::Network make_network(const Text& text, const Shape& input, int classes = 3) {
  return network::build({.body = notation::parse(text.body, notation::Context::body),
                         .order = notation::parse(text.order, notation::Context::order),
                         .input = input,
                         .classes = classes});
}

inline network::Network make_network(std::string_view body, const Shape& input, int classes = 3) {
  return make_network(Text{.body = body}, input, classes);
}

/// Where y or one of its first two derivatives jumps, so that central differences err by more than
/// the third derivative says.
inline std::vector<double> kinks_of(network::ActivationKind kind) {
  using network::ActivationKind;
  switch (kind) {
    case ActivationKind::relu:
    case ActivationKind::leaky:
    case ActivationKind::prelu:
    case ActivationKind::elu:
    case ActivationKind::softsign:
    case ActivationKind::sign:
      return {0};
    case ActivationKind::hardswish:
      return {-3, 3};
    default:
      return {};
  }
}

/// Random values for every parameter, also those that start at 0 and 1; variances in [0.5, 1.5).
inline Arrays random_values(const network::Network& network, std::uint64_t seed) {
  Arrays values;
  for (const network::Parameter& parameter : network.parameters) {
    const auto size = static_cast<std::size_t>(parameter.size());
    std::vector<double>& array =
        values.emplace_back(normal_array(size, 1000 * seed + values.size()));
    const double fan_in =
        static_cast<double>(parameter.size()) / static_cast<double>(parameter.dimensions[0]);
    for (std::size_t i = 0; i < size; ++i) {
      if (parameter.kind == network::ParameterKind::weight) array[i] *= std::sqrt(2 / fan_in);
      if (parameter.kind == network::ParameterKind::running_variance) {
        array[i] = 0.5 + uniform({.seed = seed}, i);
      }
    }
  }
  return values;
}

/// Labels 0, 1, ..., classes - 1, 0, ...
inline std::vector<std::int32_t> cyclic_labels(int count, int classes) {
  std::vector<std::int32_t> labels;
  for (int n = 0; n < count; ++n) labels.push_back(n % classes);
  return labels;
}

}  // namespace whichfirst::reference
