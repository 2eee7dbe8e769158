#include "stats/interval.h"

#include <gmock/gmock.h>

#include <cmath>
#include <vector>

#include "stats/student.h"

namespace whichfirst::stats {
namespace {

using ::testing::Eq;
using ::testing::Optional;

/// One vector of the stopping rule: the ends of its interval with a given critical value, plain and
/// guarded, from 40-digit arithmetic.
struct Vector {
  const char* name;
  std::vector<double> differences;
  double resolution;
  double critical;
  Interval plain;
  Interval guarded;
};

std::vector<double> ramp(int n) {
  std::vector<double> values;
  for (int i = 1; i <= n; ++i) values.push_back((37 * i % 61 - 30) / 50.0);
  return values;
}

std::vector<Vector> vectors() {
  const std::vector<double> v1 = {.31, .12, .45, .22, .38, .27};
  std::vector<double> v9;
  for (const double d : {.25, .5, .75, .5, 1.0, 0.0, .25, 1.0}) v9.push_back(1e6 + d);
  return {
      {"V1", v1, 0, 4.419288566, {.080828569, .502504765}, {.036375460, .502504765}},
      {"V2",
       {.02, -.05, .04, .01, -.03, .06, -.02, .03},
       0,
       4.034487768,
       {-.046278159, .061278159},
       {-.064343788, .061278159}},
      {"V3",
       {.10, .15, .05, .12, .08, 1.20, .11, .09, .14, .07},
       0,
       3.603978255,
       {-.186580860, .608580860},
       {-.186580860, 2.198904298}},
      {"V4",
       {-.9, -1.4, -.7, -1.1, -1.6, -.8, -1.2, -1.0, -1.3},
       0,
       3.792341635,
       {-1.482061470, -.740160752},
       {-1.588471027, -.740160752}},
      {"V5", v1, 0, 5.711578048, {.019175238, .564158095}, {-.057261368, .564158095}},
      {"V6",
       std::vector<double>(6, .01),
       .01,
       4.419288566,
       {-.008041670, .028041670},
       {-.008041670, .028041670}},
      {"V7",
       std::vector<double>(9, 0.0),
       .01,
       3.792341635,
       {-.012641139, .012641139},
       {-.012641139, .012641139}},
      {"V8",
       {1.2, -.4, .8, 2.1, .3, 1.7, -.9, 1.1, .6, 1.4, .2, .9},
       0,
       2.905802316,
       {.031518041, 1.468481959},
       {-.241876282, 1.468481959}},
      {"V9",
       v9,
       0,
       4.034487768,
       {1000000.011418150, 1000001.051081850},
       {1000000.011418150, 1000001.105117411}},
      {"V10", ramp(30), 0, 2.977237303, {-.179486212, .203486212}, {-.179486212, .206979756}},
      {"V11", ramp(60), 0, 3.212109610, {-.134842045, .154842045}, {-.134842045, .154842045}},
  };
}

TEST(Interval, AgreesWithTheVectorsOfTheStoppingRule) {
  for (const Vector& vector : vectors()) {
    SCOPED_TRACE(vector.name);
    const Moments moments = moments_of(vector.differences);
    const double sd = deciding_sd(moments, Rule{.resolution = vector.resolution});
    const double q = vector.critical / std::sqrt(static_cast<double>(moments.count));
    const Interval plain = mean_interval(*moments.mean, sd, q);
    EXPECT_NEAR(plain.lower, vector.plain.lower, 2e-9);
    EXPECT_NEAR(plain.upper, vector.plain.upper, 2e-9);
    const Interval guarded = guarded_interval(*moments.mean, sd, q, moments.skewness.value_or(0));
    EXPECT_NEAR(guarded.lower, vector.guarded.lower, 2e-9);
    EXPECT_NEAR(guarded.upper, vector.guarded.upper, 2e-9);
  }
}

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
    if (intervals && decide(intervals->plain, rule) != Verdict::undecided) {
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
