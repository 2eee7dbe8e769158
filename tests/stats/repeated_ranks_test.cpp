#include "stats/repeated_ranks.h"

#include <gmock/gmock.h>

#include <bit>
#include <cmath>
#include <map>
#include <stdexcept>
#include <vector>

#include "base/random.h"

namespace whichfirst::stats {
namespace {

using ::testing::ElementsAreArray;

constexpr Spending kOpen{.alpha1 = 0.025};

std::vector<std::int64_t> table(auto&& repeated, int first, int last) {
  std::vector<std::int64_t> criticals;
  for (int n = first; n <= last; ++n) criticals.push_back(repeated.critical(n));
  return criticals;
}

// From a program of its own, with numpy.
TEST(RepeatedSign, HasThePublishedCounts) {
  EXPECT_THAT(table(RepeatedSign(kOpen, 6), 6, 30),
              ElementsAreArray({7,  8,  8,  9,  10, 10, 11, 12, 12, 13, 14, 14, 15,
                                16, 16, 17, 18, 18, 19, 20, 20, 21, 21, 22, 23}));
}

/// All paths of signs up to n pairs, by brute force: the share that reaches a critical count.
template <typename Table>
double crossing_share_of_signs(Table& repeated, int first, int n) {
  int crossed = 0;
  for (unsigned path = 0; path < 1U << n; ++path) {
    for (int k = first; k <= n; ++k) {
      const int positive = std::popcount(path & ((1U << k) - 1));
      if (positive < repeated.critical(k)) continue;
      ++crossed;
      break;
    }
  }
  return std::ldexp(crossed, -n);
}

TEST(RepeatedSign, SpendsNoMoreThanItMayAndOneCountFewerWouldBeTooMuch) {
  for (const Spending& spending :
       {kOpen, Spending{.alpha1 = 0.05}, Spending{.alpha1 = 0.2, .horizon = 16},
        Spending{.alpha1 = 0.025 / 3, .horizon = 16}}) {
    RepeatedSign repeated(spending, 5);
    for (int n = 5; n <= 16; ++n) {
      const double crossed = crossing_share_of_signs(repeated, 5, n);
      EXPECT_LE(crossed, spending.by(n)) << n;
      // P(K_n = k_n - 1, not cut before) is at most the binomial share.
      const auto k = static_cast<double>(repeated.critical(n) - 1);
      const double next = std::exp(std::lgamma(n + 1.0) - std::lgamma(k + 1) -
                                   std::lgamma(n - k + 1) - n * std::log(2.0));
      EXPECT_GT(crossed + next, spending.by(n)) << n;
    }
  }
}

TEST(RepeatedSign, ReachesTenThousandPairs) {
  RepeatedSign repeated(kOpen, 6);
  const double excess = static_cast<double>(repeated.critical(10'000)) - 5000;
  EXPECT_GT(excess / 50, 3.4) << "standard deviations: more than at 100 pairs,";
  EXPECT_LT(excess / 50, 6) << "and finite";
}

// From 1,000,000 paths in numpy. Exact numbers are smaller by one where those were rounded up;
// later ones drift, as what an earlier count leaves over is spent by the next.
TEST(RepeatedSignedRank, HasThePublishedCounts) {
  const std::vector<std::int64_t> published = {
      22,  29,  36,  44,  53,   62,   72,   82,   93,   105,  118,  131,  145, 159,
      175, 190, 207, 224, 242,  261,  280,  300,  321,  341,  364,  386,  409, 433,
      457, 482, 509, 536, 563,  591,  619,  648,  678,  708,  739,  771,  803, 836,
      869, 904, 939, 976, 1010, 1048, 1084, 1123, 1165, 1202, 1243, 1283, 1325};
  const auto ours = table(RepeatedSignedRank(kOpen, 6), 6, 60);
  for (std::size_t i = 0; i < ours.size(); ++i) {
    const auto off = static_cast<double>(ours[i] - published[i]);
    EXPECT_LE(std::abs(off), i < 24 ? 2 : 8) << i + 6;
  }
  EXPECT_EQ(ours[0], 22) << "none: there are 21 averages";
  EXPECT_EQ(ours[2], 36) << "all of them";
}

/// Every row of signs and every order of the sizes up to n pairs, recursively: the share that
/// crosses, and the sums of those that do not.
struct Enumeration {
  RepeatedSignedRank& repeated;
  int first, last;
  std::vector<double> crossed;  ///< [n]

  void follow(const std::vector<double>& values, double share) {
    const int n = static_cast<int>(values.size());
    if (n >= first) {
      int above = 0;
      for (std::size_t i = 0; i < values.size(); ++i) {
        for (std::size_t j = i; j < values.size(); ++j) above += values[i] + values[j] > 0 ? 1 : 0;
      }
      if (above >= repeated.critical(n)) {
        crossed[static_cast<std::size_t>(n)] += share;
        return;
      }
    }
    if (n == last) return;
    // Next size: between any two of those there are; sizes are 1 .. n, the later ones move up.
    for (int rank = 1; rank <= n + 1; ++rank) {
      std::vector<double> next;
      for (const double value : values) {
        next.push_back(std::abs(value) >= rank ? value + (value > 0 ? 1 : -1) : value);
      }
      next.push_back(rank);
      follow(next, share / (2 * (n + 1)));
      next.back() = -rank;
      follow(next, share / (2 * (n + 1)));
    }
  }
};

TEST(RepeatedSignedRank, SpendsWhatAnEnumerationOfAllPathsSays) {
  const Spending spending{.alpha1 = 0.2, .horizon = 7};
  RepeatedSignedRank repeated(spending, 2);
  Enumeration all{.repeated = repeated, .first = 2, .last = 7, .crossed = std::vector<double>(8)};
  all.follow({}, 1);
  double spent = 0;
  for (int n = 2; n <= 7; ++n) {
    spent += all.crossed[static_cast<std::size_t>(n)];
    EXPECT_LE(spent, spending.by(n) + 1e-12) << n;
  }
  EXPECT_GT(spent, 0.8 * spending.alpha1);
}

/// Shares of paths of normal values that crossed by each n.
std::vector<double> crossing_shares(RepeatedSignedRank& repeated, int last, int paths) {
  std::vector<double> shares(static_cast<std::size_t>(last) + 1, 0.0);
  for (int path = 0; path < paths; ++path) {
    RandomSequence random(RandomKey{.seed = 7, .replicate = static_cast<std::uint64_t>(path)});
    std::vector<double> values;
    std::int64_t above = 0;
    for (int n = 1; n <= last; ++n) {
      values.push_back(random.normal());
      for (const double value : values) above += value + values.back() > 0 ? 1 : 0;
      if (n < 6 || above < repeated.critical(n)) continue;
      for (int k = n; k <= last; ++k) shares[static_cast<std::size_t>(k)] += 1.0 / paths;
      break;
    }
  }
  return shares;
}

TEST(RepeatedSignedRank, IsCrossedByNormalPathsAsOftenAsItMayBe) {
  constexpr int kPaths = 40'000;
  RepeatedSignedRank repeated(kOpen, 6);
  const auto shares = crossing_shares(repeated, 80, kPaths);
  for (const std::size_t n : {8U, 12U, 18U, 30U, 60U, 80U}) {
    const double allowed = kOpen.by(static_cast<int>(n));
    const double error = 4 * std::sqrt(allowed / kPaths);
    EXPECT_LE(shares[n], allowed + error) << n;
    EXPECT_GE(shares[n], (n < 12 ? 0.5 : 0.9) * allowed - error) << n;
  }
}

TEST(RepeatedSignedRank, NeverLosesAnIntervalThatItHad) {
  for (const double alpha1 : {0.2, 0.025, 1e-3, 1e-4, 1e-5, 1e-9}) {
    RepeatedSignedRank repeated({.alpha1 = alpha1}, 6);
    bool was_there = false;
    for (int n = 6; n <= 70; ++n) {
      const bool is_there = repeated.critical(n) <= std::int64_t{n} * (n + 1) / 2;
      EXPECT_TRUE(is_there || !was_there) << alpha1 << ", " << n;
      was_there = is_there;
    }
    EXPECT_EQ(was_there, alpha1 > 2e-6) << alpha1;
  }
}

TEST(RepeatedSignedRank, IsTheSameTwiceAndHoweverItIsAskedFor) {
  RepeatedSignedRank upwards(kOpen, 6);
  RepeatedSignedRank at_once(kOpen, 6);
  at_once.critical(130);
  for (int n = 6; n <= 130; ++n) EXPECT_EQ(upwards.critical(n), at_once.critical(n)) << n;
}

TEST(RepeatedSignedRank, SpendsAllOfTheErrorByAMaximumThatIsFinal) {
  RepeatedSignedRank repeated({.alpha1 = 0.025, .horizon = 30}, 6);
  RepeatedSignedRank open(kOpen, 6);
  EXPECT_LT(repeated.critical(30), open.critical(30));
  EXPECT_GE(repeated.critical(30), signed_rank_quantile(30, 0.025));
  EXPECT_THROW(repeated.critical(31), std::logic_error);
}

// Tables of the two tests at 2.5 % one-sided: Wilcoxon's lower critical sums 0, 2, 3, 5, 8 at
// 6 .. 10 and 137 at 30; the binomial's 0, 0, 0, 1, 1 and 9.
TEST(RankQuantiles, AreThoseOfTheTables) {
  const std::map<int, int> wilcoxon = {{6, 0}, {7, 2}, {8, 3}, {9, 5}, {10, 8}, {30, 137}};
  for (const auto& [n, lower] : wilcoxon) {
    EXPECT_EQ(signed_rank_quantile(n, 0.025), n * (n + 1) / 2 - lower) << n;
  }
  const std::map<int, int> binomial = {{6, 0}, {7, 0}, {8, 0}, {9, 1}, {10, 1}, {30, 9}};
  for (const auto& [n, lower] : binomial) EXPECT_EQ(sign_quantile(n, 0.025), n - lower) << n;
}

TEST(RankQuantiles, AreOneTooManyWhereNoCountWillDo) {
  EXPECT_EQ(signed_rank_quantile(5, 0.025), 16);
  EXPECT_EQ(sign_quantile(5, 0.025), 6);
  EXPECT_EQ(signed_rank_quantile(1, 0.4), 2);
  EXPECT_EQ(sign_quantile(1, 0.4), 2);
  EXPECT_EQ(sign_quantile(5, 0x1p-5), 5) << "2^-5 itself will do";
  EXPECT_EQ(signed_rank_quantile(5, 0x1p-5), 15);
}

/// P(W_n >= w) by the recursion over ranks.
double exact_upper_tail(int n, std::int64_t w) {
  const auto total = static_cast<std::size_t>(n) * (static_cast<std::size_t>(n) + 1) / 2;
  std::vector<double> shares(total + 1, 0.0);
  shares[0] = 1;
  for (std::size_t rank = 1; rank <= static_cast<std::size_t>(n); ++rank) {
    std::vector<double> next(total + 1, 0.0);
    for (std::size_t sum = 0; sum <= total; ++sum) {
      next[sum] += shares[sum] / 2;
      if (sum + rank <= total) next[sum + rank] += shares[sum] / 2;
    }
    shares = next;
  }
  double tail = 0;
  for (auto sum = static_cast<std::size_t>(w); sum <= total; ++sum) tail += shares[sum];
  return tail;
}

TEST(RankQuantiles, BeyondTheExactNumberOfPairsAreWithinOneOfTheExactOnes) {
  for (const double alpha1 : {0.2, 0.025, 0.025 / 3, 1e-4}) {
    const std::int64_t w = signed_rank_quantile(220, alpha1);
    EXPECT_LE(exact_upper_tail(220, w + 1), alpha1) << alpha1;
    EXPECT_GT(exact_upper_tail(220, w - 2), alpha1) << alpha1;
  }
  EXPECT_GT(signed_rank_quantile(100'000, 0.025), std::int64_t{100'000} * 100'001 / 4);
  EXPECT_NEAR(
      (static_cast<double>(sign_quantile(100'000, 0.025)) - 50'000) / std::sqrt(100'000 / 4.0),
      1.96, 0.01);
}

TEST(RepeatedRanks, RefuseOurOwnMistakes) {
  for (const double alpha1 : {0.0, 0.5, -1.0, std::nan("")}) {
    EXPECT_THROW(RepeatedSign({.alpha1 = alpha1}, 6), std::logic_error);
    EXPECT_THROW(RepeatedSignedRank({.alpha1 = alpha1}, 6), std::logic_error);
  }
  EXPECT_THROW(RepeatedSign({.alpha1 = 0.025, .horizon = 5}, 6), std::logic_error);
  EXPECT_THROW(RepeatedSignedRank(kOpen, 1), std::logic_error);
  EXPECT_THROW(RepeatedSign(kOpen, 6).critical(5), std::logic_error);
  EXPECT_THROW(RepeatedSignedRank(kOpen, 6).critical(RepeatedSignedRank::kMostPairs + 1),
               std::logic_error);
}

}  // namespace
}  // namespace whichfirst::stats
