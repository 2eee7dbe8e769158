#include <gtest/gtest.h>

#include <cmath>

#include "lab/claims.h"

namespace whichfirst::lab {
namespace {

struct Row {
  double r, zeros, mean, variance, skewness, kurtosis, atom, negative;
};

// SciPy 1.10: scipy.integrate.quad of the powers of max(z + r, 0), and norm.cdf.
constexpr Row kRows[] = {
    {-2, 0.9772499, 0.008490703, 0.005696635, 12.32264, 192.1586, -0.1124953, 0.9777044},
    {-1, 0.8413447, 0.08331547, 0.06839832, 4.115376, 22.93502, -0.3185686, 0.8606658},
    {-0.5, 0.6914625, 0.1977966, 0.1705158, 2.582693, 10.25237, -0.479001, 0.7573478},
    {0, 0.5, 0.3989423, 0.3408451, 1.640561, 5.407639, -0.6833317, 0.6550321},
    {0.5, 0.3085375, 0.6977966, 0.5534407, 1.013871, 3.460208, -0.9379793, 0.5783979},
    {1, 0.1586553, 1.083315, 0.7510878, 0.5821599, 2.760321, -1.249999, 0.5331997},
    {2, 0.02275013, 2.008491, 0.9601964, 0.1248664, 2.750039, -2.049698, 0.5033873},
};

TEST(Theory, OfReluOnNormalValuesIsTheTable) {
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.r);
    for (const double sd : {1.0, 3.0}) {
      const auto relu = rectify({.normal = {.mean = row.r * sd, .sd = sd}});
      ASSERT_TRUE(relu);
      EXPECT_NEAR(relu->zero_share(), row.zeros, 1e-6);
      EXPECT_NEAR(relu->mean() / sd, row.mean, 1e-6);
      EXPECT_NEAR(relu->variance() / (sd * sd), row.variance, 1e-6);
      EXPECT_NEAR(relu->skewness(), row.skewness, 1e-6 * row.skewness);
      EXPECT_NEAR(relu->kurtosis(), row.kurtosis, 1e-6 * row.kurtosis);
      const TheoreticalValues bn = normalise(*relu, {.eps = 0});
      EXPECT_NEAR(*bn.atom(), row.atom, 1e-6);
      EXPECT_NEAR(bn.negative_share(), row.negative, 1e-6);
      EXPECT_NEAR(bn.mean(), 0, 1e-12);
      EXPECT_NEAR(bn.variance(), 1, 1e-12);
      EXPECT_EQ(bn.zero_share(), 0);
    }
  }
}

TEST(Theory, OfBnThenReluDependsOnScaleAndOffsetAlone) {
  const TheoreticalValues normal{.normal = {.mean = 7, .sd = 3}};
  const auto relu = rectify(normalise(normal, {.scale = -2, .offset = 1, .eps = 0}));
  ASSERT_TRUE(relu);
  EXPECT_NEAR(relu->zero_share(), std::erfc(0.5 / std::sqrt(2.0)) / 2, 1e-12);  // Phi(-1/2)
  EXPECT_NEAR(relu->mean(), 2 * 0.6977974, 1e-5);                               // 2 x row r = .5
}

TEST(Theory, OfANegativeScaleMirrors) {
  const auto relu = rectify({.normal = {.mean = 1, .sd = 1}});
  const TheoreticalValues up = normalise(*relu, {.scale = 1});
  const TheoreticalValues down = normalise(*relu, {.scale = -1});
  EXPECT_DOUBLE_EQ(down.skewness(), -up.skewness());
  EXPECT_DOUBLE_EQ(down.kurtosis(), up.kurtosis());
  EXPECT_NEAR(down.negative_share(), 1 - up.negative_share(), 1e-12);
}

TEST(Theory, FarFromTheCutIsTheNormalDistribution) {
  const auto relu = rectify({.normal = {.mean = 1e6, .sd = 1}});
  EXPECT_EQ(relu->zero_share(), 0);
  EXPECT_EQ(relu->variance(), 1);
  EXPECT_EQ(relu->kurtosis(), 3);
}

TEST(Theory, OfAScaleOfZeroIsAConstant) {
  const TheoreticalValues zero = normalise({.normal = {}}, {.scale = 0});
  EXPECT_EQ(zero.zero_share(), 1);
  EXPECT_EQ(zero.negative_share(), 0);
  EXPECT_EQ(zero.variance(), 0);
  const auto relu = rectify({.normal = {}});
  EXPECT_EQ(normalise(*relu, {.scale = 0}).zero_share(), 1);
  EXPECT_EQ(normalise(*relu, {.scale = 0, .offset = 2}).zero_share(), 0);
}

TEST(Theory, KnowsHowManyPassTheRelu) {
  EXPECT_EQ(TheoreticalValues{}.kept_share(), 1);
  // scipy.stats.norm.sf(3)
  EXPECT_NEAR(rectify({.normal = {.mean = -6, .sd = 2}})->kept_share(), 1.349898e-3, 1e-9);
  EXPECT_EQ(rectify({.normal = {.mean = -40}})->kept_share(), 0);
}

TEST(Theory, IsSilentOfASecondReluAndOfAConstant) {
  const auto relu = rectify({.normal = {}});
  EXPECT_FALSE(rectify(*relu));
  EXPECT_FALSE(rectify({.normal = {}, .slope = 0}));
}

}  // namespace
}  // namespace whichfirst::lab
