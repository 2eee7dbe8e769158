// What a plan's rule says of the pairs seen so far: once, of a fixed number, or after every pair.
#pragma once

#include <optional>

#include "stats/interval.h"
#include "stats/moments.h"
#include "stats/repeated_student.h"
#include "stats/verdict.h"

namespace whichfirst::stats {

/// One look at the differences of the pairs seen.
struct Look {
  /// Standard errors on either side of the mean (before the guard): Student's quantile for a fixed
  /// number of pairs, c_n of `RepeatedStudent` under automatic stopping. nullopt where `intervals`
  /// are, and where the signs decide.
  std::optional<double> critical = std::nullopt;
  /// nullopt below `minimum_pairs(confidence)`, and where equal differences are too few.
  std::optional<Intervals> intervals = std::nullopt;
  Verdict verdict = Verdict::undecided;  ///< read off the interval that decides
};

/// Looks at pairs by the rule of one plan. All its comparisons share one referee, for the sake of
/// its table of critical values; nothing else is remembered. A look costs microseconds once the
/// table reaches its number of pairs. Not for two threads at once.
class Referee {
 public:
  /// Throws std::logic_error for a rule out of range.
  explicit Referee(const Rule& rule);

  const Rule& rule() const { return rule_; }

  /// n = differences.count; under Horizon::max_pairs no more than that. Throws std::logic_error
  /// where mean or sd is not finite.
  ///
  /// Where all n differences are equal and the resolution is 0 the signs decide: both intervals are
  /// [d, d] once 2^-n is no more than the one-sided error that n pairs may use.
  Look look(const Moments& differences);

  /// The number of equal differences, resolution 0, from which the signs decide.
  int pairs_for_equal_signs() const;

  /// About how many more pairs: the smallest number that would decide if mean, sd and skewness
  /// stayed as they are; 0 where the pairs seen decide. Fixed: `more_pairs_to_decide`. Automatic:
  /// looked for up to `most` pairs in all. nullopt where none does, and below two pairs.
  std::optional<int> more_pairs(const Moments& differences, int most);

 private:
  double one_sided_error(int n) const;
  double critical(int n);

  Rule rule_;
  std::optional<RepeatedStudent> repeated_;  ///< under automatic stopping
};

}  // namespace whichfirst::stats
