#include "stats/rank_interval.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "base/error.h"
#include "stats/paired_tests.h"

namespace whichfirst::stats {
namespace {

constexpr std::size_t kMostStored = 64;  // values whose averages are stored

double average(double x, double y) { return (x + y) / 2; }

/// Whole numbers in the order of the doubles; both zeros are 0. Its own inverse on bits.
std::int64_t in_order(std::int64_t bits) {
  return bits >= 0 ? bits : std::numeric_limits<std::int64_t>::min() - bits;
}

/// Averages of `sorted` that are at most `limit`: their partners fall as the first of them rises.
std::int64_t count_averages(std::span<const double> sorted, double limit) {
  std::int64_t count = 0;
  std::size_t partners = sorted.size();
  for (std::size_t i = 0; i < partners; ++i) {
    while (partners > i && average(sorted[i], sorted[partners - 1]) > limit) --partners;
    count += static_cast<std::int64_t>(partners - i);
  }
  return count;
}

double stored_average(std::span<const double> sorted, std::int64_t k) {
  std::vector<double> averages;
  averages.reserve(sorted.size() * (sorted.size() + 1) / 2);
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    for (std::size_t j = i; j < sorted.size(); ++j) {
      averages.push_back(average(sorted[i], sorted[j]));
    }
  }
  const auto place = averages.begin() + (k - 1);
  std::nth_element(averages.begin(), place, averages.end());
  return *place;
}

double kth(std::span<const double> sorted, Location location, std::int64_t k) {
  return location == Location::median ? sorted[static_cast<std::size_t>(k - 1)]
                                      : walsh_average(sorted, k);
}

}  // namespace

std::int64_t ranked_numbers(Location location, int pairs) {
  check(location != Location::mean, "a mean has no ranks");
  return location == Location::median ? pairs : std::int64_t{pairs} * (pairs + 1) / 2;
}

double walsh_average(std::span<const double> sorted, std::int64_t k) {
  check(k >= 1 && k <= ranked_numbers(Location::pseudo_median, static_cast<int>(sorted.size())),
        "a rank is one of the averages'");
  if (sorted.size() <= kMostStored) return stored_average(sorted, k);
  std::int64_t low = in_order(std::bit_cast<std::int64_t>(sorted.front()));
  std::int64_t high = in_order(std::bit_cast<std::int64_t>(sorted.back()));
  while (low < high) {  // the smallest double with k averages up to it
    const std::int64_t middle = std::midpoint(low, high);
    if (count_averages(sorted, std::bit_cast<double>(in_order(middle))) >= k) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return std::bit_cast<double>(in_order(low));
}

double rank_center(std::span<const double> sorted, Location location) {
  check(!sorted.empty(), "a centre needs a value");
  const std::int64_t total = ranked_numbers(location, static_cast<int>(sorted.size()));
  return average(kth(sorted, location, (total + 1) / 2), kth(sorted, location, total / 2 + 1));
}

std::optional<Interval> rank_interval(std::span<const double> sorted, Location location,
                                      const CriticalCount& critical) {
  const std::int64_t total = ranked_numbers(location, static_cast<int>(sorted.size()));
  const std::int64_t total_then = ranked_numbers(location, critical.pairs);
  if (total == 0 || critical.count > total_then) return std::nullopt;
  const double share =
      static_cast<double>(total_then - critical.count + 1) / static_cast<double>(total_then);
  const auto scaled = static_cast<std::int64_t>(std::ceil(share * static_cast<double>(total)));
  const std::int64_t rank =
      total == total_then ? total - critical.count + 1 : std::min(scaled, (total + 1) / 2);
  const double rounding = kTieShare * std::max(std::abs(sorted.front()), std::abs(sorted.back()));
  return Interval{.lower = kth(sorted, location, rank) - rounding,
                  .upper = kth(sorted, location, total - rank + 1) + rounding};
}

}  // namespace whichfirst::stats
