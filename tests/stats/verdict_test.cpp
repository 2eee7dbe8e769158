#include "stats/verdict.h"

#include <gmock/gmock.h>

#include <limits>
#include <stdexcept>

namespace whichfirst::stats {
namespace {

TEST(Verdict, HasTheFourWordsOfTheRecords) {
  EXPECT_EQ(name(Verdict::better), "better");
  EXPECT_EQ(name(Verdict::worse), "worse");
  EXPECT_EQ(name(Verdict::equivalent), "equivalent");
  EXPECT_EQ(name(Verdict::undecided), "undecided");
}

TEST(Verdict, IsReadOffTheIntervalInTheOrderOfTheRule) {
  const Rule rule{.margin = 0.25};
  EXPECT_EQ(decide({-0.1, 0.1}, rule), Verdict::equivalent);
  EXPECT_EQ(decide({0.05, 0.1}, rule), Verdict::equivalent);
  EXPECT_EQ(decide({0.05, 0.25}, rule), Verdict::better) << "the margin itself is outside";
  EXPECT_EQ(decide({0.3, 0.4}, rule), Verdict::better);
  EXPECT_EQ(decide({-0.25, -0.05}, rule), Verdict::worse);
  EXPECT_EQ(decide({-0.1, 0.3}, rule), Verdict::undecided);
  EXPECT_EQ(decide({0, 0.3}, rule), Verdict::undecided) << "0 itself is not left out";
  EXPECT_EQ(decide({-0.3, 0}, rule), Verdict::undecided);
}

TEST(Verdict, IsNeverEquivalentWithoutAMargin) {
  EXPECT_EQ(decide({0, 0}, Rule{}), Verdict::undecided);
  EXPECT_EQ(decide({-1e-9, 1e-9}, Rule{}), Verdict::undecided);
  EXPECT_EQ(decide({1e-9, 2e-9}, Rule{}), Verdict::better);
}

TEST(Verdict, KnowsThatLowerIsBetterForALoss) {
  const Rule rule{.margin = 0.25, .direction = Direction::lower_is_better};
  EXPECT_EQ(decide({0.3, 0.4}, rule), Verdict::worse);
  EXPECT_EQ(decide({-0.4, -0.3}, rule), Verdict::better);
  EXPECT_EQ(decide({-0.1, 0.1}, rule), Verdict::equivalent);
}

TEST(Rule, NeedsAsManyPairsAsTheSignsOfThemDo) {
  EXPECT_EQ(minimum_pairs(0.90), 5);
  EXPECT_EQ(minimum_pairs(0.95), 6);
  EXPECT_EQ(minimum_pairs(0.99), 8);
  EXPECT_EQ(minimum_pairs(0.9375), 5) << "2^(1-5) is exactly 1 - 0.9375";
  EXPECT_EQ(minimum_pairs(0.01), 2);
  EXPECT_EQ(minimum_pairs(1 - 0x1p-53), 54);
}

TEST(Rule, RefusesWhatIsOutOfRange) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_NO_THROW(check_rule(Rule{}));
  EXPECT_NO_THROW(check_rule(Rule{.margin = 0.0}));
  for (const double confidence : {0.0, 1.0, -1.0, 95.0, kNan}) {
    EXPECT_THROW(check_rule(Rule{.confidence = confidence}), std::logic_error);
  }
  for (const double wrong : {-0.1, kNan, std::numeric_limits<double>::infinity()}) {
    EXPECT_THROW(check_rule(Rule{.margin = wrong}), std::logic_error);
    EXPECT_THROW(check_rule(Rule{.resolution = wrong}), std::logic_error);
  }
  EXPECT_THROW(check_rule(Rule{.comparisons = 0}), std::logic_error);
}

}  // namespace
}  // namespace whichfirst::stats
