// Intervals whose ends are ranks: of the differences themselves (signs, for their median) or of the
// means of every two of them (signed ranks, for their pseudo-median). No mean, no spread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "stats/verdict.h"

namespace whichfirst::stats {

/// How many numbers the ends are taken from: n for the median, n (n + 1) / 2 for the pseudo-median.
std::int64_t ranked_numbers(Location location, int pairs);

/// The k-th smallest, k from 1, of the Walsh averages (d_i + d_j) / 2, i <= j, of `sorted` values,
/// finite and of magnitude 1e300 at most. They are not stored beyond a few thousand: from 64
/// values on it takes about 64 passes over the values.
/// Source: Hodges and Lehmann 1963, Ann. Math. Statist. 34:598.
double walsh_average(std::span<const double> sorted, std::int64_t k);

/// Median of `sorted`, or of its Walsh averages; not for Location::mean. One value at least.
double rank_center(std::span<const double> sorted, Location location);

/// A critical count and the number of pairs that it is for.
struct CriticalCount {
  int pairs = 0;
  std::int64_t count = 0;
};

/// From the (N - count + 1)-th to the count-th smallest of the N `ranked_numbers`, each moved
/// outwards by rounding (`kTieShare` of the largest |d|), so that 90.3 - 90.2 and 90.2 - 90.1 count
/// as the tie that they are. nullopt where count exceeds N.
///
/// Where critical.pairs is not sorted.size(), the ends are at the same shares of the numbers there
/// are: what so many pairs would say if the differences kept their law.
std::optional<Interval> rank_interval(std::span<const double> sorted, Location location,
                                      const CriticalCount& critical);

}  // namespace whichfirst::stats
