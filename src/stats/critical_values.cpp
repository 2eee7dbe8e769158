#include "stats/critical_values.h"

#include "base/error.h"
#include "stats/student.h"

namespace whichfirst::stats {

CriticalValues::CriticalValues(const Rule& rule, double alpha1)
    : location_(rule.location), spending_{.alpha1 = alpha1} {
  if (rule.stopping == Stopping::fixed) return;
  if (rule.horizon == Horizon::max_pairs) spending_.horizon = rule.max_pairs;
  const int first_look = minimum_pairs(rule.confidence);
  switch (location_) {
    case Location::mean:
      table_ = RepeatedStudent(spending_, first_look);
      break;
    case Location::pseudo_median:
      table_ = RepeatedSignedRank(spending_, first_look);
      break;
    case Location::median:
      table_ = RepeatedSign(spending_, first_look);
      break;
  }
}

double CriticalValues::error_by(int n) const {
  return std::holds_alternative<Fixed>(table_) ? spending_.alpha1 : spending_.by(n);
}

double CriticalValues::standard_errors(int n) {
  check(location_ == Location::mean, "standard errors are of a mean");
  if (auto* repeated = std::get_if<RepeatedStudent>(&table_)) return repeated->critical(n);
  return student_critical(2 * spending_.alpha1, n - 1);
}

std::int64_t CriticalValues::count(int n) {
  check(location_ != Location::mean, "a mean has no ranks");
  if (auto* ranks = std::get_if<RepeatedSignedRank>(&table_)) return ranks->critical(n);
  if (auto* signs = std::get_if<RepeatedSign>(&table_)) return signs->critical(n);
  return location_ == Location::median ? sign_quantile(n, spending_.alpha1)
                                       : signed_rank_quantile(n, spending_.alpha1);
}

}  // namespace whichfirst::stats
