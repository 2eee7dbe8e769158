// Where what a verdict assumes of its pairs looks broken: said beside it, with the numbers.
#pragma once

#include <string_view>
#include <vector>

#include "stats/comparison.h"

namespace whichfirst::stats {

enum class WarningKind {
  skewed,          ///< skewness of d, in its standard errors, beyond 2 (either way)
  carried_by_few,  ///< share of the pairs on the verdict's side, below a half
  ties,            ///< number of values that d takes, below 10 and half the pairs
  wide_margin,     ///< margin over the mean size of the metric, above 0.1
  /// Correlation of the two values of a pair, below -2 / sqrt(pairs): pairing costs pairs instead
  /// of saving them.
  negative_correlation,
};

/// The word as it is stored: "wide-margin".
std::string_view name(WarningKind kind);

struct Warning {
  WarningKind kind = WarningKind::skewed;
  double found = 0;  ///< what the kind says is found,
  double limit = 0;  ///< beyond which it is warned of
};

/// In the order of the kinds; none below three pairs.
std::vector<Warning> warnings_of(const Comparison& comparison, const Rule& rule);

}  // namespace whichfirst::stats
