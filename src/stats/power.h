// What a fixed number of pairs can be expected to show, for normal differences: to plan a study,
// and to tell what its size could have found. The interval is Student's, at the rule's confidence /
// K, whatever the location that the rule judges.
#pragma once

#include <optional>

#include "stats/verdict.h"

namespace whichfirst::stats {

/// The differences that are planned for, in the metric's unit.
struct Expected {
  double mean = 0;
  double sd = 1;  ///< > 0
};

/// Chance that the interval of `pairs` >= 2 leaves 0 out (on either side of it).
/// Source: the noncentral t distribution; Johnson and Welch 1940, Biometrika 31:362.
double power_of_difference(const Expected& expected, int pairs, const Rule& rule);

/// Chance that the interval of `pairs` >= 2, at `equivalence_error`, lies inside the rule's margin,
/// which it must have. A lower bound, by the noncentral t distribution of both ends; within 0.01
/// from 0.5 on.
/// Source: Phillips 1990, J. Pharmacokin. Biopharm. 18:137.
double power_of_equivalence(const Expected& expected, int pairs, const Rule& rule);

/// The smallest number of pairs, `minimum_pairs(confidence)` or more, with at least this power;
/// nullopt where 100,000 are not enough.
std::optional<int> pairs_for_difference(const Expected& expected, double power, const Rule& rule);
std::optional<int> pairs_for_equivalence(const Expected& expected, double power, const Rule& rule);

/// What pairs of one spread can show of a wanted difference.
struct Prospect {
  double difference = 0;  ///< wanted, in the metric's unit
  double power = 0.8;     ///< wanted
  /// Chance that the pairs there are leave 0 out if the difference is the wanted one; nullopt below
  /// two.
  std::optional<double> power_now;
  std::optional<int> pairs_for_difference;  ///< `pairs_for_difference`
  /// To show that a difference of 0 is inside the margin; nullopt without a margin too.
  std::optional<int> pairs_for_equivalence;
};

/// A difference above 0 at the spread of the pairs. Of a fixed number of pairs; what automatic
/// stopping takes instead stands in docs/statistics.md.
Prospect prospect_of(const Expected& wanted, double power, int pairs, const Rule& rule);

}  // namespace whichfirst::stats
