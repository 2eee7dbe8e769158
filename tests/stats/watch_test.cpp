#include "stats/watch.h"

#include <gmock/gmock.h>

#include <limits>
#include <stdexcept>
#include <vector>

namespace whichfirst::stats {
namespace {

using ::testing::ElementsAre;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

const Rule kRule{.margin = 0.25, .stopping = Stopping::automatic, .max_pairs = 12};
const std::vector<double> kClear = {.31, .12, .45, .22, .38, .27};
const std::vector<double> kOpen = {1.0, -1.2, 0.7, -0.4, 1.3, -0.9, 0.2, 1.1, -0.6, 0.4, -1, 0.8};

void add_all(Watch& watch, const std::vector<double>& differences) {
  for (const double d : differences) watch.add(90.0 + d, 90.0);
}

class WatchTest : public ::testing::Test {
 protected:
  Referee referee{kRule};
  Watch watch{referee};
};

TEST_F(WatchTest, EndsWithTheFirstVerdict) {
  EXPECT_TRUE(watch.goes_on());
  add_all(watch, {.31, .12, .45, .22, .38});
  EXPECT_TRUE(watch.goes_on());
  EXPECT_EQ(watch.looks(), 0);
  watch.add(.27, 0.0);
  EXPECT_FALSE(watch.goes_on());
  EXPECT_TRUE(watch.is_decided());
  EXPECT_EQ(watch.looks(), 1);
  EXPECT_EQ(watch.replicates(), 6);
  EXPECT_EQ(watch.look().verdict, Verdict::better);
  EXPECT_THROW(watch.add(1.0, 0.0), std::logic_error);
}

TEST_F(WatchTest, EndsUndecidedAtTheMaximum) {
  add_all(watch, kOpen);
  EXPECT_FALSE(watch.goes_on());
  EXPECT_FALSE(watch.is_decided());
  EXPECT_EQ(watch.looks(), 7);
  EXPECT_EQ(watch.look().verdict, Verdict::undecided);
  EXPECT_THROW(watch.add(1.0, 0.0), std::logic_error);
}

TEST_F(WatchTest, TakesNoValueThatIsNotMeasured) {
  watch.add(kNan, 1.0);
  watch.add(1.0, kInfinity);
  watch.add(std::nullopt, std::nullopt);
  watch.add(1e200, 0.0);
  watch.add(2.0, 1.5);
  EXPECT_THAT(watch.differences(), ElementsAre(0.5));
  EXPECT_EQ(watch.replicates(), 5);
  EXPECT_EQ(watch.lost_a(), 3);
  EXPECT_EQ(watch.lost_b(), 2);
}

TEST_F(WatchTest, GoesOnWhileTheFavouredOrderLostMore) {
  watch.add(std::nullopt, 90.0);
  add_all(watch, kClear);
  EXPECT_EQ(watch.look().verdict, Verdict::better);
  EXPECT_FALSE(watch.is_decided());
  EXPECT_TRUE(watch.goes_on());
  watch.add(90.0, kNan);  // now both lost one
  EXPECT_TRUE(watch.is_decided());
  EXPECT_EQ(watch.looks(), 1);
  EXPECT_EQ(watch.replicates(), 8);
}

TEST_F(WatchTest, CountsLostReplicatesTowardsTheMaximum) {
  for (int i = 0; i < 12; ++i) watch.add(std::nullopt, std::nullopt);
  EXPECT_FALSE(watch.goes_on());
  EXPECT_EQ(watch.looks(), 0);
  EXPECT_EQ(watch.look().verdict, Verdict::undecided);
}

TEST_F(WatchTest, GoesOnWhereTheMaximumIsRaised) {
  Rule raised = kRule;
  raised.max_pairs = 30;
  Referee after(raised);
  Watch new_watch(after);
  add_all(watch, kOpen);
  add_all(new_watch, kOpen);
  EXPECT_FALSE(watch.goes_on());
  EXPECT_TRUE(new_watch.goes_on());
  EXPECT_EQ(watch.look().intervals->plain, new_watch.look().intervals->plain);
}

TEST_F(WatchTest, IsForAutomaticStoppingOnly) {
  Referee fixed(Rule{});
  EXPECT_THROW(Watch{fixed}, std::logic_error);
}

}  // namespace
}  // namespace whichfirst::stats
