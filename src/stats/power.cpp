#include "stats/power.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "stats/student.h"

namespace whichfirst::stats {
namespace {

constexpr int kMostPairs = 100'000;

void check_plan(const Expected& expected, int pairs, const Rule& rule) {
  check_rule(rule);
  check(std::isfinite(expected.mean), "an expected mean is finite");
  check(std::isfinite(expected.sd) && expected.sd > 0, "an expected spread is above 0");
  check(pairs >= 2, "a spread needs two pairs");
}

/// Power grows with the number of pairs: doubled, then halved in.
template <typename Power>
std::optional<int> smallest_number(double wanted, const Rule& rule, const Power& power) {
  check(wanted > 0 && wanted < 1, "a wanted power is in (0, 1)");
  int enough = minimum_pairs(rule.confidence);
  int too_few = enough - 1;
  while (power(enough) < wanted) {
    if (enough == kMostPairs) return std::nullopt;
    too_few = enough;
    enough = std::min(2 * enough, kMostPairs);
  }
  while (enough - too_few > 1) {
    const int middle = too_few + (enough - too_few) / 2;
    (power(middle) < wanted ? too_few : enough) = middle;
  }
  return enough;
}

}  // namespace

double power_of_difference(const Expected& expected, int pairs, const Rule& rule) {
  check_plan(expected, pairs, rule);
  const double degrees = pairs - 1;
  const double critical = student_critical(error_share(rule), degrees);
  const double shift = expected.mean / expected.sd * std::sqrt(pairs);
  return shifted_student_upper_tail(critical, degrees, shift) +
         shifted_student_upper_tail(critical, degrees, -shift);
}

double power_of_equivalence(const Expected& expected, int pairs, const Rule& rule) {
  check_plan(expected, pairs, rule);
  check(rule.margin.has_value(), "equivalence needs a margin");
  const double degrees = pairs - 1;
  const double critical = student_critical(2 * equivalence_error(rule), degrees);
  const double standard_error = expected.sd / std::sqrt(pairs);
  const double to_upper = (*rule.margin - expected.mean) / standard_error;
  const double to_lower = (*rule.margin + expected.mean) / standard_error;
  return std::max(0.0, shifted_student_upper_tail(critical, degrees, to_upper) +
                           shifted_student_upper_tail(critical, degrees, to_lower) - 1);
}

std::optional<int> pairs_for_difference(const Expected& expected, double power, const Rule& rule) {
  return smallest_number(power, rule,
                         [&](int pairs) { return power_of_difference(expected, pairs, rule); });
}

std::optional<int> pairs_for_equivalence(const Expected& expected, double power, const Rule& rule) {
  return smallest_number(power, rule,
                         [&](int pairs) { return power_of_equivalence(expected, pairs, rule); });
}

Prospect prospect_of(const Expected& wanted, double power, int pairs, const Rule& rule) {
  check(wanted.mean > 0, "a wanted difference is above 0");
  Prospect prospect{.difference = wanted.mean,
                    .power = power,
                    .power_now = {},
                    .pairs_for_difference = pairs_for_difference(wanted, power, rule),
                    .pairs_for_equivalence = {}};
  if (pairs >= 2) prospect.power_now = power_of_difference(wanted, pairs, rule);
  if (rule.margin) {
    prospect.pairs_for_equivalence =
        pairs_for_equivalence({.mean = 0, .sd = wanted.sd}, power, rule);
  }
  return prospect;
}

}  // namespace whichfirst::stats
