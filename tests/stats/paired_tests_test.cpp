#include "stats/paired_tests.h"

#include <gmock/gmock.h>

#include <cmath>
#include <vector>

#include "stats/interval.h"

namespace whichfirst::stats {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::Optional;

TEST(PermutationTest, CountsTheFlipsOfThreeDifferencesByHand) {
  // 1 2 4: of +-1 +-2 +-4 only 7 and -7 reach |7|; of -1 2 4, sum 5: 7 5 -5 -7 do.
  EXPECT_EQ(permutation_test(std::vector{1.0, 2.0, 4.0})->p, 2.0 / 8);
  EXPECT_EQ(permutation_test(std::vector{-1.0, 2.0, 4.0})->p, 4.0 / 8);
  EXPECT_EQ(permutation_test(std::vector{3.0})->p, 1.0);
  EXPECT_EQ(permutation_test({}), std::nullopt);
}

TEST(PermutationTest, IsExactForTwentyAndDrawnForMore) {
  const auto exact = permutation_test(std::vector<double>(20, 0.1));
  EXPECT_EQ(exact->p, std::ldexp(1.0, -19));
  EXPECT_EQ(exact->monte_carlo_error, std::nullopt);
  const auto drawn = permutation_test(std::vector<double>(100, 0.1));
  EXPECT_EQ(drawn->p, 1.0 / 100'001) << "never 0";
  EXPECT_THAT(drawn->monte_carlo_error, Optional(DoubleNear(1e-5, 1e-9)));
}

TEST(PermutationTest, TakesSumsThatDifferByRoundingForEqual) {
  // 0.1 + 0.2 - 0.3 is not 0 in binary; each flip of the whole set must tie with the observed 0.
  EXPECT_EQ(permutation_test(std::vector{0.1, 0.2, -0.3})->p, 1.0);
  // |sum| is 4 steps of 0.1: reached by 2 flips with six equal signs and 12 with five.
  EXPECT_EQ(permutation_test(std::vector{0.1, 0.1, 0.1, 0.1, 0.1, -0.1})->p, (2 + 12) / 64.0);
}

TEST(PermutationTest, OfZerosSaysNothing) {
  EXPECT_EQ(permutation_test(std::vector<double>(6, 0.0))->p, 1.0);
  EXPECT_EQ(permutation_test(std::vector<double>(30, 0.0))->p, 1.0);
}

TEST(PermutationTest, DrawsTheSameFlipsEveryTime) {
  std::vector<double> differences;
  for (int i = 0; i < 30; ++i) differences.push_back(std::sin(i) + 0.2);
  EXPECT_EQ(permutation_test(differences)->p, permutation_test(differences)->p);
}

TEST(WilcoxonTest, SumsRanksByHand) {
  // Ranks 1 2 3, the first negative: W- = 1; P(W <= 1) = 2/8, both sides 4/8.
  EXPECT_THAT(wilcoxon_test(std::vector{-1.0, 2.0, 4.0}), Optional(4.0 / 8));
  EXPECT_THAT(wilcoxon_test(std::vector{1.0, 2.0, 4.0}), Optional(2.0 / 8));
  // Zeros dropped; midranks 1.5 1.5 3 of 1 -1 2: W- = 1.5; sums 0 1.5 1.5 of 8 are that small.
  EXPECT_THAT(wilcoxon_test(std::vector{0.0, 1.0, -1.0, 2.0, 0.0}), Optional(6.0 / 8));
}

TEST(WilcoxonTest, TakesDifferencesThatAgreeToTenDigitsForTied) {
  const std::vector<double> rounded = {90.2 - 90.1, 90.0 - 90.1, 90.3 - 90.1};
  EXPECT_EQ(wilcoxon_test(rounded), wilcoxon_test(std::vector{1.0, -1.0, 2.0}));
}

TEST(WilcoxonTest, SaysNothingOfZerosAndIsMissingWithoutDifferences) {
  EXPECT_THAT(wilcoxon_test(std::vector<double>(8, 0.0)), Optional(1.0));
  EXPECT_EQ(wilcoxon_test({}), std::nullopt);
}

TEST(TTest, IsMissingWithoutASpread) {
  EXPECT_EQ(t_test(moments_of(std::vector<double>(6, 1.0))), std::nullopt);
  EXPECT_EQ(t_test(moments_of(std::vector{1.0})), std::nullopt);
  EXPECT_EQ(t_test(moments_of({})), std::nullopt);
  EXPECT_THAT(t_test(moments_of(std::vector{-1.0, 1.0})), Optional(1.0));
}

TEST(EquivalenceTest, FallsBelowHalfTheErrorExactlyWhereTheIntervalIsInside) {
  for (const double sd : {0.1, 0.2, 0.24, 0.25, 0.3}) {
    for (const int comparisons : {1, 3}) {
      const Rule rule{.margin = 0.25, .comparisons = comparisons};
      const Moments moments{.count = 8, .mean = 0.05, .sd = sd, .skewness = 0.0};
      const bool is_inside =
          decide(student_intervals(moments, rule)->plain, rule) == Verdict::equivalent;
      EXPECT_EQ(*equivalence_test(moments, rule) < error_share(rule) / 2, is_inside) << sd;
    }
  }
}

TEST(EquivalenceTest, UsesTheResolutionAndNeedsAMargin) {
  const Moments equal = moments_of(std::vector<double>(6, 0.01));
  EXPECT_EQ(equivalence_test(equal, Rule{}), std::nullopt);
  EXPECT_EQ(equivalence_test(equal, Rule{.margin = 0.25}), std::nullopt);
  EXPECT_LT(*equivalence_test(equal, Rule{.margin = 0.25, .resolution = 0.01}), 1e-6);
  EXPECT_EQ(equivalence_test(moments_of({}), Rule{.margin = 0.25}), std::nullopt);
}

TEST(Holm, KeepsMissingMissingAndNeverFalls) {
  const std::vector<std::optional<double>> p = {0.04, std::nullopt, 0.01, 0.03};
  EXPECT_THAT(holm_adjusted(p), ElementsAre(Optional(DoubleNear(0.09, 1e-15)), Eq(std::nullopt),
                                            Optional(0.04), Optional(DoubleNear(0.09, 1e-15))));
  EXPECT_THAT(holm_adjusted({}), ElementsAre());
}

TEST(FalseDiscovery, LeavesMissingOnesOut) {
  // Of two tests: 0.01 x 2 x 1.5, 0.5 x 2 x 1.5 / 2.
  EXPECT_THAT(false_discovery_adjusted(std::vector<std::optional<double>>{0.5, {}, 0.01}),
              ElementsAre(Optional(DoubleNear(0.75, 1e-15)), Eq(std::nullopt),
                          Optional(DoubleNear(0.03, 1e-15))));
  EXPECT_THAT(false_discovery_adjusted({}), ElementsAre());
}

TEST(PlainComparison, HasNoIntervalWithoutASpread) {
  const std::vector<double> constant = {2, 2, 2, 2};
  EXPECT_EQ(compare_plainly(constant, 0.95).interval, std::nullopt);
  EXPECT_EQ(compare_plainly(constant, 0.95).p, 0.125);
  const std::vector<double> zeros = {0, 0, 0};
  EXPECT_EQ(compare_plainly(zeros, 0.95).p, std::nullopt);
  const std::vector<double> one = {5};
  EXPECT_EQ(compare_plainly(one, 0.95).p, std::nullopt);
  EXPECT_EQ(compare_plainly(one, 0.95).mean, 5);
}

TEST(PlainComparison, IsStudents) {
  // scipy.stats.ttest_1samp([1, 2, 3, 4], 0), .confidence_interval(0.95)
  const std::vector<double> differences = {1, 2, 3, 4};
  const PlainComparison found = compare_plainly(differences, 0.95);
  EXPECT_NEAR(found.p.value(), 0.03047, 1e-5);
  EXPECT_NEAR(found.interval->lower, 0.4457397, 1e-6);
  EXPECT_NEAR(found.interval->upper, 4.5542603, 1e-6);
}

}  // namespace
}  // namespace whichfirst::stats
