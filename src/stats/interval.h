// Intervals for the mean difference: Student's for a fixed number of pairs, and the skewness guard.
// q is the half width in standard deviations: critical value / sqrt(n).
#pragma once

#include <functional>
#include <optional>

#include "stats/moments.h"
#include "stats/verdict.h"

namespace whichfirst::stats {

/// [mean - q sd, mean + q sd].
Interval mean_interval(double mean, double sd, double q);

/// The same with the side of the long tail stretched, by at most 5: it only widens.
/// `skewness` is m3 / m2^1.5, 0 where there is no spread.
/// Source: measured by simulation (tests/stats/error_rates_test.cpp); the first-order theory, with
/// a third of the exponent, is Johnson 1978, JASA 73:536.
Interval guarded_interval(double mean, double sd, double q, double skewness);

/// The spread that the interval, the equivalence test and the posterior use: sd, but not below one
/// step of the metric. Needs two values.
double deciding_sd(const Moments& differences, const Rule& rule);

/// An interval and, of a mean, its guarded form.
struct Intervals {
  Interval plain;
  std::optional<Interval> guarded = std::nullopt;
};

/// The one of the two that decides under `rule`.
const Interval& deciding(const Intervals& intervals, const Rule& rule);

/// With `critical` standard errors on either side; two differences at least.
Intervals intervals_at(const Moments& differences, double critical, const Rule& rule);

/// Student's, at confidence 1 - (1 - confidence) / K; nullopt below `minimum_pairs(confidence)`.
/// Where all n differences are equal and the resolution is 0 no t interval exists: the signs decide
/// then, and both are [d, d] if n >= `pairs_for_signs((1 - confidence) / K)`, else nullopt.
std::optional<Intervals> student_intervals(const Moments& differences, const Rule& rule);

/// How many pairs beyond those seen would decide by Student's interval, if mean, sd and skewness
/// stayed as they are: the smallest number, looked for up to 10,000 pairs in all. nullopt where
/// none does, and where mean or sd are not known yet. 0 where the pairs seen decide.
std::optional<int> more_pairs_to_decide(const Moments& differences, const Rule& rule);

/// The same for anything that, once decided at a number of pairs, is decided at any larger one.
std::optional<int> more_pairs_to_decide(int pairs, const std::function<bool(int)>& decides);

}  // namespace whichfirst::stats
