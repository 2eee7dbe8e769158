#include "stats/interval.h"

#include <gmock/gmock.h>

#include <cmath>
#include <vector>

#include "stats/student.h"

namespace whichfirst::stats {
namespace {

using ::testing::Eq;
using ::testing::Optional;

TEST(Interval, GuardOnlyWidensAndNoMoreThanFiveTimes) {
  for (const double skewness : {-40.0, -1.0, 0.0, 0.3, 1000.0}) {
    const Interval plain = mean_interval(1, 2, 0.5);
    const Interval guarded = guarded_interval(1, 2, 0.5, skewness);
    EXPECT_LE(guarded.lower, plain.lower);
    EXPECT_GE(guarded.upper, plain.upper);
    EXPECT_GE(guarded.lower, 1 - 5);
    EXPECT_LE(guarded.upper, 1 + 5);
  }
}

// Tables of Student's t: 5 and 9 degrees of freedom.
TEST(Student, QuantilesAreThoseOfTheTables) {
  EXPECT_NEAR(student_critical(0.05, 5), 2.5706, 5e-5);
  EXPECT_NEAR(student_critical(0.01, 9), 3.2498, 5e-5);
  EXPECT_NEAR(student_upper_tail(2.5706, 5), 0.025, 1e-6);
  EXPECT_EQ(student_upper_tail(0, 3), 0.5);
}

TEST(StudentIntervals, AreMissingBelowTheMinimumNumberOfPairs) {
  const Rule rule;
  EXPECT_EQ(student_intervals(moments_of({}), rule), std::nullopt);
  EXPECT_EQ(student_intervals(moments_of(std::vector{1.0}), rule), std::nullopt);
  EXPECT_EQ(student_intervals(moments_of(std::vector{1., 2., 3., 4., 5.}), rule), std::nullopt);
  EXPECT_TRUE(student_intervals(moments_of(std::vector{1., 2., 3., 4., 5., 6.}), rule));
}

TEST(StudentIntervals, ShareTheErrorAmongComparisons) {
  const Moments moments = moments_of(std::vector{1., 2., 3., 4., 5., 6.});
  const auto three = student_intervals(moments, Rule{.comparisons = 3});
  const auto strict = student_intervals(moments, Rule{.confidence = 1 - 0.05 / 3});
  EXPECT_EQ(strict, std::nullopt) << "the minimum number of pairs follows the confidence alone";
  EXPECT_NEAR(three->plain.upper - 3.5, student_critical(0.05 / 3, 5) * std::sqrt(3.5 / 6), 1e-12);
}

TEST(StudentIntervals, OfEqualDifferencesNeedEnoughOfThemForTheSign) {
  const Rule three{.comparisons = 3};  // 2^(1-7) <= 0.05 / 3 < 2^(1-6)
  EXPECT_EQ(student_intervals(moments_of(std::vector<double>(6, 0.5)), three), std::nullopt);
  const auto seven = student_intervals(moments_of(std::vector<double>(7, 0.5)), three);
  EXPECT_THAT(seven->plain, Eq(Interval{0.5, 0.5}));
  EXPECT_THAT(seven->guarded, Eq(Interval{0.5, 0.5}));
}

/// The slow twin: one more pair at a time.
std::optional<int> count_up(const Moments& moments, const Rule& rule) {
  for (Moments at = moments; at.count <= 10'000; ++at.count) {
    const auto intervals = student_intervals(at, rule);
    if (intervals && decide(deciding(*intervals, rule), rule) != Verdict::undecided) {
      return at.count - moments.count;
    }
  }
  return std::nullopt;
}

TEST(MorePairs, AreTheSmallestNumberThatDecides) {
  for (const double mean : {0.0, 0.1, -0.3, 1.0}) {
    for (const std::optional<double> margin : {std::optional<double>(), std::optional(0.25)}) {
      for (const int n : {2, 5, 6, 40}) {
        const Moments moments{.count = n, .mean = mean, .sd = 1.0, .skewness = 0.0};
        const Rule rule{.margin = margin};
        EXPECT_EQ(more_pairs_to_decide(moments, rule), count_up(moments, rule))
            << mean << " margin " << margin.value_or(-1) << " n " << n;
      }
    }
  }
}

TEST(MorePairs, AreMoreWhereTheGuardDecides) {
  const Moments skewed{.count = 10, .mean = 0.8, .sd = 1.0, .skewness = -2.0};
  const Rule guarded{.guard = Guard::decides};
  EXPECT_EQ(more_pairs_to_decide(skewed, guarded), count_up(skewed, guarded));
  EXPECT_GT(*more_pairs_to_decide(skewed, guarded), *more_pairs_to_decide(skewed, Rule{}));
}

TEST(MorePairs, AreNoneForADecidedStudyOfAnySize) {
  const Moments many{.count = 20'000, .mean = 1.0, .sd = 1.0, .skewness = 0.0};
  EXPECT_THAT(more_pairs_to_decide(many, Rule{}), Optional(0));
  const Moments nothing{.count = 20'000, .mean = 0.0, .sd = 1.0, .skewness = 0.0};
  EXPECT_EQ(more_pairs_to_decide(nothing, Rule{}), std::nullopt);
}

TEST(MorePairs, AreUnknownWithoutASpreadToGoBy) {
  const Rule rule{.margin = 0.25};
  EXPECT_EQ(more_pairs_to_decide(moments_of({}), rule), std::nullopt);
  EXPECT_EQ(more_pairs_to_decide(moments_of(std::vector{1.0}), rule), std::nullopt);
}

TEST(MorePairs, OfEqualDifferencesAreThoseThatTheSignNeeds) {
  const Moments three = moments_of(std::vector<double>(3, 0.5));
  EXPECT_THAT(more_pairs_to_decide(three, Rule{}), Optional(3));
  EXPECT_THAT(more_pairs_to_decide(three, Rule{.comparisons = 3}), Optional(4));
  const Moments zeros = moments_of(std::vector<double>(3, 0.0));
  EXPECT_EQ(more_pairs_to_decide(zeros, Rule{}), std::nullopt);
  EXPECT_THAT(more_pairs_to_decide(zeros, Rule{.margin = 0.25}), Optional(3));
}

}  // namespace
}  // namespace whichfirst::stats
