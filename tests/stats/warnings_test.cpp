#include "stats/warnings.h"

#include <gmock/gmock.h>

#include <vector>

#include "stats/power.h"

namespace whichfirst::stats {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;

const Rule kRule = {.margin = 0.25};

Comparison compared(const std::vector<double>& a, const std::vector<double>& b) {
  const std::vector<std::optional<double>> left(a.begin(), a.end());
  const std::vector<std::optional<double>> right(b.begin(), b.end());
  return compare(left, right, {}, {}, kRule);
}

auto kind_is(WarningKind kind) { return Field(&Warning::kind, kind); }

TEST(Warnings, AreNotGivenWhereNothingIsWrong) {
  const auto comparison =
      compared({90.1, 90.4, 90.3, 90.0, 90.2, 90.5}, {88.0, 88.1, 88.16, 87.92, 88.25, 88.3});
  EXPECT_THAT(warnings_of(comparison, kRule), IsEmpty());
  EXPECT_THAT(warnings_of(compared({}, {}), kRule), IsEmpty());
  EXPECT_THAT(warnings_of(compared({90, 91}, {91, 90}), kRule), IsEmpty());
}

// scipy.stats.skew([2.1, 2.0, 2.2, 1.9, 2.05, 2.15, 9.0]) = 2.0352; its error for n = 7 is
// sqrt(6 n (n - 1) / ((n - 2) (n + 1) (n + 3))) = 0.7938.
TEST(Warnings, NameTheSkewnessInItsStandardErrors) {
  const auto comparison = compared({90.1, 90.0, 90.2, 89.9, 90.05, 90.15, 97.0},
                                   {88.0, 88.0, 88.0, 88.0, 88.0, 88.0, 88.0});
  const auto warnings = warnings_of(comparison, kRule);
  ASSERT_THAT(warnings, ElementsAre(kind_is(WarningKind::skewed)));
  EXPECT_NEAR(warnings[0].found * *comparison.skewness_standard_error, *comparison.skewness, 1e-12);
  EXPECT_GT(warnings[0].found, warnings[0].limit);
}

TEST(Warnings, CountTheValuesOfAMetricWithFewSteps) {
  const auto warnings = warnings_of(
      compared({91, 92, 92, 91, 92, 91, 93, 92}, {90, 91, 90, 89, 91, 90, 91, 91}), kRule);
  ASSERT_THAT(warnings, ElementsAre(kind_is(WarningKind::ties)));
  EXPECT_EQ(warnings[0].found, 2);
  EXPECT_EQ(warnings[0].limit, 4);
}

TEST(Warnings, CompareTheMarginWithTheSizeOfTheMetric) {
  const auto warnings = warnings_of(
      compared({1.1, 1.4, 1.3, 1.0, 1.2, 1.5}, {1.0, 1.35, 1.16, 0.92, 1.25, 1.3}), kRule);
  ASSERT_THAT(warnings, ElementsAre(kind_is(WarningKind::wide_margin)));
  // The mean of all twelve is 14.48 / 12.
  EXPECT_NEAR(warnings[0].found, 0.25 * 12 / 14.48, 1e-12);
}

TEST(Warnings, SayThatPairingCosts) {
  const auto comparison =
      compared({90.1, 90.4, 90.3, 90.0, 90.2, 90.5}, {88.3, 88.0, 88.1, 88.41, 88.22, 87.9});
  const auto warnings = warnings_of(comparison, kRule);
  ASSERT_THAT(warnings, ElementsAre(kind_is(WarningKind::negative_correlation)));
  EXPECT_EQ(warnings[0].found, *comparison.correlation);
  EXPECT_LT(*comparison.pairing_gain, 1);
}

TEST(Warnings, SayThatFewPairsCarryTheMean) {
  const Rule rule = {.margin = std::nullopt, .guard = Guard::shown};
  Comparison comparison = compared({90, 90, 90, 90, 90, 90}, {89, 88.5, 88.1, 88.9, 88.3, 88.7});
  comparison.verdict = Verdict::worse;
  const auto warnings = warnings_of(comparison, rule);
  ASSERT_THAT(warnings, ElementsAre(kind_is(WarningKind::carried_by_few)));
  EXPECT_EQ(warnings[0].found, 0);
}

// statsmodels.stats.power.TTestPower: power(0.25 / 0.5, 20, 0.05) = 0.5645044,
// solve_power(0.25 / 0.5, power=0.8) = 33.367 pairs.
TEST(Prospect, IsThePowerOfTheWantedDifference) {
  const Prospect prospect = prospect_of({.mean = 0.25, .sd = 0.5}, 0.8, 20, kRule);
  EXPECT_NEAR(*prospect.power_now, 0.5645044, 1e-6);
  EXPECT_EQ(prospect.pairs_for_difference, 34);
  EXPECT_EQ(prospect.pairs_for_equivalence,
            pairs_for_equivalence({.mean = 0, .sd = 0.5}, 0.8, kRule));
  EXPECT_FALSE(prospect_of({.mean = 0.25, .sd = 0.5}, 0.8, 1, {}).power_now);
  EXPECT_FALSE(prospect_of({.mean = 0.25, .sd = 0.5}, 0.8, 20, {}).pairs_for_equivalence);
}

}  // namespace
}  // namespace whichfirst::stats
