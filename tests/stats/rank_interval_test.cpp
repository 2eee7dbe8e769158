#include "stats/rank_interval.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <vector>

#include "base/random.h"
#include "stats/repeated_ranks.h"

namespace whichfirst::stats {
namespace {

using ::testing::Eq;
using ::testing::Optional;

constexpr Location kRank = Location::pseudo_median;
constexpr Location kSign = Location::median;

/// The slow twin.
std::vector<double> all_averages(const std::vector<double>& values) {
  std::vector<double> averages;
  for (std::size_t i = 0; i < values.size(); ++i) {
    for (std::size_t j = i; j < values.size(); ++j) {
      averages.push_back((values[i] + values[j]) / 2);
    }
  }
  std::sort(averages.begin(), averages.end());
  return averages;
}

TEST(WalshAverage, IsThatOfAllAveragesSorted) {
  RandomSequence random(RandomKey{.seed = 20260});
  for (const std::size_t n : {1U, 2U, 3U, 10U, 63U, 64U, 65U, 66U, 150U}) {
    for (const bool has_ties : {false, true}) {
      std::vector<double> values;
      for (std::size_t i = 0; i < n; ++i) {
        const double value = 1e-3 + random.normal() * std::exp(20 * random.normal());
        values.push_back(has_ties ? std::round(random.normal() * 3) : value);
      }
      std::sort(values.begin(), values.end());
      const auto averages = all_averages(values);
      const auto last = static_cast<std::int64_t>(averages.size());
      for (const std::int64_t k :
           {std::int64_t{1}, last / 3 + 1, last / 2 + 1, last - last / 9, last}) {
        EXPECT_EQ(walsh_average(values, k), averages[static_cast<std::size_t>(k - 1)])
            << k << " of " << n;
      }
    }
  }
}

TEST(WalshAverage, IsFoundAmongAllEqualAndAmongHugeValues) {
  for (const double value : {0.0, -0.0, 0.25, -1e150, 1e300, 5e-324}) {
    EXPECT_EQ(walsh_average(std::vector<double>(100, value), 2000), value);
  }
  std::vector<double> both(100, -1e150);
  std::fill(both.begin() + 50, both.end(), 1e150);
  EXPECT_EQ(walsh_average(both, 1), -1e150);
  EXPECT_EQ(walsh_average(both, 2000), 0);
  EXPECT_EQ(walsh_average(both, 5050), 1e150);
}

TEST(RankInterval, CountsFromBothEnds) {
  // The averages: 1, 1.5, 2, 3.5, 4, 6.
  const std::vector<double> values = {1, 2, 6};
  EXPECT_EQ(ranked_numbers(kRank, 3), 6);
  EXPECT_EQ(ranked_numbers(kSign, 3), 3);
  const auto all = rank_interval(values, kRank, {.pairs = 3, .count = 6});
  EXPECT_NEAR(all->lower, 1, 1e-9);
  EXPECT_NEAR(all->upper, 6, 1e-9);
  const auto inner = rank_interval(values, kRank, {.pairs = 3, .count = 5});
  EXPECT_NEAR(inner->lower, 1.5, 1e-9);
  EXPECT_NEAR(inner->upper, 4, 1e-9);
  const auto signs = rank_interval(values, kSign, {.pairs = 3, .count = 2});
  EXPECT_NEAR(signs->lower, 2, 1e-9);
  EXPECT_NEAR(signs->upper, 2, 1e-9);
}

TEST(RankInterval, IsNoneWhereTheCountIsOutOfReach) {
  EXPECT_EQ(rank_interval(std::vector{1.0, 2.0, 6.0}, kRank, {.pairs = 3, .count = 7}),
            std::nullopt);
  EXPECT_EQ(rank_interval(std::vector{1.0, 2.0, 6.0}, kSign, {.pairs = 3, .count = 4}),
            std::nullopt);
  EXPECT_EQ(rank_interval({}, kRank, {.pairs = 0, .count = 1}), std::nullopt);
}

TEST(RankInterval, OfZerosIsZeroAndOfATieHoldsIt) {
  EXPECT_THAT(rank_interval(std::vector<double>(8, 0.0), kRank, {.pairs = 8, .count = 36}),
              Optional(Eq(Interval{0, 0})));
  // 90.2 - 90.1 is not 90.1 - 90.0 in the last bits, and their negatives not the other way round.
  const double up = 90.2 - 90.1;
  const double down = -(90.1 - 90.0);
  ASSERT_NE(up + down, 0);
  std::vector<double> values = {down, up, 0.2, 0.2, 0.3};
  const auto interval = rank_interval(values, kRank, {.pairs = 5, .count = 14});
  EXPECT_LT(interval->lower, 0) << "the average of -0.1 and 0.1";
  EXPECT_GT(interval->lower, -1e-9);
}

TEST(RankInterval, OfMorePairsIsAtTheSameSharesOfTheNumbersThereAre) {
  const std::vector<double> values = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  const auto now = rank_interval(values, kSign, {.pairs = 10, .count = 9});
  const auto tenfold = rank_interval(values, kSign, {.pairs = 100, .count = 81});
  EXPECT_EQ(now, tenfold);
  const auto half = rank_interval(values, kSign, {.pairs = 1000, .count = 501});
  EXPECT_LE(half->lower, half->upper);
}

TEST(RankCenter, IsTheMiddleOfTheNumbers) {
  EXPECT_EQ(rank_center(std::vector{1.0, 2.0, 6.0}, kSign), 2);
  EXPECT_EQ(rank_center(std::vector{1.0, 2.0, 6.0}, kRank), 2.75);  // between 2 and 3.5
  EXPECT_EQ(rank_center(std::vector{1.0, 2.0, 6.0, 7.0}, kSign), 4);
  EXPECT_EQ(rank_center(std::vector{3.0}, kRank), 3);
  EXPECT_THROW(rank_center({}, kRank), std::logic_error);
  EXPECT_THROW(rank_center(std::vector{3.0}, Location::mean), std::logic_error);
}

}  // namespace
}  // namespace whichfirst::stats
