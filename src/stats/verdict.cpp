#include "stats/verdict.h"

#include <cmath>

#include "base/error.h"
#include "stats/repeated_ranks.h"

namespace whichfirst::stats {

std::string_view name(Location location) {
  constexpr std::string_view kWords[] = {"mean", "pseudo-median", "median"};
  return kWords[static_cast<std::size_t>(location)];
}

std::string_view name(Verdict verdict) {
  constexpr std::string_view kWords[] = {"better", "worse", "equivalent", "undecided"};
  return kWords[static_cast<std::size_t>(verdict)];
}

void check_rule(const Rule& rule) {
  check(rule.confidence > 0 && rule.confidence < 1, "confidence is in (0, 1)");
  check(!rule.margin || (std::isfinite(*rule.margin) && *rule.margin >= 0),
        "a margin is finite and not negative");
  check(std::isfinite(rule.resolution) && rule.resolution >= 0,
        "the resolution is finite and not negative");
  check(rule.comparisons >= 1, "a plan has at least one comparison");
  check(rule.stopping == Stopping::fixed || rule.max_pairs >= minimum_pairs(rule.confidence),
        "the maximum allows a first look");
  check(rule.stopping == Stopping::fixed || rule.location != Location::pseudo_median ||
            rule.max_pairs <= RepeatedSignedRank::kMostPairs,
        "signed ranks are looked at up to their largest number of pairs");
  check(rule.guard == Guard::shown || rule.location == Location::mean, "a guard is of a mean");
  check(rule.equivalence_share == EquivalenceShare::half || error_share(rule) < 0.5,
        "a whole one-sided error is below 1/2");
}

double error_share(const Rule& rule) { return (1 - rule.confidence) / rule.comparisons; }

double equivalence_error(const Rule& rule) {
  return rule.equivalence_share == EquivalenceShare::full ? error_share(rule)
                                                          : error_share(rule) / 2;
}

int pairs_for_signs(double alpha) {
  int n = 2;
  while (std::ldexp(1.0, 1 - n) > alpha) ++n;
  return n;
}

int minimum_pairs(double confidence) { return pairs_for_signs(1 - confidence); }

Verdict decide(const Interval& interval, const Rule& rule) {
  return decide(interval, interval, rule);
}

Verdict decide(const Interval& interval, const Interval& of_equivalence, const Rule& rule) {
  if (rule.margin && of_equivalence.lower > -*rule.margin && of_equivalence.upper < *rule.margin) {
    return Verdict::equivalent;
  }
  if (!leaves_zero_out(interval)) return Verdict::undecided;
  const bool is_good = (interval.lower > 0) == (rule.direction == Direction::higher_is_better);
  return is_good ? Verdict::better : Verdict::worse;
}

bool losses_forbid(Verdict verdict, int lost_a, int lost_b) {
  switch (verdict) {
    case Verdict::better:
      return lost_a > lost_b;
    case Verdict::worse:
      return lost_b > lost_a;
    case Verdict::equivalent:
      return lost_a != lost_b;
    case Verdict::undecided:
      break;
  }
  return false;
}

bool leaves_zero_out(const Interval& interval) { return interval.lower > 0 || interval.upper < 0; }

}  // namespace whichfirst::stats
