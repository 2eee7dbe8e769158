#include "stats/warnings.h"

#include <algorithm>
#include <cmath>

namespace whichfirst::stats {

std::string_view name(WarningKind kind) {
  constexpr std::string_view kWords[] = {"skewed", "carried-by-few", "ties", "wide-margin",
                                         "negative-correlation"};
  return kWords[static_cast<std::size_t>(kind)];
}

std::vector<Warning> warnings_of(const Comparison& comparison, const Rule& rule) {
  constexpr int kFewestPairs = 3;
  constexpr double kSkewnessErrors = 2;
  constexpr double kFewValues = 10;
  constexpr double kMarginShare = 0.1;
  std::vector<Warning> warnings;
  if (comparison.pairs < kFewestPairs) return warnings;
  if (is_skewed(comparison)) {
    warnings.push_back({.kind = WarningKind::skewed,
                        .found = *comparison.skewness / *comparison.skewness_standard_error,
                        .limit = kSkewnessErrors});
  }
  if (is_carried_by_few(comparison)) {
    const bool is_better = comparison.verdict == Verdict::better;
    warnings.push_back({.kind = WarningKind::carried_by_few,
                        .found = is_better ? *comparison.wins_share : 1 - *comparison.wins_share,
                        .limit = 0.5});
  }
  const double many = std::min(kFewValues, comparison.pairs / 2.0);
  if (comparison.distinct < many) {
    warnings.push_back({.kind = WarningKind::ties,
                        .found = static_cast<double>(comparison.distinct),
                        .limit = many});
  }
  const double size = comparison.mean_size.value_or(0);
  if (rule.margin && size > 0 && *rule.margin > kMarginShare * size) {
    warnings.push_back(
        {.kind = WarningKind::wide_margin, .found = *rule.margin / size, .limit = kMarginShare});
  }
  const double chance = -2 / std::sqrt(static_cast<double>(comparison.pairs));
  if (comparison.correlation.value_or(0) < chance) {
    warnings.push_back({.kind = WarningKind::negative_correlation,
                        .found = *comparison.correlation,
                        .limit = chance});
  }
  return warnings;
}

}  // namespace whichfirst::stats
