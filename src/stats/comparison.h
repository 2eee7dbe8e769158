// Two orders, a fixed number of matched pairs: the verdict and everything that is printed beside
// it. One interval decides; all else describes.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "stats/interval.h"
#include "stats/verdict.h"

namespace whichfirst::stats {

/// Trials of one arm that gave no value, out of the planned replicates.
struct Losses {
  int diverged = 0;  ///< a number that is not finite in a step
  int failed = 0;    ///< an error

  int total() const { return diverged + failed; }
  bool operator==(const Losses&) const = default;
};

/// Where the mean difference lies, given the pairs, under the flat prior on (mean, log sd): shares
/// that add up to 1. The law is Student's, with the spread of the deciding interval.
struct Posterior {
  double better = 0;  ///< beyond the margin (beyond 0 without one), a's good side
  std::optional<double> within_margin = std::nullopt;  ///< nullopt without a margin
  double worse = 0;
};

/// Numbers are in the metric's unit; d = metric(a) - metric(b), whatever the direction.
struct Comparison {
  int pairs = 0;                              ///< complete ones
  std::optional<double> mean_diff;            ///< mean of d
  std::optional<double> sd_diff;              ///< divisor pairs - 1; 0 where it is only rounding
  std::optional<Interval> interval;           ///< decides; `student_intervals`
  int looks = 1;                              ///< a fixed number of pairs is looked at once
  std::optional<double> p_t;                  ///< `t_test`
  std::optional<double> p_permutation;        ///< `permutation_test`
  std::optional<double> p_permutation_error;  ///< its standard error; nullopt where exact
  std::optional<double> p_wilcoxon;           ///< `wilcoxon_test`
  std::optional<double> p_equivalence;        ///< `equivalence_test`
  std::optional<Posterior> posterior;         ///< nullopt without two pairs or any spread
  std::optional<double> wins_share;   ///< pairs in which a is on the good side; a tie is half a win
  std::optional<double> correlation;  ///< of the two values of a pair
  std::optional<double> skewness;     ///< of d; nullopt below 3 pairs or without spread
  std::optional<double> skewness_standard_error;  ///< nullopt where skewness is
  std::optional<Interval> guarded_interval;       ///< `guarded_interval`; wherever there is one
  Verdict verdict = Verdict::undecided;
  bool negligible = false;               ///< equivalent, and the interval leaves 0 out
  std::optional<std::string> reason;     ///< why undecided, or what is odd about a verdict
  std::optional<int> more_pairs_needed;  ///< `more_pairs_to_decide`; nullopt where losses forbid
  Losses a;                              ///< as passed, `diverged` at least the values not finite
  Losses b;
  /// Failure rate still possible, at 95 %, after `pairs` runs without one: 1 - 0.05^(1/pairs).
  /// nullopt where either arm lost a trial.
  std::optional<double> failure_rate_bound;
};

/// Compares a[i] with b[i], the values of replicate i + 1 (spans of one length).
///
/// A pair with a missing side is left out; so is one with a value that is not finite or beyond
/// 1e150, which counts as diverged if `losses` does not count it already.
///
/// Lost pairs are not lost at random. So `better` and `worse` become `undecided` where the order
/// they favour lost more trials than the other, and `equivalent` where the losses differ at all: it
/// claims that neither is worse, and the order that lost more may be.
///
/// Throws std::logic_error for a rule out of range, spans of two lengths, negative losses.
Comparison compare(std::span<const std::optional<double>> a,
                   std::span<const std::optional<double>> b, const Losses& losses_a,
                   const Losses& losses_b, const Rule& rule);

}  // namespace whichfirst::stats
