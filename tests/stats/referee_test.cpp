#include "stats/referee.h"

#include <gmock/gmock.h>

#include <cmath>
#include <stdexcept>
#include <vector>

namespace whichfirst::stats {
namespace {

using ::testing::DoubleNear;
using ::testing::Eq;
using ::testing::Optional;

Rule automatic(std::optional<double> margin, Location location = Location::mean) {
  return {
      .margin = margin, .location = location, .stopping = Stopping::automatic, .max_pairs = 100};
}

/// What the rule says of a sample.
struct Answer {
  Interval interval;
  Verdict verdict;
};

/// One vector of the rule, from 40-digit arithmetic and independently computed critical values.
struct Vector {
  const char* name;
  std::vector<double> differences;
  Rule rule;
  double critical;
  Answer plain;
  Answer guarded;
};

std::vector<double> ramp(int n) {
  std::vector<double> values;
  for (int i = 1; i <= n; ++i) values.push_back((37 * i % 61 - 30) / 50.0);
  return values;
}

std::vector<double> a_million_away() {
  std::vector<double> values;
  for (const double d : {.25, .5, .75, .5, 1.0, 0.0, .25, 1.0}) values.push_back(1e6 + d);
  return values;
}

const std::vector<double> kV1 = {.31, .12, .45, .22, .38, .27};

std::vector<Vector> vectors() {
  constexpr Verdict better = Verdict::better, worse = Verdict::worse,
                    equivalent = Verdict::equivalent, go_on = Verdict::undecided;
  const auto rule = [](double margin, double confidence, int comparisons, double resolution) {
    Rule result = automatic(margin);
    result.confidence = confidence;
    result.comparisons = comparisons;
    result.resolution = resolution;
    return result;
  };
  const Rule quarter = automatic(.25);
  std::vector<Vector> all;
  const auto add = [&](const char* name, const std::vector<double>& differences, const Rule& of,
                       double critical, const Answer& plain, const Answer& guarded) {
    all.push_back({name, differences, of, critical, plain, guarded});
  };
  add("V1", kV1, quarter, 4.419288566, {{.080828569, .502504765}, better},
      {{.036375460, .502504765}, better});
  add("V2", {.02, -.05, .04, .01, -.03, .06, -.02, .03}, quarter, 4.034487768,
      {{-.046278159, .061278159}, equivalent}, {{-.064343788, .061278159}, equivalent});
  add("V3", {.10, .15, .05, .12, .08, 1.20, .11, .09, .14, .07}, quarter, 3.603978255,
      {{-.186580860, .608580860}, go_on}, {{-.186580860, 2.198904298}, go_on});
  add("V4", {-.9, -1.4, -.7, -1.1, -1.6, -.8, -1.2, -1.0, -1.3}, quarter, 3.792341635,
      {{-1.482061470, -.740160752}, worse}, {{-1.588471027, -.740160752}, worse});
  add("V5", kV1, rule(.25, .95, 3, 0), 5.711578048, {{.019175238, .564158095}, better},
      {{-.057261368, .564158095}, go_on});
  add("V6", std::vector<double>(6, .01), rule(.25, .95, 1, .01), 4.419288566,
      {{-.008041670, .028041670}, equivalent}, {{-.008041670, .028041670}, equivalent});
  add("V7", std::vector<double>(9, 0.0), rule(.25, .95, 1, .01), 3.792341635,
      {{-.012641139, .012641139}, equivalent}, {{-.012641139, .012641139}, equivalent});
  add("V8", {1.2, -.4, .8, 2.1, .3, 1.7, -.9, 1.1, .6, 1.4, .2, .9}, rule(.5, .90, 1, 0),
      2.905802316, {{.031518041, 1.468481959}, better}, {{-.241876282, 1.468481959}, go_on});
  add("V9", a_million_away(), quarter, 4.034487768,
      {{1000000.011418150, 1000001.051081850}, better},
      {{1000000.011418150, 1000001.105117411}, better});
  add("V10", ramp(30), automatic(.15), 2.977237303, {{-.179486212, .203486212}, go_on},
      {{-.179486212, .206979756}, go_on});
  add("V11", ramp(60), automatic(.20), 3.212109610, {{-.134842045, .154842045}, equivalent},
      {{-.134842045, .154842045}, equivalent});
  return all;
}

void expect_near(const Interval& ours, const Interval& theirs) {
  EXPECT_NEAR(ours.lower, theirs.lower, 1e-9);
  EXPECT_NEAR(ours.upper, theirs.upper, 1e-9);
}

TEST(Referee, AgreesWithTheVectorsOfTheRuleWithAndWithoutTheGuard) {
  for (const Vector& vector : vectors()) {
    SCOPED_TRACE(vector.name);
    Rule rule = vector.rule;
    const Moments moments = moments_of(vector.differences);
    const Look plain = Referee(rule).look(moments);
    EXPECT_THAT(plain.critical, Optional(DoubleNear(vector.critical, 1e-9)));
    ASSERT_TRUE(plain.intervals);
    expect_near(plain.intervals->plain, vector.plain.interval);
    expect_near(*plain.intervals->guarded, vector.guarded.interval);
    EXPECT_EQ(plain.verdict, vector.plain.verdict);
    rule.guard = Guard::decides;
    EXPECT_EQ(Referee(rule).look(moments).verdict, vector.guarded.verdict);
  }
}

TEST(Referee, KnowsTheMomentsOfTheVectors) {
  const auto all = vectors();
  EXPECT_THAT(moments_of(all[0].differences).sd, Optional(DoubleNear(.116861741672, 1e-12)));
  EXPECT_THAT(moments_of(all[0].differences).skewness, Optional(DoubleNear(-.106040266087, 1e-11)));
  EXPECT_THAT(moments_of(all[2].differences).skewness, Optional(DoubleNear(2.62802909522, 1e-10)));
  EXPECT_THAT(moments_of(all[7].differences).skewness, Optional(DoubleNear(-.384412435093, 1e-11)));
  EXPECT_THAT(moments_of(all[8].differences).sd, Optional(DoubleNear(.364434493428, 1e-12)));
  EXPECT_THAT(moments_of(all[8].differences).skewness, Optional(DoubleNear(.0693301384307, 1e-9)));
}

TEST(Referee, LooksAtAFixedNumberWithStudentsInterval) {
  const Rule rule{.margin = 0.25, .comparisons = 3};
  const Moments moments = moments_of(kV1);
  const Look look = Referee(rule).look(moments);
  const auto student = student_intervals(moments, rule);
  EXPECT_EQ(look.intervals->plain, student->plain);
  EXPECT_EQ(look.intervals->guarded, student->guarded);
  EXPECT_EQ(look.verdict, Verdict::better);
}

// Vector V1 with the row of critical values at the whole error: 3.714313475 at 6 pairs.
TEST(Referee, ReadsEquivalentOffTheShorterIntervalAtTheFullShare) {
  Rule rule = automatic(0.5);
  const Moments moments = moments_of(kV1);
  const Look half = Referee(rule).look(moments);
  EXPECT_EQ(half.verdict, Verdict::better) << "up to .5025";
  EXPECT_FALSE(half.equivalence_intervals);
  rule.equivalence_share = EquivalenceShare::full;
  const Look full = Referee(rule).look(moments);
  EXPECT_EQ(full.intervals->plain, half.intervals->plain);
  EXPECT_EQ(full.critical, half.critical);
  const double half_width = 3.714313475 / std::sqrt(6) * .116861741672;
  EXPECT_NEAR(full.equivalence_intervals->plain.upper, 1.75 / 6 + half_width, 1e-9);
  EXPECT_NEAR(full.equivalence_intervals->plain.lower, 1.75 / 6 - half_width, 1e-9);
  EXPECT_EQ(full.verdict, Verdict::equivalent);
  rule.stopping = Stopping::fixed;
  const Look once = Referee(rule).look(moments);
  EXPECT_NEAR(once.equivalence_intervals->plain.upper,
              1.75 / 6 + 2.015048373 / std::sqrt(6) * .116861741672, 1e-9);
}

constexpr Location kRankLocations[] = {Location::pseudo_median, Location::median};

TEST(RefereeOfRanks, HasNoIntervalBeforeTheEighthPairAndDecidesEqualSignsThen) {
  for (const Location location : kRankLocations) {
    Rule rule = automatic(0.25, location);
    Referee referee(rule);
    EXPECT_EQ(referee.pairs_for_equal_signs(), 8);
    std::vector<double> values;
    for (int n = 0; n < 8; ++n) {
      const Look look = referee.look(values);
      EXPECT_FALSE(look.intervals) << n;
      EXPECT_EQ(look.verdict, Verdict::undecided) << n;
      values.push_back(0.5 + 0.01 * n);
    }
    const Look look = referee.look(values);
    ASSERT_TRUE(look.intervals);
    EXPECT_EQ(look.verdict, Verdict::better);
    EXPECT_NEAR(look.intervals->plain.lower, 0.5, 1e-9);
    EXPECT_NEAR(look.intervals->plain.upper, 0.57, 1e-9);
    EXPECT_FALSE(look.intervals->guarded) << "of a mean only";
    EXPECT_EQ(look.critical, std::nullopt);
    for (const auto& [value, verdict] :
         {std::pair(0.0, Verdict::equivalent), std::pair(0.1, Verdict::equivalent),
          std::pair(1e149, Verdict::better), std::pair(-0.5, Verdict::worse)}) {
      EXPECT_EQ(referee.look(std::vector<double>(8, value)).verdict, verdict) << value;
    }
    EXPECT_EQ(Referee(rule).look(std::vector<double>(7, 0.0)).verdict, Verdict::undecided);
  }
}

TEST(RefereeOfRanks, OfAFixedNumberDecidesFromTheSixthPairOn) {
  for (const Location location : kRankLocations) {
    const Rule rule{.margin = 0.25, .location = location};
    Referee referee(rule);
    EXPECT_FALSE(referee.look(std::vector{.3, .4, .5, .6, .7}).intervals);
    EXPECT_EQ(referee.look(std::vector{.3, .4, .5, .6, .7, .8}).verdict, Verdict::better);
    EXPECT_EQ(referee.look(std::vector{.3, .4, .5, .6, .7, -.8}).verdict, Verdict::undecided);
  }
}

TEST(RefereeOfRanks, IsNotMovedByOneHugeDifference) {
  std::vector<double> values(29, 0.0);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = 0.3 + 0.01 * static_cast<double>(i);
  values.push_back(-1e6);
  Rule rule = automatic(std::nullopt);
  EXPECT_EQ(Referee(rule).look(values).verdict, Verdict::undecided);
  for (const Location location : kRankLocations) {
    rule.location = location;
    EXPECT_EQ(Referee(rule).look(values).verdict, Verdict::better);
  }
}

TEST(RefereeOfRanks, RefusesDifferencesThatAreNotFinite) {
  for (const Location location : kRankLocations) {
    Rule rule = automatic(0.25, location);
    Referee referee(rule);
    for (const double wrong : {std::nan(""), HUGE_VAL, -HUGE_VAL}) {
      std::vector<double> values(9, 0.5);
      values[3] = wrong;
      EXPECT_THROW(referee.look(values), std::logic_error);
      EXPECT_THROW(referee.more_pairs(values, 30), std::logic_error);
    }
    EXPECT_THROW(referee.look(moments_of(std::vector<double>(9, 0.5))), std::logic_error);
  }
}

TEST(RefereeOfRanks, ForecastsWhatTheSamplesSharesWouldSay) {
  const std::vector<double> leaning = {-.9, -.5, -.3, -.1, .1, .2, .4, .6, .7, .9, 1.1, 1.4};
  for (const Location location : kRankLocations) {
    for (const Stopping stopping : {Stopping::fixed, Stopping::automatic}) {
      Rule rule = automatic(0.25, location);
      rule.stopping = stopping;
      Referee referee(rule);
      ASSERT_EQ(referee.look(leaning).verdict, Verdict::undecided);
      const auto more = referee.more_pairs(leaning, 100);
      ASSERT_TRUE(more);
      EXPECT_GT(*more, 0);
      EXPECT_LT(*more, 100);
      EXPECT_EQ(referee.more_pairs(std::vector<double>(9, 1.0), 100), 0);
      EXPECT_EQ(referee.more_pairs(std::vector<double>{}, 100), std::nullopt);
      EXPECT_EQ(referee.more_pairs(std::vector{1.0}, 100), std::nullopt);
      const std::vector<double> hopeless = {-5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5};
      EXPECT_EQ(referee.more_pairs(hopeless, 40).value_or(1000) > 29, true);
    }
    Rule rule = automatic(0.25, location);
    EXPECT_THAT(Referee(rule).more_pairs(std::vector<double>(3, 0.5), 30), Optional(5));
    EXPECT_EQ(Referee(rule).more_pairs(std::vector<double>(3, 0.5), 7), std::nullopt);
  }
}

TEST(RefereeOfRanks, LooksAtAThousandPairs) {
  for (const Location location : kRankLocations) {
    Rule rule = automatic(0.25, location);
    rule.stopping = Stopping::fixed;
    const auto look = Referee(rule).look(ramp(1000));
    ASSERT_TRUE(look.intervals);
    EXPECT_LT(look.intervals->plain.upper - look.intervals->plain.lower, 0.2);
  }
}

TEST(Referee, RefusesRulesThatContradictThemselves) {
  Rule guarded = automatic(0.25, Location::median);
  guarded.guard = Guard::decides;
  EXPECT_THROW(Referee{guarded}, std::logic_error);
  Rule long_one = automatic(0.25, Location::pseudo_median);
  long_one.max_pairs = 1000;
  EXPECT_NO_THROW(Referee{long_one});
  long_one.max_pairs = 1001;
  EXPECT_THROW(Referee{long_one}, std::logic_error);
  EXPECT_THROW(Referee(Rule{.confidence = 0.5, .equivalence_share = EquivalenceShare::full}),
               std::logic_error);
}

TEST(Referee, SaysNothingBelowTheFirstLook) {
  Referee referee(automatic(0.25));
  for (int n = 0; n < 6; ++n) {
    const Look look = referee.look(moments_of(std::vector<double>(static_cast<std::size_t>(n), 1)));
    EXPECT_EQ(look.verdict, Verdict::undecided);
    EXPECT_EQ(look.critical, std::nullopt);
    EXPECT_FALSE(look.intervals);
  }
}

TEST(Referee, DecidesEqualDifferencesByTheirSignsFromTheEighthPairOn) {
  Referee referee(automatic(0.25));
  EXPECT_EQ(referee.pairs_for_equal_signs(), 8);
  for (const auto& [value, verdict] :
       {std::pair(0.0, Verdict::equivalent), std::pair(0.1, Verdict::equivalent),
        std::pair(0.5, Verdict::better), std::pair(-0.5, Verdict::worse)}) {
    const Look seven = referee.look(moments_of(std::vector<double>(7, value)));
    EXPECT_EQ(seven.verdict, Verdict::undecided);
    EXPECT_FALSE(seven.intervals);
    const Look eight = referee.look(moments_of(std::vector<double>(8, value)));
    EXPECT_EQ(eight.verdict, verdict) << value;
    EXPECT_EQ(eight.intervals->plain, (Interval{value, value}));
    EXPECT_EQ(eight.critical, std::nullopt);
  }
  EXPECT_EQ(Referee(automatic(std::nullopt)).look(moments_of(std::vector<double>(20, 0.0))).verdict,
            Verdict::undecided);
  // 2^-8 > S(8) = .025/3 64/289, 2^-9 < S(9).
  Rule three = automatic(0.25);
  three.comparisons = 3;
  EXPECT_EQ(Referee(three).pairs_for_equal_signs(), 9);
}

TEST(Referee, CallsAConstantShiftBetterWhateverItsSize) {
  Referee referee(automatic(0.25));
  for (const double shift : {0.3, 1e-300 + 0.26, 1e8, 1e149}) {
    EXPECT_EQ(referee.look(moments_of(std::vector<double>(8, shift))).verdict, Verdict::better);
  }
}

TEST(Referee, SpendsAllOfTheErrorByAMaximumThatIsFinal) {
  Rule rule = automatic(std::nullopt);
  rule.max_pairs = 30;
  rule.horizon = Horizon::max_pairs;
  const Look look = Referee(rule).look(moments_of(ramp(30)));
  EXPECT_THAT(look.critical, Optional(DoubleNear(2.626782346, 1e-9)));
}

TEST(Referee, KnowsThatLowerIsBetterForALoss) {
  Rule rule = automatic(0.25);
  rule.direction = Direction::lower_is_better;
  EXPECT_EQ(Referee(rule).look(moments_of(kV1)).verdict, Verdict::worse);
}

/// The slow twin: one more pair at a time.
std::optional<int> count_up(Referee& referee, const Moments& moments, int most) {
  for (Moments at = moments; at.count <= most; ++at.count) {
    if (referee.look(at).verdict != Verdict::undecided) return at.count - moments.count;
  }
  return std::nullopt;
}

TEST(RefereeForecast, IsTheSmallestNumberThatDecidesWithinTheMaximum) {
  for (const std::optional<double> margin : {std::optional<double>(), std::optional(0.5)}) {
    for (const Guard guard : {Guard::shown, Guard::decides}) {
      Rule rule = automatic(margin);
      rule.guard = guard;
      Referee referee(rule);
      for (const double mean : {0.0, 0.1, -0.3, 0.5, 2.0}) {
        for (const int n : {2, 5, 6, 29, 30, 31, 100}) {
          const Moments moments{.count = n, .mean = mean, .sd = 1.0, .skewness = 0.8};
          for (const int most : {30, 100}) {
            EXPECT_EQ(referee.more_pairs(moments, most),
                      count_up(referee, moments, std::max(n, most)))
                << mean << " margin " << margin.value_or(-1) << " n " << n << " of " << most;
          }
        }
      }
    }
  }
}

TEST(RefereeForecast, IsNotGivenBelowOneStepOfTheMetric) {
  Rule rule{.margin = .25, .resolution = 2.5};
  const std::vector<double> below = {2.5, -2.5, 0, 2.5, -2.5, 2.5};
  EXPECT_EQ(Referee(rule).more_pairs(below, 0), std::nullopt) << "0.42 points of one image's 2.5";
  EXPECT_NE(Referee(rule).more_pairs(std::vector<double>{10, -2.5, 0, 7.5, -5, 10}, 0),
            std::nullopt);
  rule.margin = 2.5;
  EXPECT_NE(Referee(rule).more_pairs(below, 0), std::nullopt);
}

TEST(RefereeForecast, OfEqualDifferencesIsWhatTheSignsNeed) {
  Referee referee(automatic(0.25));
  EXPECT_THAT(referee.more_pairs(moments_of(std::vector<double>(3, 0.5)), 30), Optional(5));
  EXPECT_THAT(referee.more_pairs(moments_of(std::vector<double>(8, 0.5)), 30), Optional(0));
  EXPECT_EQ(referee.more_pairs(moments_of(std::vector<double>(3, 0.5)), 7), std::nullopt);
  EXPECT_EQ(referee.more_pairs(moments_of(std::vector<double>(1, 0.5)), 30), std::nullopt);
  EXPECT_EQ(referee.more_pairs(moments_of({}), 30), std::nullopt);
}

TEST(Referee, RefusesDifferencesThatAreNotFinite) {
  Referee referee(automatic(0.25));
  for (const double wrong : {std::nan(""), HUGE_VAL}) {
    std::vector<double> values(7, 0.5);
    values[3] = wrong;
    EXPECT_THROW(referee.look(moments_of(values)), std::logic_error);
  }
}

TEST(Referee, RefusesAMaximumBelowTheFirstLook) {
  Rule rule = automatic(0.25);
  rule.max_pairs = 5;
  EXPECT_THROW(Referee{rule}, std::logic_error);
  rule.stopping = Stopping::fixed;
  EXPECT_NO_THROW(Referee{rule});
}

}  // namespace
}  // namespace whichfirst::stats
