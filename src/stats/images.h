// How far a difference of accuracies would move on other test images: the noise of the test set,
// which does not shrink with more seeds.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "stats/verdict.h"

namespace whichfirst::stats {

/// The right answers of one pair, one flag (0 or 1) per test image.
struct PairBits {
  std::span<const std::uint8_t> a;
  std::span<const std::uint8_t> b;
};

/// Interval, in percentage points, for the mean difference of accuracy (a - b) over new seeds and
/// new images like these: "on data like it". Confidence 1 - (1 - confidence) / K of `rule`, whose
/// other fields play no part.
///
/// Layout of n seeds x T images, e_si = right_a - right_b, both a random sample:
///     variance of the mean = (MS_seeds + MS_images - MS_rest) / (n T),
/// MS_rest taken no larger than either of the others, so that the variance is never below what
/// seeds alone or images alone give. Student's quantile with Satterthwaite's degrees of freedom,
/// no fewer than min(n, T) - 1: images are many, and where they carry most of the variance n - 1
/// degrees would widen the interval for nothing.
/// Source: Cornfield and Tukey 1956, Ann. Math. Statist. 27:907; Satterthwaite 1946, Biometrics
/// Bull. 2:110.
///
/// Where pairs were looked at more than once `critical` is the c_n of their repeated interval: the
/// seeds' share of the variance then counts with c_n, which pays for looking. The images' share
/// counts with Student's quantile of T - 1 degrees: it is the same at every look.
///
/// nullopt below `minimum_pairs(confidence)` pairs or 2 images, and where no e_si differs from
/// another: no spread, no interval. All spans have one length; at most 2^30 flags an order.
std::optional<Interval> images_interval(std::span<const PairBits> pairs, const Rule& rule,
                                        std::optional<double> critical = std::nullopt);

/// Standard error over the images alone, in percentage points, of the mean difference of these very
/// networks. nullopt without a pair or below 2 images.
std::optional<double> images_standard_error(std::span<const PairBits> pairs);

/// Half of the interval for other images that would be left if the seeds were without end: the
/// normal quantile of `rule` times the root of (MS_images - MS_rest) / (n T), the images' own share
/// of the variance. No number of seeds tells a smaller difference from 0 on data like these.
/// nullopt below two pairs or images.
std::optional<double> images_floor(std::span<const PairBits> pairs, const Rule& rule);

}  // namespace whichfirst::stats
