#include "stats/referee.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "stats/student.h"

namespace whichfirst::stats {

Referee::Referee(const Rule& rule) : rule_(rule) {
  check_rule(rule);
  if (rule.stopping == Stopping::fixed) return;
  Spending spending{.alpha1 = error_share(rule) / 2};
  if (rule.horizon == Horizon::max_pairs) spending.horizon = rule.max_pairs;
  repeated_.emplace(spending, minimum_pairs(rule.confidence));
}

double Referee::one_sided_error(int n) const {
  return repeated_ ? repeated_->spending().by(n) : error_share(rule_) / 2;
}

double Referee::critical(int n) {
  return repeated_ ? repeated_->critical(n) : student_critical(error_share(rule_), n - 1);
}

int Referee::pairs_for_equal_signs() const {
  int n = minimum_pairs(rule_.confidence);
  while (std::ldexp(1.0, -n) > one_sided_error(n)) ++n;
  return n;
}

Look Referee::look(const Moments& differences) {
  const int n = differences.count;
  if (n < minimum_pairs(rule_.confidence)) return {};
  check(std::isfinite(*differences.mean) && std::isfinite(*differences.sd),
        "differences are finite");
  Look look;
  if (deciding_sd(differences, rule_) > 0) {
    look.critical = critical(n);
  } else if (n < pairs_for_equal_signs()) {
    return look;
  }
  look.intervals = intervals_at(differences, look.critical.value_or(0), rule_);
  look.verdict = decide(deciding(*look.intervals, rule_), rule_);
  return look;
}

std::optional<int> Referee::more_pairs(const Moments& differences, int most) {
  // Student's interval is shorter than the repeated one, and needs no table.
  const auto at_least = more_pairs_to_decide(differences, rule_);
  if (!repeated_ || !at_least) return at_least;
  const int n = differences.count;
  for (int count = n + *at_least; count <= std::max(n, most); ++count) {
    Moments forecast = differences;
    forecast.count = count;
    if (look(forecast).verdict != Verdict::undecided) return count - n;
  }
  return std::nullopt;
}

}  // namespace whichfirst::stats
