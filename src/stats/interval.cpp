#include "stats/interval.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "stats/student.h"

namespace whichfirst::stats {
namespace {

constexpr double kLongestStretch = 5;
constexpr int kFarthestForecast = 10'000;

}  // namespace

Interval mean_interval(double mean, double sd, double q) {
  return {.lower = mean - q * sd, .upper = mean + q * sd};
}

Interval guarded_interval(double mean, double sd, double q, double skewness) {
  const auto stretch = [q](double tail) {
    return std::min(kLongestStretch, std::exp(std::max(tail, 0.0) * q));
  };
  return {.lower = mean - q * sd * stretch(-skewness), .upper = mean + q * sd * stretch(skewness)};
}

double deciding_sd(const Moments& differences, const Rule& rule) {
  check(differences.sd.has_value(), "a spread needs two values");
  return std::max(*differences.sd, rule.resolution);
}

const Interval& deciding(const Intervals& intervals, const Rule& rule) {
  return rule.guard == Guard::decides ? *intervals.guarded : intervals.plain;
}

Intervals intervals_at(const Moments& differences, double critical, const Rule& rule) {
  const double mean = *differences.mean;
  const double sd = deciding_sd(differences, rule);
  const double q = critical / std::sqrt(static_cast<double>(differences.count));
  return {.plain = mean_interval(mean, sd, q),
          .guarded = guarded_interval(mean, sd, q, differences.skewness.value_or(0))};
}

std::optional<Intervals> student_intervals(const Moments& differences, const Rule& rule) {
  const int n = differences.count;
  if (n < minimum_pairs(rule.confidence)) return std::nullopt;
  if (deciding_sd(differences, rule) == 0 && n < pairs_for_signs(error_share(rule))) {
    return std::nullopt;
  }
  return intervals_at(differences, student_critical(error_share(rule), n - 1), rule);
}

std::optional<int> more_pairs_to_decide(const Moments& differences, const Rule& rule) {
  if (differences.count < 2) return std::nullopt;
  // The interval shrinks about a fixed mean as the count grows.
  return more_pairs_to_decide(differences.count, [&](int count) {
    Moments forecast = differences;
    forecast.count = count;
    const auto intervals = student_intervals(forecast, rule);
    if (!intervals) return false;
    const bool is_flat = deciding_sd(forecast, rule) == 0;
    const double shorter = is_flat ? 0 : student_critical(2 * equivalence_error(rule), count - 1);
    const Intervals of_equivalence = intervals_at(forecast, shorter, rule);
    return decide(deciding(*intervals, rule), deciding(of_equivalence, rule), rule) !=
           Verdict::undecided;
  });
}

std::optional<int> more_pairs_to_decide(int n, const std::function<bool(int)>& decides) {
  if (decides(n)) return 0;
  if (n >= kFarthestForecast || !decides(kFarthestForecast)) return std::nullopt;
  int undecided = n;
  int decided = kFarthestForecast;
  while (decided - undecided > 1) {
    const int middle = undecided + (decided - undecided) / 2;
    (decides(middle) ? decided : undecided) = middle;
  }
  return decided - n;
}

}  // namespace whichfirst::stats
