#include "stats/power.h"

#include <gmock/gmock.h>

#include <cmath>
#include <stdexcept>
#include <vector>

#include "base/random.h"
#include "stats/interval.h"

namespace whichfirst::stats {
namespace {

using ::testing::Optional;

TEST(Power, OfNoDifferenceIsTheError) {
  for (const int n : {2, 6, 30, 1000}) {
    EXPECT_NEAR(power_of_difference({.mean = 0, .sd = 3}, n, Rule{}), 0.05, 1e-9) << n;
  }
}

TEST(Power, IsTheSameInBothDirectionsAndGrowsToOne) {
  double before = 0;
  for (const double mean : {0.1, 0.5, 1.0, 3.0, 100.0, 1e12}) {
    const double power = power_of_difference({.mean = mean, .sd = 1}, 10, Rule{});
    EXPECT_NEAR(power, power_of_difference({.mean = -mean, .sd = 1}, 10, Rule{}), 1e-12);
    EXPECT_GE(power, before);
    before = power;
  }
  EXPECT_NEAR(before, 1, 1e-12);
}

TEST(Power, OfEquivalenceIsNothingAtTheMarginAndForAWideSpread) {
  const Rule rule{.margin = 0.25};
  EXPECT_LE(power_of_equivalence({.mean = 0.25, .sd = 0.1}, 30, rule), 0.025);
  EXPECT_EQ(power_of_equivalence({.mean = 0, .sd = 10}, 6, rule), 0);
  EXPECT_NEAR(power_of_equivalence({.mean = 0, .sd = 0.01}, 10, rule), 1, 1e-12);
  EXPECT_DOUBLE_EQ(power_of_equivalence({.mean = 0.1, .sd = 0.2}, 12, rule),
                   power_of_equivalence({.mean = -0.1, .sd = 0.2}, 12, rule));
}

TEST(Power, IsTheShareOfStudiesThatDecide) {
  constexpr int kStudies = 5000;
  const Rule rule{.margin = 1.0, .comparisons = 3};
  RandomSequence random(RandomKey{.seed = 7});
  int apart = 0;
  int equivalent = 0;
  for (int study = 0; study < kStudies; ++study) {
    std::vector<double> near_zero, far;
    for (int i = 0; i < 18; ++i) {
      const double noise = random.normal();
      near_zero.push_back(0.1 + noise);
      far.push_back(0.7 + noise);
    }
    apart += leaves_zero_out(student_intervals(moments_of(far), rule)->plain) ? 1 : 0;
    const Interval near_interval = student_intervals(moments_of(near_zero), rule)->plain;
    equivalent += decide(near_interval, rule) == Verdict::equivalent ? 1 : 0;
  }
  EXPECT_NEAR(power_of_difference({.mean = 0.7, .sd = 1}, 18, rule), apart / double{kStudies},
              4 * 0.5 / std::sqrt(kStudies));
  EXPECT_NEAR(power_of_equivalence({.mean = 0.1, .sd = 1}, 18, rule), equivalent / double{kStudies},
              4 * 0.5 / std::sqrt(kStudies));
}

TEST(Pairs, AreTheSmallestNumberWithThePower) {
  const Rule rule{.margin = 0.5};
  for (const double sd : {0.2, 0.7, 2.0}) {
    const Expected expected{.mean = 0.4, .sd = sd};
    const auto apart = pairs_for_difference(expected, 0.8, rule);
    ASSERT_TRUE(apart);
    EXPECT_GE(power_of_difference(expected, *apart, rule), 0.8);
    if (*apart > 6) {
      EXPECT_LT(power_of_difference(expected, *apart - 1, rule), 0.8);
    }
    const Expected none{.mean = 0, .sd = sd};
    const auto equivalent = pairs_for_equivalence(none, 0.8, rule);
    ASSERT_TRUE(equivalent);
    EXPECT_GE(power_of_equivalence(none, *equivalent, rule), 0.8);
    if (*equivalent > 6) {
      EXPECT_LT(power_of_equivalence(none, *equivalent - 1, rule), 0.8);
    }
  }
}

TEST(Pairs, AreNeverFewerThanTheRuleAsksFor) {
  EXPECT_THAT(pairs_for_difference({.mean = 100, .sd = 1}, 0.8, Rule{}), Optional(6));
  EXPECT_THAT(pairs_for_difference({.mean = 1e9, .sd = 1e-9}, 0.999, Rule{.confidence = 0.99}),
              Optional(8));
}

TEST(Pairs, AreNoneWhereNoNumberInReachIsEnough) {
  EXPECT_EQ(pairs_for_difference({.mean = 0, .sd = 1}, 0.8, Rule{}), std::nullopt);
  EXPECT_EQ(pairs_for_difference({.mean = 1e-4, .sd = 1}, 0.8, Rule{}), std::nullopt);
  EXPECT_EQ(pairs_for_equivalence({.mean = 0.25, .sd = 1}, 0.8, Rule{.margin = 0.25}),
            std::nullopt);
  EXPECT_EQ(pairs_for_equivalence({.mean = 0, .sd = 1}, 0.8, Rule{.margin = 0.0}), std::nullopt);
}

// The plan that the stopping rule calls out of reach: a margin of a quarter of the spread.
TEST(Pairs, ForAMarginOfAQuarterOfTheSpreadAreOneHundredAndSeventy) {
  EXPECT_THAT(pairs_for_equivalence({.mean = 0, .sd = 1}, 0.8, Rule{.margin = 0.25}),
              Optional(testing::AllOf(testing::Ge(165), testing::Le(175))));
}

TEST(Power, RefusesOurOwnMistakes) {
  EXPECT_THROW(power_of_difference({.mean = 1, .sd = 0}, 10, Rule{}), std::logic_error);
  EXPECT_THROW(power_of_difference({.mean = NAN, .sd = 1}, 10, Rule{}), std::logic_error);
  EXPECT_THROW(power_of_difference({.mean = 1, .sd = 1}, 1, Rule{}), std::logic_error);
  EXPECT_THROW(power_of_equivalence({.mean = 1, .sd = 1}, 10, Rule{}), std::logic_error);
  EXPECT_THROW(pairs_for_difference({.mean = 1, .sd = 1}, 1.0, Rule{}), std::logic_error);
}

}  // namespace
}  // namespace whichfirst::stats
