// Tests on the differences of pairs. They stand beside the verdict and decide nothing.
// All are two-sided about 0 unless they say otherwise; all need at least one difference.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "stats/moments.h"
#include "stats/verdict.h"

namespace whichfirst::stats {

/// Sums and magnitudes that agree to this share of the largest possible one count as equal: the
/// differences 90.2 - 90.1 and 90.1 - 90.0 are not equal in their last bits. It is above what
/// rounding can pile up in 2^19 additions.
inline constexpr double kTieShare = 1e-10;

/// Paired t test, with the sd as it is (no resolution). nullopt without two values or any spread.
std::optional<double> t_test(const Moments& differences);

struct PermutationTest {
  double p = 1;
  std::optional<double> monte_carlo_error =
      std::nullopt;  ///< standard error of p; nullopt where p is exact
};

/// Share of sign flips with |sum of flipped d| >= |sum of d|, `kTieShare` of sum |d| allowed.
/// Exact up to 20 differences: all flips in Gray-code order. Beyond, 100,000 flips (from 4,000
/// differences on fewer, at least 1,000) from Stream::resampling at a fixed key, p = (hits + 1) /
/// (draws + 1). nullopt without differences.
/// Source: Fisher 1935, The Design of Experiments, 21; Phipson and Smyth 2010, SAGMB 9(1) for + 1.
std::optional<PermutationTest> permutation_test(std::span<const double> differences);

/// Wilcoxon's signed rank test. Zeros are dropped, ties (within `kTieShare` of the largest) share
/// their mean rank. Exact given the ranks up to 25 differences that are not zero, beyond a normal
/// approximation with corrections for ties and continuity. 1 where all are zero; nullopt without
/// differences.
/// Source: Pratt and Gibbons 1981, Concepts of Nonparametric Theory, ch. 3.
std::optional<double> wilcoxon_test(std::span<const double> differences);

/// Two one-sided t tests of |mean| >= margin (the larger p): small means equivalent. Uses the
/// spread of the deciding interval, so that an interval at confidence 1 - (1 - confidence) / K lies
/// inside the margin exactly where this is below (1 - confidence) / (2K). nullopt without a margin,
/// two values or any spread.
/// Source: Schuirmann 1987, J. Pharmacokin. Biopharm. 15:657.
std::optional<double> equivalence_test(const Moments& differences, const Rule& rule);

/// Holm's adjustment of p values, each missing one counted as the largest and left missing: the
/// number of comparisons is p.size(). Source: Holm 1979, Scand. J. Statist. 6:65.
std::vector<std::optional<double>> holm_adjusted(std::span<const std::optional<double>> p);

/// p values so adjusted that of those at or below q at most a share q is expected to be false, in
/// whatever way the tests depend on each other; missing ones are left out and missing.
/// Source: Benjamini and Yekutieli 2001, Ann. Statist. 29(4):1165.
std::vector<std::optional<double>> false_discovery_adjusted(
    std::span<const std::optional<double>> p);

/// What the differences of pairs say by themselves, outside any plan.
struct PlainComparison {
  double mean = 0;
  std::optional<Interval> interval;  ///< Student's; missing below two values or without spread
  /// Of the t test; where all n differences are equal and not 0, of the sign test, 2^(1-n); missing
  /// where all are 0 or there is one.
  std::optional<double> p;
};

/// At least one difference, finite.
PlainComparison compare_plainly(std::span<const double> differences, double confidence);

}  // namespace whichfirst::stats
