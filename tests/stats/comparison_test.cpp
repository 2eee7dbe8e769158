#include "stats/comparison.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

#include "base/random.h"

namespace whichfirst::stats {
namespace {

using ::testing::DoubleNear;
using ::testing::HasSubstr;
using ::testing::Optional;
using ::testing::StrEq;

using Values = std::vector<std::optional<double>>;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

auto Says(const std::string& reason) { return Optional(StrEq(reason)); }

/// Differences against an order that always gives 0.
Comparison compare_with_zero(const Values& differences, const Rule& rule, Losses a = {},
                             Losses b = {}) {
  return compare(differences, Values(differences.size(), 0.0), a, b, rule);
}

const Values kClear = {.31, .12, .45, .22, .38, .27};
const Values kNear = {.02, -.05, .04, .01, -.03, .06, -.02, .03};
const Values kWide = {1.0, -1.2, 0.7, -0.4, 1.3, -0.9, 0.2};
const Rule kPoints{.margin = 0.25};

Values negated(Values values) {
  for (auto& value : values) {
    if (value) value = -*value;
  }
  return values;
}

TEST(Compare, CallsAClearDifferenceBetterOrWorse) {
  const Comparison better = compare_with_zero(kClear, kPoints);
  EXPECT_EQ(better.verdict, Verdict::better);
  EXPECT_EQ(better.reason, std::nullopt);
  EXPECT_THAT(better.more_pairs_needed, Optional(0));
  EXPECT_THAT(better.wins_share, Optional(1.0));
  EXPECT_EQ(compare_with_zero(negated(kClear), kPoints).verdict, Verdict::worse);
}

TEST(Compare, FlipsTheReadingAndNotTheNumbersWhereLowerIsBetter) {
  const Rule loss{.margin = 0.25, .direction = Direction::lower_is_better};
  const Comparison comparison = compare_with_zero(kClear, loss);
  EXPECT_EQ(comparison.verdict, Verdict::worse);
  EXPECT_GT(*comparison.mean_diff, 0);
  EXPECT_GT(comparison.interval->lower, 0);
  EXPECT_THAT(comparison.wins_share, Optional(0.0));
  EXPECT_GT(comparison.posterior->worse, comparison.posterior->better);
}

TEST(Compare, CallsASmallDifferenceEquivalentOnlyWithAMargin) {
  const Comparison with = compare_with_zero(kNear, kPoints);
  EXPECT_EQ(with.verdict, Verdict::equivalent);
  EXPECT_FALSE(with.negligible);
  const Comparison without = compare_with_zero(kNear, Rule{});
  EXPECT_EQ(without.verdict, Verdict::undecided);
  EXPECT_EQ(without.p_equivalence, std::nullopt);
  EXPECT_EQ(without.posterior->within_margin, std::nullopt);
  EXPECT_THAT(without.posterior->better + without.posterior->worse, DoubleNear(1, 1e-15));
  EXPECT_THAT(without.reason,
              Says("the interval contains 0, and without a margin nothing is equivalent"));
}

TEST(Compare, SaysWhereAnEquivalentDifferenceIsReal) {
  const Comparison comparison =
      compare_with_zero({.10, .11, .09, .10, .12, .08}, Rule{.margin = 0.25});
  EXPECT_EQ(comparison.verdict, Verdict::equivalent);
  EXPECT_TRUE(comparison.negligible);
}

TEST(Compare, SaysWhatItWouldTakeWhereUndecided) {
  const Comparison comparison = compare_with_zero(kWide, kPoints);
  EXPECT_EQ(comparison.verdict, Verdict::undecided);
  EXPECT_THAT(comparison.reason,
              Says("the interval contains 0 and does not lie inside the margin"));
  EXPECT_GT(*comparison.more_pairs_needed, 0);
}

TEST(Compare, NeedsAMinimumOfPairsAndSaysHowMany) {
  const Comparison none = compare({}, {}, {}, {}, kPoints);
  EXPECT_EQ(none.pairs, 0);
  EXPECT_EQ(none.verdict, Verdict::undecided);
  EXPECT_THAT(none.reason, Says("no complete pair, and 6 are needed at 95 % confidence"));
  EXPECT_EQ(none.mean_diff, std::nullopt);
  EXPECT_EQ(none.p_permutation, std::nullopt);
  EXPECT_EQ(none.p_wilcoxon, std::nullopt);
  EXPECT_EQ(none.wins_share, std::nullopt);
  EXPECT_EQ(none.more_pairs_needed, std::nullopt);
  EXPECT_EQ(none.failure_rate_bound, std::nullopt);

  const Comparison one = compare_with_zero({1.0}, kPoints);
  EXPECT_THAT(one.reason, Says("1 complete pair, and 6 are needed at 95 % confidence"));
  EXPECT_THAT(one.mean_diff, Optional(1.0));
  EXPECT_EQ(one.sd_diff, std::nullopt);
  EXPECT_EQ(one.p_t, std::nullopt);
  EXPECT_EQ(one.posterior, std::nullopt);

  const Comparison five = compare_with_zero({1.0, 1.1, 0.9, 1.0, 1.2}, kPoints);
  EXPECT_EQ(five.interval, std::nullopt);
  EXPECT_EQ(five.guarded_interval, std::nullopt);
  EXPECT_EQ(five.verdict, Verdict::undecided);
  EXPECT_THAT(five.more_pairs_needed, Optional(1));
  EXPECT_TRUE(five.p_t && five.posterior && five.p_equivalence);

  const Comparison strict = compare_with_zero(kClear, Rule{.confidence = 0.999, .margin = 0.25});
  EXPECT_THAT(strict.reason, Says("6 complete pairs, and 11 are needed at 99.9 % confidence"));
}

TEST(Compare, LeavesOutPairsWithASideThatIsMissing) {
  const Values a = {.31, std::nullopt, .12, .45, .22, .38, .27, .5};
  const Values b = {0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, std::nullopt};
  const Comparison comparison = compare(a, b, {}, {}, kPoints);
  EXPECT_EQ(comparison.pairs, 6);
  EXPECT_EQ(comparison.interval, compare_with_zero(kClear, kPoints).interval);
}

TEST(Compare, CountsAValueThatIsNotFiniteAsDivergedOnce) {
  Values a = kNear;
  a.insert(a.end(), {kNan, kInfinity, -1e200});
  const Comparison uncounted = compare_with_zero(a, Rule{.margin = 0.25});
  EXPECT_EQ(uncounted.pairs, 8);
  EXPECT_EQ(uncounted.a, (Losses{.diverged = 3, .failed = 0}));
  EXPECT_EQ(uncounted.verdict, Verdict::undecided);
  const Comparison counted =
      compare_with_zero(a, Rule{.margin = 0.25}, {.diverged = 3, .failed = 1});
  EXPECT_EQ(counted.a, (Losses{.diverged = 3, .failed = 1}));
}

TEST(Compare, IsUndecidedWhereTheFavouredOrderLostMore) {
  const Comparison comparison = compare_with_zero(kClear, kPoints, {.diverged = 2, .failed = 1},
                                                  {.diverged = 0, .failed = 2});
  EXPECT_EQ(comparison.verdict, Verdict::undecided);
  EXPECT_THAT(comparison.reason,
              Says("the pairs in which both trained favour a, but a lost 3 (2 diverged, 1 "
                   "failed) of its trials and b 2 (0 diverged, 2 failed)"));
  EXPECT_EQ(comparison.more_pairs_needed, std::nullopt);
  EXPECT_TRUE(comparison.interval) << "the interval is still printed";

  const Comparison other = compare_with_zero(negated(kClear), kPoints, {}, {.diverged = 1});
  EXPECT_EQ(other.verdict, Verdict::undecided);
  EXPECT_THAT(other.reason, Optional(HasSubstr("favour b, but a lost 0")));
}

TEST(Compare, KeepsTheVerdictWhereTheFavouredOrderLostNoMore) {
  EXPECT_EQ(compare_with_zero(kClear, kPoints, {.diverged = 1}, {.failed = 1}).verdict,
            Verdict::better);
  EXPECT_EQ(compare_with_zero(kClear, kPoints, {}, {.failed = 4}).verdict, Verdict::better);
  EXPECT_EQ(compare_with_zero(negated(kClear), kPoints, {.failed = 4}, {}).verdict, Verdict::worse);
}

TEST(Compare, IsEquivalentOnlyWhereBothLostAsMany) {
  EXPECT_EQ(compare_with_zero(kNear, kPoints, {.diverged = 1}, {.failed = 1}).verdict,
            Verdict::equivalent);
  const Comparison unequal = compare_with_zero(kNear, kPoints, {}, {.failed = 1});
  EXPECT_EQ(unequal.verdict, Verdict::undecided);
  EXPECT_THAT(unequal.reason, Optional(HasSubstr("are equivalent, but a lost 0")));
}

TEST(Compare, TellsTheFailureRateThatIsStillPossible) {
  const Comparison six = compare_with_zero(kClear, kPoints);
  EXPECT_THAT(six.failure_rate_bound, Optional(DoubleNear(0.393, 5e-4)));
  EXPECT_EQ(compare_with_zero(kClear, kPoints, {}, {.failed = 1}).failure_rate_bound, std::nullopt);
}

TEST(Compare, ReadsEqualDifferencesByTheirSign) {
  const char* const equal =
      "all 6 differences are equal: the seed does not seem to change anything";
  const Comparison zeros = compare_with_zero(Values(6, 0.0), kPoints);
  EXPECT_EQ(zeros.verdict, Verdict::equivalent);
  EXPECT_FALSE(zeros.negligible);
  EXPECT_THAT(zeros.interval, Optional(Interval{0, 0}));
  EXPECT_THAT(zeros.reason, Says(equal));
  EXPECT_THAT(zeros.wins_share, Optional(0.5));
  EXPECT_THAT(zeros.p_permutation, Optional(1.0));
  EXPECT_EQ(zeros.correlation, std::nullopt);

  EXPECT_EQ(compare_with_zero(Values(6, 0.0), Rule{}).verdict, Verdict::undecided);
  EXPECT_EQ(compare_with_zero(Values(6, 0.5), kPoints).verdict, Verdict::better);
  EXPECT_EQ(compare_with_zero(Values(6, -0.5), kPoints).verdict, Verdict::worse);
  const Comparison small = compare_with_zero(Values(6, 0.1), kPoints);
  EXPECT_EQ(small.verdict, Verdict::equivalent);
  EXPECT_TRUE(small.negligible);
  EXPECT_EQ(small.p_t, std::nullopt);

  const Comparison three =
      compare_with_zero(Values(6, 0.5), Rule{.margin = 0.25, .comparisons = 3});
  EXPECT_EQ(three.verdict, Verdict::undecided);
  EXPECT_EQ(three.interval, std::nullopt);
  EXPECT_THAT(three.more_pairs_needed, Optional(1));
  EXPECT_THAT(three.reason,
              Says("all 6 differences are equal: the seed does not seem to change anything, and 7 "
                   "are needed to decide by their sign at 95 % confidence over 3 "
                   "comparisons"));
}

TEST(Compare, NeverTakesTheSpreadSmallerThanOneStepOfTheMetric) {
  const Rule images{.margin = 0.25, .resolution = 0.01};
  const Comparison comparison = compare_with_zero(Values(6, 0.01), images);
  EXPECT_EQ(comparison.verdict, Verdict::equivalent);
  EXPECT_THAT(comparison.sd_diff, Optional(0.0));
  // t_5 = 2.570582, over sqrt(6).
  EXPECT_NEAR(comparison.interval->upper, 0.01 + 0.01 * 2.570582 / std::sqrt(6.0), 1e-8);
  EXPECT_EQ(comparison.reason, std::nullopt);
}

TEST(Compare, ShowsTheGuardedIntervalAndTheSkewnessBesideIt) {
  const Comparison comparison =
      compare_with_zero({.10, .15, .05, .12, .08, 1.20, .11, .09, .14, .07}, kPoints);
  EXPECT_THAT(comparison.skewness, Optional(DoubleNear(2.62802909522, 1e-10)));
  EXPECT_GT(*comparison.skewness, 2 * *comparison.skewness_standard_error);
  EXPECT_EQ(comparison.guarded_interval->lower, comparison.interval->lower);
  EXPECT_GT(comparison.guarded_interval->upper, comparison.interval->upper);
}

TEST(Compare, CountsATieAsHalfAWin) {
  EXPECT_THAT(compare_with_zero({1.0, 0.0, -1.0, 2.0}, kPoints).wins_share, Optional(0.625));
}

TEST(Compare, RefusesOurOwnMistakes) {
  EXPECT_THROW(compare(Values(3, 1.0), Values(2, 1.0), {}, {}, kPoints), std::logic_error);
  EXPECT_THROW(compare_with_zero(kClear, Rule{.confidence = 95}), std::logic_error);
  EXPECT_THROW(compare_with_zero(kClear, kPoints, {.diverged = -1}), std::logic_error);
}

const Rule kAutomatic{.margin = 0.25, .stopping = Stopping::automatic, .max_pairs = 12};

TEST(CompareAutomatically, DecidesByTheRepeatedIntervalAndShowsStudents) {
  const Comparison comparison = compare_with_zero(kClear, kAutomatic);
  EXPECT_EQ(comparison.verdict, Verdict::better);
  EXPECT_THAT(comparison.critical, Optional(DoubleNear(4.419288566, 1e-9)));
  EXPECT_NEAR(comparison.interval->lower, .080828569, 1e-9);
  EXPECT_EQ(comparison.looks, 1);
  EXPECT_FALSE(comparison.goes_on);
  const Comparison fixed = compare_with_zero(kClear, kPoints);
  EXPECT_EQ(comparison.student_interval, fixed.interval);
  EXPECT_EQ(fixed.student_interval, fixed.interval);
  EXPECT_EQ(comparison.p_t, fixed.p_t);
  EXPECT_THAT(comparison.more_pairs_needed, Optional(0));
}

TEST(CompareAutomatically, LeavesOutWhatCameAfterTheVerdict) {
  Values values = kClear;
  values.insert(values.end(), {std::nullopt, -7.0, 3.0});
  const Comparison comparison = compare_with_zero(values, kAutomatic, {.failed = 1});
  const Comparison at_verdict = compare_with_zero(kClear, kAutomatic);
  EXPECT_EQ(comparison.verdict, Verdict::better) << "decided is decided";
  EXPECT_EQ(comparison.replicates, 6);
  EXPECT_EQ(comparison.pairs, 6);
  EXPECT_EQ(comparison.interval, at_verdict.interval);
  EXPECT_EQ(comparison.mean_diff, at_verdict.mean_diff);
  EXPECT_EQ(comparison.wins_share, at_verdict.wins_share);
  EXPECT_EQ(comparison.a.failed, 1) << "as passed";
}

TEST(CompareAutomatically, GoesOnUntilTheMaximum) {
  const Comparison open = compare_with_zero(kWide, kAutomatic);
  EXPECT_EQ(open.verdict, Verdict::undecided);
  EXPECT_TRUE(open.goes_on);
  EXPECT_EQ(open.looks, 2);
  EXPECT_EQ(open.more_pairs_needed, std::nullopt) << "not within the maximum";
  EXPECT_THAT(open.reason, Says("the interval contains 0 and does not lie inside the margin"));
  Values twelve = kWide;
  twelve.insert(twelve.end(), {0.3, -0.8, 0.9, -0.1, 0.2, 5.0, 6.0});
  const Comparison full = compare_with_zero(twelve, kAutomatic);
  EXPECT_EQ(full.replicates, 12) << "the maximum, not all that was passed";
  EXPECT_FALSE(full.goes_on);
  EXPECT_EQ(full.verdict, Verdict::undecided);
  const Comparison none = compare({}, {}, {}, {}, kAutomatic);
  EXPECT_TRUE(none.goes_on);
  EXPECT_EQ(none.looks, 0);
  EXPECT_THAT(none.reason, Says("no complete pair, and 6 are needed at 95 % confidence"));
}

TEST(CompareAutomatically, ForecastsWithinTheMaximumAndItsLostPairs) {
  const Values six = {.9, -.2, 1.1, .3, .8, .5};
  const Comparison comparison = compare_with_zero(six, kAutomatic);
  ASSERT_TRUE(comparison.goes_on);
  ASSERT_THAT(comparison.more_pairs_needed, Optional(testing::Gt(0)));
  Rule tight = kAutomatic;
  tight.max_pairs = 6 + *comparison.more_pairs_needed;
  EXPECT_EQ(compare_with_zero(six, tight).more_pairs_needed, comparison.more_pairs_needed);
  Values with_a_lost_pair = six;
  with_a_lost_pair.push_back(std::nullopt);
  EXPECT_EQ(compare(with_a_lost_pair, Values(7, std::nullopt), {.failed = 7}, {}, tight).pairs, 0);
  Values zeros(7, 0.0);
  zeros.back() = std::nullopt;
  EXPECT_EQ(compare(with_a_lost_pair, zeros, {.failed = 1}, {.failed = 1}, tight).more_pairs_needed,
            std::nullopt);
}

TEST(CompareAutomatically, GoesOnWhereTheFavouredOrderLostMore) {
  Values values = {std::nullopt};
  values.insert(values.end(), kClear.begin(), kClear.end());
  const Comparison comparison = compare_with_zero(values, kAutomatic, {.failed = 1});
  EXPECT_EQ(comparison.verdict, Verdict::undecided);
  EXPECT_TRUE(comparison.goes_on);
  EXPECT_EQ(comparison.more_pairs_needed, std::nullopt);
  EXPECT_THAT(comparison.reason, Says("the pairs in which both trained favour a, but a "
                                      "lost 1 of its trials and b 0"));
}

TEST(CompareAutomatically, ReadsEqualDifferencesByTheirSignFromTheEighthOn) {
  const Comparison seven = compare_with_zero(Values(7, 0.0), kAutomatic);
  EXPECT_EQ(seven.verdict, Verdict::undecided);
  EXPECT_TRUE(seven.goes_on);
  EXPECT_THAT(seven.reason,
              Says("all 7 differences are equal: the seed does not seem to change anything, and 8 "
                   "are needed to decide by their sign at 95 % confidence"));
  EXPECT_THAT(seven.more_pairs_needed, Optional(1));
  const Comparison eight = compare_with_zero(Values(8, 0.0), kAutomatic);
  EXPECT_EQ(eight.verdict, Verdict::equivalent);
  EXPECT_EQ(eight.looks, 3);
  EXPECT_THAT(eight.reason,
              Says("all 8 differences are equal: the seed does not seem to change anything"));
}

TEST(CompareAutomatically, AgreesWithATableThatIsShared) {
  Referee referee(kAutomatic);
  for (const Values& values : {kWide, kClear, kNear}) {
    const Comparison shared =
        compare(values, Values(values.size(), 0.0), Losses{}, Losses{}, referee);
    EXPECT_EQ(shared.interval, compare_with_zero(values, kAutomatic).interval);
  }
}

TEST(Compare, LetsTheGuardDecideWhereTheRuleSaysSo) {
  const Values skewed = {1.2, -.4, .8, 2.1, .3, 1.7, -.9, 1.1, .6, 1.4, .2, .9};
  Rule rule{.confidence = 0.90, .margin = 0.5, .stopping = Stopping::automatic};
  rule.max_pairs = 12;
  EXPECT_EQ(compare_with_zero(skewed, rule).verdict, Verdict::better);
  EXPECT_THAT(compare_with_zero(skewed, rule).guarded_verdict, Optional(Verdict::undecided));
  rule.guard = Guard::decides;
  const Comparison guarded = compare_with_zero(skewed, rule);
  EXPECT_EQ(guarded.verdict, Verdict::undecided);
  EXPECT_EQ(guarded.interval, guarded.guarded_interval);

  const Rule fixed{.confidence = 0.90, .margin = 0.5, .guard = Guard::decides};
  const Comparison once = compare_with_zero(skewed, fixed);
  EXPECT_EQ(once.interval, once.guarded_interval);
  EXPECT_LT(once.interval->lower, once.student_interval->lower);
}

TEST(CompareByRanks, SaysWhatItJudgesAndByWhichInterval) {
  Rule rule{.margin = 0.25, .location = Location::pseudo_median};
  const Comparison ranks = compare_with_zero(kClear, rule);
  EXPECT_EQ(ranks.verdict, Verdict::better);
  EXPECT_EQ(ranks.location, Location::pseudo_median);
  EXPECT_EQ(ranks.critical, std::nullopt);
  EXPECT_EQ(ranks.guarded_interval, std::nullopt);
  EXPECT_EQ(ranks.guarded_verdict, std::nullopt);
  EXPECT_EQ(ranks.equivalence_interval, std::nullopt);
  EXPECT_EQ(deciding_interval(ranks), ranks.interval);
  EXPECT_NEAR(ranks.interval->lower, .12, 1e-9);
  EXPECT_NEAR(ranks.interval->upper, .45, 1e-9);
  EXPECT_THAT(ranks.more_pairs_needed, Optional(0));
  EXPECT_EQ(ranks.student_interval, compare_with_zero(kClear, kPoints).interval) << "beside it";
  EXPECT_EQ(ranks.p_t, compare_with_zero(kClear, kPoints).p_t);
  rule.location = Location::median;
  const Comparison signs = compare_with_zero(kClear, rule);
  EXPECT_THAT(signs.center, Optional(DoubleNear(.29, 1e-12)));
  EXPECT_EQ(compare_with_zero(negated(kClear), rule).verdict, Verdict::worse);
  EXPECT_EQ(compare_with_zero(kClear, kPoints).center,
            compare_with_zero(kClear, kPoints).mean_diff);
}

TEST(CompareByRanks, SaysWhyItIsUndecided) {
  Rule rule = kAutomatic;
  rule.location = Location::pseudo_median;
  EXPECT_THAT(compare({}, {}, {}, {}, rule).reason,
              Says("no complete pair, and 6 are needed at 95 % confidence"));
  EXPECT_THAT(compare_with_zero({1.0}, rule).reason,
              Says("1 complete pair, and 6 are needed at 95 % confidence"));
  EXPECT_THAT(compare_with_zero({1.0, 2.0}, rule).reason,
              Says("2 complete pairs, and 6 are needed at 95 % confidence"));
  const Comparison seven = compare_with_zero(kWide, rule);
  EXPECT_EQ(seven.interval, std::nullopt);
  EXPECT_THAT(seven.reason, Says("7 complete pairs, and a signed-rank interval needs 8 at "
                                 "95 % confidence"));
  Values nine = kWide;
  nine.insert(nine.end(), {0.1, -0.3});
  EXPECT_THAT(compare_with_zero(nine, rule).reason,
              Says("the signed-rank interval contains 0 and does not lie inside the margin"));
  rule.location = Location::median;
  rule.margin.reset();
  EXPECT_THAT(compare_with_zero(nine, rule).reason,
              Says("the sign interval contains 0, and without a margin nothing is "
                   "equivalent"));
  rule.comparisons = 3;
  EXPECT_THAT(compare_with_zero(kWide, rule).reason,
              Says("7 complete pairs, and a sign interval needs 9 at 95 % confidence over "
                   "3 comparisons"));
  const Comparison zeros = compare_with_zero(Values(7, 0.0), rule);
  EXPECT_THAT(zeros.reason,
              Says("all 7 differences are equal: the seed does not seem to change anything, and 9 "
                   "are needed to decide by their sign at 95 % confidence over 3 "
                   "comparisons"));
}

TEST(CompareByRanks, IsUndecidedWhereAnOrderAlwaysDiverged) {
  for (const Location location : {Location::mean, Location::pseudo_median, Location::median}) {
    for (const Stopping stopping : {Stopping::fixed, Stopping::automatic}) {
      Rule rule = kAutomatic;
      rule.location = location;
      rule.stopping = stopping;
      const Comparison comparison = compare(Values(12, kNan), Values(12, 90.0), {}, {}, rule);
      EXPECT_EQ(comparison.verdict, Verdict::undecided);
      EXPECT_EQ(comparison.pairs, 0);
      EXPECT_EQ(comparison.a.diverged, 12);
      EXPECT_EQ(comparison.center, std::nullopt);
      EXPECT_EQ(comparison.interval, std::nullopt);
      EXPECT_EQ(comparison.more_pairs_needed, std::nullopt);
      EXPECT_THAT(comparison.reason, Says("no complete pair, and 6 are needed at 95 % confidence"));
    }
  }
}

TEST(Compare, ShowsBothIntervalsWhereEquivalenceHasTheFullShare) {
  const Rule full{.margin = 0.5, .equivalence_share = EquivalenceShare::full};
  const Comparison comparison = compare_with_zero(kNear, full);
  EXPECT_EQ(comparison.verdict, Verdict::equivalent);
  ASSERT_TRUE(comparison.interval && comparison.equivalence_interval);
  EXPECT_GT(comparison.equivalence_interval->lower, comparison.interval->lower);
  EXPECT_EQ(deciding_interval(comparison), comparison.equivalence_interval);
  EXPECT_EQ(comparison.interval, compare_with_zero(kNear, Rule{.margin = 0.5}).interval);
  const Comparison better = compare_with_zero(kClear, full);
  EXPECT_EQ(deciding_interval(better).has_value(), true);
  const Comparison open = compare_with_zero(kWide, full);
  EXPECT_THAT(
      open.reason,
      Says("the interval contains 0, and the one for equivalence does not lie inside the margin"));
  // p_equivalence is below the whole error exactly where the shorter interval is inside.
  EXPECT_LT(*comparison.p_equivalence, 0.05);
}

TEST(Compare, NeedsFewerPairsForEquivalenceAtTheFullShare) {
  const Values spread = {.21, -.35, .14, .41, -.23, .36, -.32, .13, -.29, .05};
  Rule rule{.margin = 0.15};
  const auto half = compare_with_zero(spread, rule).more_pairs_needed;
  rule.equivalence_share = EquivalenceShare::full;
  const auto full = compare_with_zero(spread, rule).more_pairs_needed;
  ASSERT_TRUE(half && full);
  EXPECT_LT(*full, *half);
  EXPECT_GT(*full, 0);
}

TEST(Compare, WarnsOfAVerdictThatFewPairsCarry) {
  EXPECT_FALSE(is_skewed(compare_with_zero(kClear, kPoints)));
  EXPECT_FALSE(is_carried_by_few(compare_with_zero(kClear, kPoints)));
  EXPECT_TRUE(
      is_skewed(compare_with_zero({.10, .15, .05, .12, .08, 1.20, .11, .09, .14, .07}, kPoints)));
  EXPECT_FALSE(is_skewed(compare_with_zero(Values(6, 0.5), kPoints)));

  Values few(100, -0.1);
  for (std::size_t i = 0; i < 40; ++i) few[i] = 1.0;
  EXPECT_TRUE(is_carried_by_few(compare_with_zero(few, Rule{})));
  EXPECT_TRUE(is_carried_by_few(compare_with_zero(negated(few), Rule{})));
  EXPECT_FALSE(is_carried_by_few(compare_with_zero({1.0, -1.0}, Rule{})));
}

TEST(Compare, TellsTheEffectSizeAndWhatThePairingSaved) {
  // d = 2, 0, 1, 1: mean 1, variance 2/3; a: 1, 2, 3, 4: 5/3; b: -1, 2, 2, 3: 3.
  const Comparison comparison =
      compare(Values{1.0, 2.0, 3.0, 4.0}, Values{-1.0, 2.0, 2.0, 3.0}, {}, {}, kPoints);
  EXPECT_THAT(comparison.effect_size, Optional(DoubleNear(std::sqrt(1.5), 1e-12)));
  EXPECT_THAT(comparison.pairing_gain, Optional(DoubleNear(7, 1e-12)));
  const Comparison equal = compare_with_zero(Values(6, 0.5), kPoints);
  EXPECT_EQ(equal.effect_size, std::nullopt);
  EXPECT_EQ(equal.pairing_gain, std::nullopt);
}

bool all_finite(const Comparison& c) {
  const auto are_finite = [](const auto&... numbers) {
    return (... && (!numbers || std::isfinite(*numbers)));
  };
  bool result = are_finite(c.mean_diff, c.sd_diff, c.p_t, c.p_permutation, c.p_permutation_error,
                           c.p_wilcoxon, c.wins_share, c.correlation, c.skewness,
                           c.skewness_standard_error, c.p_equivalence, c.failure_rate_bound,
                           c.critical, c.center, c.effect_size, c.pairing_gain);
  for (const auto& interval :
       {c.interval, c.guarded_interval, c.student_interval, c.equivalence_interval}) {
    result = result && (!interval || are_finite(&interval->lower, &interval->upper));
  }
  return result && (!c.posterior || (are_finite(&c.posterior->better, &c.posterior->worse) &&
                                     are_finite(c.posterior->within_margin)));
}

Verdict mirrored(Verdict verdict) {
  if (verdict == Verdict::better) return Verdict::worse;
  if (verdict == Verdict::worse) return Verdict::better;
  return verdict;
}

/// Samples of every length, some with gaps, ties, huge means and no spread.
Values generate(RandomSequence& random, std::size_t n, double offset, double spread) {
  Values values;
  for (std::size_t i = 0; i < n; ++i) {
    const double value = offset + spread * random.normal();
    const std::uint64_t kind = random.below(12);
    values.push_back(kind == 0   ? std::nullopt
                     : kind == 1 ? std::optional(kNan)
                     : kind < 5  ? std::optional(std::round(value))
                                 : std::optional(value));
  }
  return values;
}

TEST(Compare, MirrorsWhenTheOrdersAreSwappedAndIsAlwaysFinite) {
  RandomSequence random(RandomKey{.seed = 20252});
  for (const double offset : {0.0, -3.0, 1e8, 1e149}) {
    for (const double spread : {0.0, 0.01, 1.0, 1e6, 1e149}) {
      for (const std::size_t n : {0U, 1U, 2U, 3U, 6U, 9U, 12U, 24U}) {
        const Values a = generate(random, n, offset, spread);
        const Values b = generate(random, n, random.below(2) == 0 ? offset : 0, spread);
        Rule rule{.margin = random.below(2) == 0 ? std::optional(0.25) : std::nullopt,
                  .direction = random.below(2) == 0 ? Direction::higher_is_better
                                                    : Direction::lower_is_better,
                  .resolution = random.below(2) == 0 ? 0.0 : 0.01,
                  .guard = random.below(2) == 0 ? Guard::shown : Guard::decides,
                  .stopping = random.below(2) == 0 ? Stopping::fixed : Stopping::automatic,
                  .max_pairs = 20};
        if (rule.guard == Guard::shown) rule.location = static_cast<Location>(random.below(3));
        if (random.below(2) == 0) rule.equivalence_share = EquivalenceShare::full;
        const Comparison ours = compare(a, b, {.failed = 1}, {}, rule);
        const Comparison swapped = compare(b, a, {}, {.failed = 1}, rule);
        SCOPED_TRACE(::testing::Message() << n << " about " << offset << " spread " << spread);
        EXPECT_TRUE(all_finite(ours));
        EXPECT_EQ(ours.verdict, mirrored(swapped.verdict));
        EXPECT_EQ(ours.pairs, swapped.pairs);
        EXPECT_EQ(ours.p_t, swapped.p_t);
        EXPECT_EQ(ours.p_permutation, swapped.p_permutation);
        EXPECT_EQ(ours.p_wilcoxon, swapped.p_wilcoxon);
        EXPECT_EQ(ours.p_equivalence, swapped.p_equivalence);
        EXPECT_EQ(ours.more_pairs_needed, swapped.more_pairs_needed);
        EXPECT_EQ(ours.negligible, swapped.negligible);
        if (ours.mean_diff) {
          EXPECT_EQ(*ours.mean_diff, -*swapped.mean_diff);
          EXPECT_NEAR(*ours.wins_share, 1 - *swapped.wins_share, 1e-15);
        }
        if (ours.posterior) {
          EXPECT_EQ(ours.posterior->better, swapped.posterior->worse);
        }
        if (ours.guarded_interval) {
          EXPECT_EQ(ours.guarded_interval->lower, -swapped.guarded_interval->upper);
        }
      }
    }
  }
}

TEST(Compare, OfTinyNumbersSaysWhatItSaysOfThemInAnotherUnit) {
  const double unit = std::ldexp(1.0, -600);  // 2.4e-181, whose square underflows
  Values tiny = kClear;
  for (auto& value : tiny) *value *= unit;
  const Comparison plain = compare_with_zero(kClear, {.margin = 0.25});
  const Comparison scaled = compare_with_zero(tiny, {.margin = 0.25 * unit});
  EXPECT_EQ(scaled.verdict, plain.verdict);
  EXPECT_EQ(scaled.sd_diff, *plain.sd_diff * unit);
  EXPECT_EQ(scaled.interval->lower, plain.interval->lower * unit);
  EXPECT_EQ(scaled.p_t, plain.p_t);
  EXPECT_EQ(scaled.p_permutation, plain.p_permutation);
  EXPECT_EQ(scaled.p_equivalence, plain.p_equivalence);
  EXPECT_EQ(scaled.effect_size, plain.effect_size);
  EXPECT_EQ(scaled.skewness, plain.skewness);
}

}  // namespace
}  // namespace whichfirst::stats
