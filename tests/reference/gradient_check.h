// One check of gradients against central differences, for all stages and whole networks.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

namespace whichfirst::reference {

/// Expects `gradient` to be that of `objective` with respect to `at`, which the objective reads.
///
/// A central difference is wrong by h^2/6 f''' (truncation) and by e A / h (rounding), where e is
/// 2^-52 and A bounds the numbers added up in the objective. The step h = e^(1/3) = 6.1e-6 makes
/// the two alike: 6.1e-12 f''' + 3.7e-11 A, which stays below 1e-8 while f''' and A are below 230.
/// The objectives of these tests are sums of at most 210 terms of order 1, so that this bound and a
/// relative 1e-6 are what two right gradients may differ by. No kink may lie within h of the
/// inputs.
inline void expect_gradient(const std::function<double()>& objective, std::vector<double>& at,
                            const std::vector<double>& gradient, const std::string& what) {
  ASSERT_EQ(at.size(), gradient.size()) << what;
  const double step = std::cbrt(std::numeric_limits<double>::epsilon());
  for (std::size_t i = 0; i < at.size(); ++i) {
    const double start = at[i];
    const double high = start + step;
    const double low = start - step;
    at[i] = high;
    const double above = objective();
    at[i] = low;
    const double below = objective();
    at[i] = start;
    const double difference = (above - below) / (high - low);
    const double scale = std::max(std::abs(difference), std::abs(gradient[i]));
    EXPECT_NEAR(gradient[i], difference, 1e-8 + 1e-6 * scale) << what << ", number " << i;
  }
}

}  // namespace whichfirst::reference
