#include "stats/moments.h"

#include <gmock/gmock.h>

#include <cmath>
#include <vector>

#include "base/random.h"

namespace whichfirst::stats {
namespace {

using ::testing::DoubleEq;
using ::testing::DoubleNear;
using ::testing::Eq;
using ::testing::Optional;

TEST(Moments, SurviveAHugeMean) {
  const Moments moments = moments_of(std::vector{1e8 + 1, 1e8 + 2, 1e8 + 3});
  EXPECT_THAT(moments.mean, Optional(Eq(1e8 + 2)));
  EXPECT_THAT(moments.sd, Optional(Eq(1.0)));
  EXPECT_THAT(moments.skewness, Optional(DoubleNear(0, 1e-15)));
}

TEST(Moments, OfNoneOneAndTwoValuesAreMissingWhereTheyDoNotExist) {
  const Moments none = moments_of({});
  EXPECT_EQ(none.count, 0);
  EXPECT_EQ(none.mean, std::nullopt);
  EXPECT_EQ(none.sd, std::nullopt);
  EXPECT_EQ(none.skewness, std::nullopt);

  const Moments one = moments_of(std::vector{-3.5});
  EXPECT_EQ(one.count, 1);
  EXPECT_THAT(one.mean, Optional(-3.5));
  EXPECT_EQ(one.sd, std::nullopt);

  const Moments two = moments_of(std::vector{-1.0, 3.0});
  EXPECT_THAT(two.mean, Optional(1.0));
  EXPECT_THAT(two.sd, Optional(DoubleEq(std::sqrt(8.0))));
  EXPECT_EQ(two.skewness, std::nullopt);
}

TEST(Moments, OfEqualValuesHaveNoSpreadAndNoSkewness) {
  for (const double value : {0.0, 0.1, -1e8, 1e150}) {
    const Moments moments = moments_of(std::vector<double>(7, value));
    EXPECT_THAT(moments.mean, Optional(DoubleEq(value)));
    EXPECT_THAT(moments.sd, Optional(0.0));
    EXPECT_EQ(moments.skewness, std::nullopt);
  }
}

TEST(Moments, TakeASpreadThatIsRoundingForNone) {
  EXPECT_THAT(moments_of(std::vector{0.3, 0.1 + 0.2, 0.3}).sd, Optional(0.0));
  EXPECT_GT(*moments_of(std::vector{0.3, 0.3 + 1e-11, 0.3}).sd, 0);
}

// By the definition, in units of 1e-165.
TEST(Moments, DoNotUnderflow) {
  const double tiny = 1e-165;
  const std::vector<double> values = {2 * tiny, 3 * tiny, 4 * tiny, 2.5 * tiny, 3.5 * tiny};
  const std::vector<double> others = {1 * tiny, 2 * tiny, 2 * tiny, 1 * tiny, 2.5 * tiny};
  const Moments moments = moments_of(values);
  EXPECT_THAT(*moments.sd / tiny, DoubleNear(0.7905694150420949, 1e-14));
  EXPECT_THAT(moments.skewness, Optional(DoubleNear(0, 1e-12)));
  EXPECT_THAT(correlation(values, others), Optional(DoubleNear(0.8249579113843055, 1e-14)));
}

TEST(Moments, ExistForTheLargestValuesAllowed) {
  const Moments moments = moments_of(std::vector{1e150, -1e150, 1e150, 1e150});
  EXPECT_THAT(moments.mean, Optional(DoubleEq(0.5e150)));
  EXPECT_THAT(moments.sd, Optional(DoubleEq(1e150)));
  EXPECT_THAT(moments.skewness, Optional(DoubleEq(-2 / std::sqrt(3.0))));
}

// The plain tests of m3 / m2^1.5 use this error; the larger one of many packages belongs to the
// skewness corrected for bias.
TEST(Moments, SkewnessErrorIsTheSpreadOfTheSkewnessOfNormalValues) {
  constexpr int kStudies = 20'000;
  for (const int n : {6, 12}) {
    std::vector<double> skewnesses;
    RandomSequence random(RandomKey{.seed = 20250, .role = static_cast<std::uint64_t>(n)});
    for (int study = 0; study < kStudies; ++study) {
      std::vector<double> values;
      for (int i = 0; i < n; ++i) values.push_back(random.normal());
      skewnesses.push_back(*moments_of(values).skewness);
    }
    const double spread = *moments_of(skewnesses).sd;
    EXPECT_THAT(skewness_standard_error(n), Optional(DoubleNear(spread, 0.02 * spread)));
  }
  EXPECT_EQ(skewness_standard_error(2), std::nullopt);
}

TEST(Correlation, IsOneForALineAndMissingForAConstant) {
  const std::vector<double> x = {1e6 + 1, 1e6 + 2, 1e6 + 4};
  EXPECT_THAT(correlation(x, std::vector{-2.0, -4.0, -8.0}), Optional(DoubleNear(-1, 1e-14)));
  EXPECT_EQ(correlation(x, std::vector{5.0, 5.0, 5.0}), std::nullopt);
  EXPECT_EQ(correlation(std::vector{1.0}, std::vector{2.0}), std::nullopt);
  EXPECT_EQ(correlation({}, {}), std::nullopt);
}

}  // namespace
}  // namespace whichfirst::stats
