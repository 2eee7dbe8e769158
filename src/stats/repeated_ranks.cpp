#include "stats/repeated_ranks.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <numbers>
#include <numeric>

#include "base/error.h"
#include "base/random.h"

namespace whichfirst::stats {
namespace {

constexpr int kExactPairs = 18;       // of repeated looks: 2^18 rows of signs
constexpr int kMostExactPairs = 200;  // of one look
constexpr int kPaths = 200'000;
constexpr std::int32_t kCut = -1;

std::int64_t averages(int n) { return std::int64_t{n} * (n + 1) / 2; }

/// Lowers `count` from one above the top of `shares` while what lies at or above it is allowed.
std::int64_t cut_from_the_top(const std::vector<double>& shares, double allowed, double& cut) {
  std::size_t count = shares.size();
  while (count > 0 && cut + shares[count - 1] <= allowed) cut += shares[--count];
  return static_cast<std::int64_t>(count);
}

/// P(W_n >= w) by Edgeworth's series; the third cumulant is 0.
double approximate_upper_tail(int n, std::int64_t w) {
  const double pairs = n;
  const double squares = pairs * (pairs + 1) * (2 * pairs + 1) / 6;  // of the ranks
  const double fourths = squares * (3 * pairs * pairs + 3 * pairs - 1) / 5;
  const double variance = squares / 4;
  const double excess = -fourths / 8 / (variance * variance);
  const double mean = pairs * (pairs + 1) / 4;
  const double z = (static_cast<double>(w) - 0.5 - mean) / std::sqrt(variance);
  const double density = std::exp(-z * z / 2) / std::sqrt(2 * std::numbers::pi);
  return std::erfc(z / std::numbers::sqrt2) / 2 + density * excess / 24 * z * (z * z - 3);
}

std::int32_t sum_of_ranks(std::uint64_t row) {
  std::int32_t sum = 0;
  for (; row != 0; row &= row - 1) sum += std::countr_zero(row) + 1;
  return sum;
}

}  // namespace

std::int64_t sign_quantile(int n, double alpha1) {
  const double pairs = n;
  const double log_all = std::lgamma(pairs + 1) - pairs * std::numbers::ln2;
  double tail = 0;
  for (int k = n; k >= 0; --k) {
    tail += std::exp(log_all - std::lgamma(k + 1.0) - std::lgamma(pairs - k + 1));
    if (tail > alpha1 * (1 + 1e-10)) return k + 1;  // logarithms round
  }
  check(false, "half of the mass is above alpha1");
  return 0;
}

std::int64_t signed_rank_quantile(int n, double alpha1) {
  const std::int64_t total = averages(n);
  if (n > kMostExactPairs) {
    std::int64_t too_low = total / 2;
    std::int64_t enough = total + 1;
    while (enough - too_low > 1) {
      const std::int64_t middle = std::midpoint(too_low, enough);
      (approximate_upper_tail(n, middle) > alpha1 ? too_low : enough) = middle;
    }
    return enough;
  }
  // The law is symmetric: P(W >= w) = P(W <= total - w).
  std::vector<double> shares(static_cast<std::size_t>(total) + 1, 0.0);
  shares[0] = 1;
  for (int rank = 1; rank <= n; ++rank) {
    for (std::int64_t sum = averages(rank); sum >= 0; --sum) {
      double& share = shares[static_cast<std::size_t>(sum)];
      share /= 2;
      if (sum >= rank) share += shares[static_cast<std::size_t>(sum - rank)] / 2;
    }
  }
  double cut = 0;
  return cut_from_the_top(shares, alpha1, cut);
}

RepeatedSign::RepeatedSign(const Spending& spending, int first_look)
    : spending_(spending), first_look_(first_look) {
  spending.check_looks(first_look);
}

void RepeatedSign::extend() {
  shares_.push_back(0);
  for (std::size_t k = shares_.size() - 1; k > 0; --k) {
    shares_[k] = (shares_[k] + shares_[k - 1]) / 2;
  }
  shares_[0] /= 2;
  const int n = static_cast<int>(criticals_.size()) + 1;
  std::int64_t critical = n + 1;
  if (n >= first_look_) critical = cut_from_the_top(shares_, spending_.by(n), spent_);
  std::fill(shares_.begin() + critical, shares_.end(), 0.0);
  criticals_.push_back(critical);
}

std::int64_t RepeatedSign::critical(int n) {
  check(n >= first_look_ && (!spending_.horizon || n <= *spending_.horizon),
        "critical values exist from the first look to the horizon");
  while (static_cast<int>(criticals_.size()) < n) extend();
  return criticals_[static_cast<std::size_t>(n) - 1];
}

RepeatedSignedRank::RepeatedSignedRank(const Spending& spending, int first_look)
    : spending_(spending), first_look_(first_look) {
  spending.check_looks(first_look);
}

std::int64_t RepeatedSignedRank::critical(int n) {
  check(n >= first_look_ && n <= std::min(spending_.horizon.value_or(kMostPairs), kMostPairs),
        "critical values exist from the first look to the horizon");
  for (int next = static_cast<int>(criticals_.size()) + 1; next <= n; ++next) {
    if (next <= kExactPairs) {
      extend_exactly(next);
    } else {
      extend_paths(next);
    }
    if (next == kExactPairs) begin_paths();
  }
  return criticals_[static_cast<std::size_t>(n) - 1];
}

void RepeatedSignedRank::extend_exactly(int n) {
  std::vector<double> shares(std::size_t{1} << n, 0.0);
  std::vector<double> of_sum(static_cast<std::size_t>(averages(n)) + 1, 0.0);
  for (std::uint64_t row = 0; row < shares.size(); ++row) {
    double& share = shares[row];
    for (int rank = 0; rank < n; ++rank) {  // the row that was, before bit `rank` was put in
      const std::uint64_t below = row & ((std::uint64_t{1} << rank) - 1);
      share += shares_[below | (row >> (rank + 1) << rank)];
    }
    share /= 2 * n;
    of_sum[static_cast<std::size_t>(sum_of_ranks(row))] += share;
  }
  std::int64_t critical = averages(n) + 1;
  if (n >= first_look_) critical = cut_from_the_top(of_sum, spending_.by(n), spent_);
  for (std::uint64_t row = 0; row < shares.size(); ++row) {
    if (sum_of_ranks(row) >= critical) shares[row] = 0;
  }
  shares_ = std::move(shares);
  criticals_.push_back(critical);
}

/// Rows in proportion to their shares, evenly spread over them: no row is off by more than a path.
void RepeatedSignedRank::begin_paths() {
  path_share_ = std::accumulate(shares_.begin(), shares_.end(), 0.0) / kPaths;
  words_.resize(1);
  double share = 0;
  for (std::uint64_t row = 0; row < shares_.size(); ++row) {
    share += shares_[row];
    const std::size_t until =
        std::min<std::size_t>(kPaths, static_cast<std::size_t>(std::lround(share / path_share_)));
    words_[0].resize(std::max(words_[0].size(), until), row);
    sums_.resize(words_[0].size(), sum_of_ranks(row));
  }
  check(sums_.size() == kPaths, "the shares of the rows are the paths'");
  shares_ = {};
}

std::int64_t RepeatedSignedRank::most_cut(int n) const {
  constexpr double kErrors = 2;
  constexpr double kNoneSeen = 3;  // of 0 that were seen, as many may be meant
  const double allowed = (spending_.by(n) - spent_) / path_share_ - kNoneSeen;
  if (allowed < 0) return -1;
  const double root = std::sqrt(kErrors * kErrors / 4 + allowed) - kErrors / 2;
  return static_cast<std::int64_t>(root * root);  // cut + kErrors sqrt(cut) <= allowed
}

void RepeatedSignedRank::extend_paths(int n) {
  if (n % 64 == 1) words_.emplace_back(kPaths, 0);
  RandomSequence random(
      RandomKey{.replicate = static_cast<std::uint64_t>(n), .stream = Stream::resampling});
  for (std::size_t path = 0; path < kPaths; ++path) {
    const std::uint64_t drawn = random.next();
    if (sums_[path] == kCut) continue;
    const bool is_positive = (drawn & 1) != 0;
    const auto rank = static_cast<unsigned>(((drawn >> 32) * static_cast<unsigned>(n)) >> 32);
    // The sign is put in at `rank`; those above it move up by one, and the positive ones gain one.
    std::uint64_t carry = is_positive ? 1 : 0;
    std::uint64_t below = (std::uint64_t{1} << rank % 64) - 1;
    int raised = 0;
    for (std::size_t i = rank / 64; i < words_.size(); ++i) {
      std::uint64_t& word = words_[i][path];
      const std::uint64_t moved = word & ~below;
      const std::uint64_t out = moved >> 63;
      raised += std::popcount(moved);
      word = (word & below) | carry << std::popcount(below) | moved << 1;
      carry = out;
      below = 0;
    }
    sums_[path] += raised + (is_positive ? static_cast<int>(rank) + 1 : 0);
  }
  // A path below the last critical count gains n at most: that many more cost nothing.
  std::int64_t critical = criticals_.back() + n;
  const std::int64_t more = most_cut(n) - cut_;
  if (n >= first_look_ && more >= 0) {
    std::vector<std::int32_t> falling = sums_;
    const auto place = falling.begin() + more;
    std::nth_element(falling.begin(), place, falling.end(), std::greater<>());
    critical = std::min<std::int64_t>(critical, *place + 1);
  }
  for (std::int32_t& sum : sums_) {
    if (sum < critical) continue;
    sum = kCut;
    ++cut_;
  }
  criticals_.push_back(critical);
}

}  // namespace whichfirst::stats
