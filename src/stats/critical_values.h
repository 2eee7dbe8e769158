// The critical values of one plan at one error: a quantile for a fixed number of pairs, a table for
// looks after every pair.
#pragma once

#include <cstdint>
#include <variant>

#include "stats/repeated_ranks.h"
#include "stats/repeated_student.h"
#include "stats/verdict.h"

namespace whichfirst::stats {

/// For the location and the stopping of `rule`, the one-sided error `alpha1` in all. Costs nothing
/// until it is asked. Not for two threads at once.
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

}  // namespace whichfirst::stats
