// What a plan's rule says of the pairs seen so far: once, of a fixed number, or after every pair.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <variant>

#include "stats/interval.h"
#include "stats/moments.h"
#include "stats/repeated_ranks.h"
#include "stats/repeated_student.h"
#include "stats/verdict.h"

namespace whichfirst::stats {

/// One look at the differences of the pairs seen.
struct Look {
  /// Of a mean: standard errors on either side of it (before the guard), Student's quantile for a
  /// fixed number of pairs, c_n of `RepeatedStudent` under automatic stopping. nullopt where
  /// `intervals` are, where the signs decide, and of ranks.
  std::optional<double> critical = std::nullopt;
  /// nullopt below `minimum_pairs(confidence)`, and where the pairs are too few for the signs of
  /// equal differences or for any rank to decide.
  std::optional<Intervals> intervals = std::nullopt;
  /// Those that `equivalent` is read off under EquivalenceShare::full, at the whole one-sided
  /// error; nullopt under the half, and where `intervals` are.
  std::optional<Intervals> equivalence_intervals = std::nullopt;
  Verdict verdict = Verdict::undecided;  ///< read off the intervals that decide
};

/// The critical values of one plan at one error: a quantile for a fixed number of pairs, a table
/// for looks after every pair. For the location and the stopping of `rule`, the one-sided error
/// `alpha1` in all. Costs nothing until it is asked. Not for two threads at once.
class CriticalValues {
 public:
  CriticalValues(const Rule& rule, double alpha1);

  /// The one-sided error that n pairs may use.
  double error_by(int n) const;

  /// Of a mean: standard errors on either side.
  double standard_errors(int n);

  /// Of signs and signed ranks: the count that is too many above.
  std::int64_t count(int n);

 private:
  struct Fixed {};

  Location location_;
  Spending spending_;
  std::variant<Fixed, RepeatedStudent, RepeatedSign, RepeatedSignedRank> table_;
};

/// Looks at pairs by the rule of one plan. All its comparisons share one referee, for the sake of
/// its tables of critical values; nothing else is remembered. Once the table reaches its number of
/// pairs a look costs microseconds; at signed ranks of 1,000 pairs a millisecond. Not for two
/// threads at once.
class Referee {
 public:
  /// Throws std::logic_error for a rule out of range.
  explicit Referee(const Rule& rule);

  const Rule& rule() const { return rule_; }

  /// n = differences.size(); under Horizon::max_pairs no more than that. Throws std::logic_error
  /// where a difference is not finite.
  ///
  /// Mean: where all n differences are equal and the resolution is 0 the signs decide: both
  /// intervals are [d, d] once 2^-n is no more than the one-sided error that n pairs may use. Ranks
  /// need no such exception.
  Look look(std::span<const double> differences);

  /// The same for a mean, which needs no more than the moments.
  Look look(const Moments& differences);

  /// The number of equal differences (of a mean: resolution 0) from which the signs decide, and of
  /// any differences from which ranks can.
  int pairs_for_equal_signs() const;

  /// About how many more pairs: the smallest number that would decide if the differences kept their
  /// law (mean: mean, sd and skewness; ranks: shares); 0 where the pairs seen decide. Fixed: looked
  /// for up to 10,000 pairs in all. Automatic: up to `most`. nullopt where none does, below two
  /// pairs, and of a mean where it and the margin are below one step of the metric.
  std::optional<int> more_pairs(std::span<const double> differences, int most);
  std::optional<int> more_pairs(const Moments& differences, int most);

  /// The same until a look at that many, up to `most` in all, `is_enough`.
  std::optional<int> more_pairs_until(std::span<const double> differences, int most,
                                      const std::function<bool(const Look&)>& is_enough);

 private:
  /// What `pairs` pairs would say that share out as the sorted differences do.
  Look look_at_ranks(std::span<const double> sorted, int pairs);
  void decide_by_intervals(Look& look) const;

  Rule rule_;
  CriticalValues criticals_;
  CriticalValues equivalence_criticals_;  ///< at the whole error; for EquivalenceShare::full
};

}  // namespace whichfirst::stats
