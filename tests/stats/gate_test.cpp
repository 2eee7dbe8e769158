#include "stats/gate.h"

#include <gmock/gmock.h>

#include "stats/comparison.h"
#include "stats/simulated_study.h"
#include "stats/watch.h"

namespace whichfirst::stats {
namespace {

using Kind = Gate::Kind;
constexpr auto kHigher = Direction::higher_is_better;
constexpr auto kLower = Direction::lower_is_better;

Standing at(double lower, double upper) {
  return {.verdict = Verdict::undecided, .interval = Interval{lower, upper}};
}

TEST(Gate, IsAnsweredByTheSideOfItsBoundThatTheIntervalLiesOn) {
  const Gate not_worse{.kind = Kind::not_worse_by, .by = 0.3};
  EXPECT_EQ(ask(not_worse, at(-0.29, 0.1), kHigher), Answer::holds);
  EXPECT_EQ(ask(not_worse, at(-0.3, 0.1), kHigher), Answer::undecided) << "above, not at";
  EXPECT_EQ(ask(not_worse, at(-0.9, -0.31), kHigher), Answer::fails);
  EXPECT_EQ(ask(not_worse, at(-0.9, -0.2), kHigher), Answer::undecided);
  const Gate better{.kind = Kind::better_by, .by = 1};
  EXPECT_EQ(ask(better, at(1.1, 2), kHigher), Answer::holds);
  EXPECT_EQ(ask(better, at(0.1, 0.9), kHigher), Answer::fails) << "better, but not by 1";
  EXPECT_EQ(ask(better, at(0.1, 2), kHigher), Answer::undecided);
  EXPECT_EQ(ask(better, {}, kHigher), Answer::undecided) << "no interval yet";
}

TEST(Gate, OfALossLooksAtTheOtherEnd) {
  const Gate not_worse{.kind = Kind::not_worse_by, .by = 0.3};
  EXPECT_EQ(ask(not_worse, at(-0.1, 0.29), kLower), Answer::holds);
  EXPECT_EQ(ask(not_worse, at(0.31, 0.9), kLower), Answer::fails);
  EXPECT_EQ(ask({.kind = Kind::better_by, .by = 1}, at(-2, -1.1), kLower), Answer::holds);
}

TEST(Gate, CanAskAboutTheSecondOrder) {
  EXPECT_EQ(ask({.kind = Kind::better_by, .by = 1, .is_of_b = true}, at(-3, -2), kHigher),
            Answer::holds);
  const Standing worse{.verdict = Verdict::worse, .interval = Interval{-3, -2}};
  EXPECT_EQ(ask({.kind = Kind::better, .is_of_b = true}, worse, kHigher), Answer::holds);
  EXPECT_EQ(ask({.kind = Kind::not_worse}, worse, kHigher), Answer::fails);
}

TEST(Gate, ByAWordIsTheVerdict) {
  const auto answer = [](Kind kind, Verdict verdict) {
    return ask({.kind = kind}, {.verdict = verdict, .interval = Interval{1, 2}}, kHigher);
  };
  EXPECT_EQ(answer(Kind::not_worse, Verdict::better), Answer::holds);
  EXPECT_EQ(answer(Kind::not_worse, Verdict::equivalent), Answer::holds);
  EXPECT_EQ(answer(Kind::not_worse, Verdict::worse), Answer::fails);
  EXPECT_EQ(answer(Kind::not_worse, Verdict::undecided), Answer::undecided);
  EXPECT_EQ(answer(Kind::equivalent, Verdict::better), Answer::fails);
  EXPECT_EQ(answer(Kind::worse, Verdict::worse), Answer::holds);
}

TEST(Gate, IsNotAnsweredInFavourOfTheOrderThatLostMoreTrials) {
  Standing lost = at(1, 2);
  lost.lost_a = 1;
  const Gate gate{.kind = Kind::not_worse_by, .by = 0.3};
  EXPECT_EQ(ask(gate, lost, kHigher), Answer::undecided);
  lost.interval = Interval{-2, -1};
  EXPECT_EQ(ask(gate, lost, kHigher), Answer::fails);
  std::swap(lost.lost_a, lost.lost_b);
  EXPECT_EQ(ask(gate, lost, kHigher), Answer::undecided);
}

TEST(Gate, IsNotAnsweredByAVerdictThatWasTakenBack) {
  Comparison comparison;
  comparison.interval = Interval{1, 2};
  comparison.verdict = Verdict::better;
  const Gate gate{.kind = Kind::better_by, .by = 0.5};
  EXPECT_EQ(ask(gate, standing_of(comparison), kHigher), Answer::holds);
  withhold(comparison, "nothing was learnt");
  EXPECT_EQ(comparison.verdict, Verdict::undecided);
  EXPECT_EQ(comparison.reason, "nothing was learnt");
  EXPECT_EQ(ask(gate, standing_of(comparison), kHigher), Answer::undecided);
}

// --- as a rule to stop -----------------------------------------------------------------------

const Rule kRule{.margin = 0.25, .stopping = Stopping::automatic, .max_pairs = 30};

/// The number of pairs at which it ends, at differences of mean `mean` and sd about 1.
int pairs_at(double mean, const std::vector<Gate>& gates, Watch* last = nullptr) {
  static Referee referee(kRule);
  Watch watch(referee, gates);
  for (int i = 0; watch.goes_on(); ++i) watch.add(mean + (i % 2 == 0 ? 1 : -1), 0.0);
  if (last != nullptr) *last = watch;
  return watch.replicates();
}

TEST(GatedWatch, EndsBeforeTheVerdictWhereTheGateIsAnsweredFirst) {
  Referee referee(kRule);
  Watch watch(referee);
  EXPECT_EQ(pairs_at(0, {}), 30) << "nothing to find: no verdict";
  EXPECT_LT(pairs_at(0, {{.kind = Kind::not_worse_by, .by = 2}}, &watch), 10);
  EXPECT_TRUE(watch.is_decided());
  EXPECT_TRUE(watch.is_ended_by_gate());
  EXPECT_EQ(watch.look().verdict, Verdict::undecided);
  EXPECT_GT(watch.look().intervals->plain.lower, -2);
}

TEST(GatedWatch, GoesOnBeyondTheVerdictUntilTheGateIsAnswered) {
  Referee referee(kRule);
  Watch watch(referee);
  const int without = pairs_at(3, {});
  EXPECT_LT(without, 10);
  EXPECT_GT(pairs_at(3, {{.kind = Kind::better_by, .by = 2.2}}, &watch), without);
  EXPECT_TRUE(watch.is_ended_by_gate());
  EXPECT_EQ(watch.look().verdict, Verdict::better);
  EXPECT_GT(watch.look().intervals->plain.lower, 2.2);
}

TEST(GatedWatch, ByAWordEndsWithTheVerdict) {
  Referee referee(kRule);
  Watch watch(referee);
  EXPECT_EQ(pairs_at(3, {{.kind = Kind::not_worse}}, &watch), pairs_at(3, {}));
  EXPECT_FALSE(watch.is_ended_by_gate());
}

TEST(GatedWatch, ForecastsThePairsUntilItsGateIsAnswered) {
  Referee referee(kRule);
  Watch watch(referee, {{.kind = Kind::not_worse_by, .by = 2}});
  for (int i = 0; i < 4; ++i) watch.add(i % 2 == 0 ? 1 : -1, 0.0);
  const auto more = watch.more_pairs();
  ASSERT_TRUE(more);
  EXPECT_NEAR(4 + *more, pairs_at(0, {{.kind = Kind::not_worse_by, .by = 2}}), 2);
  Watch open(referee);
  for (int i = 0; i < 4; ++i) open.add(i % 2 == 0 ? 1 : -1, 0.0);
  EXPECT_FALSE(open.more_pairs()) << "within 30 pairs no verdict";
}

/// At the bound a gate is answered wrongly, either way, in at most (1 - confidence) / 2 of all
/// studies; a verdict is wrong in at most 1 - confidence wherever the gate ends it.
TEST(GatedWatch, KeepsItsErrorRateWhereItIsLookedAtAfterEveryPair) {
  constexpr int kStudies = 4000;
  constexpr double kFourErrors = 4 * 0.0025;  // of a rate of 2.5 % in so many studies
  for (const double by : {0.5, 1.0}) {
    for (const Kind kind : {Kind::not_worse_by, Kind::better_by}) {
      const double bound = kind == Kind::better_by ? by : -by;
      const GateRates rates =
          simulate_gate(kRule, {.kind = kind, .by = by}, Law::normal, bound, kStudies, 20251);
      EXPECT_LT(rates.holds, 0.025 + kFourErrors);
      EXPECT_LT(rates.fails, 0.025 + kFourErrors);
      EXPECT_GT(rates.holds + rates.fails, 0.02) << "it is not merely never answered";
    }
  }
}

}  // namespace
}  // namespace whichfirst::stats
