// What tests of our own convolutions have in common: what a plan runs, and the reference's
// gradients.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>

#include "engine/networks.h"
#include "reference/pass.h"

namespace whichfirst::engine {

/// "units.1.conv forward own:direct".
inline std::vector<std::string> lines_of(const std::vector<PlannedPrimitive>& primitives) {
  std::vector<std::string> lines;
  for (const PlannedPrimitive& primitive : primitives) {
    lines.push_back(primitive.stage + " " + primitive.what + " " + primitive.implementation);
  }
  return lines;
}

/// What a relu makes of numbers.
inline std::vector<float> cut_below_zero(std::vector<float> numbers) {
  for (float& number : numbers) number = std::max(number, 0.0F);
  return numbers;
}

/// Within 1e-4 of each gradient, or of a hundredth of the largest where it is smaller.
inline void expect_gradients(const network::Network& network, const network::Values& found,
                             const reference::Pass& wanted) {
  double largest = 0;
  for (const auto& gradient : wanted.gradients) largest = std::max(largest, norm(gradient));
  for (std::size_t i = 0; i < network.parameters.size(); ++i) {
    if (!network.parameters[i].is_trained()) continue;
    ASSERT_EQ(found[i].size(), wanted.gradients[i].size()) << network.parameters[i].name;
    std::vector<double> difference(found[i].begin(), found[i].end());
    for (std::size_t j = 0; j < difference.size(); ++j) difference[j] -= wanted.gradients[i][j];
    EXPECT_LE(norm(difference), 1e-4 * std::max(norm(wanted.gradients[i]), 1e-2 * largest))
        << network.parameters[i].name;
  }
}

}  // namespace whichfirst::engine
