// How far two sets of values are from each other: pair by pair (an affine fit) and as
// distributions (Kolmogorov-Smirnov, Wasserstein). Only finite values take part.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace whichfirst::measure {

/// The least-squares line y = slope x + offset.
struct AffineFit {
  double slope = 0;
  double offset = 0;
  std::int64_t count = 0;  ///< pairs of finite numbers
  double residual = 0;     ///< root of the mean squared distance from the line, in y's unit
  /// residual / sd of y: 0 exactly affine, 1 no relation; missing where y has no spread.
  std::optional<double> residual_share;
};

/// Of the pairs (x[i], y[i]); x and y are of one length. Missing where the x have no spread (or
/// none whose squares are numbers).
std::optional<AffineFit> fit_affine(std::span<const double> x, std::span<const double> y);

/// The finite ones of `values` in rising order, what the distances below read.
std::vector<double> sort_finite(std::span<const double> values);

/// (x - mean) / sd, in the same order; missing where there is no spread.
std::optional<std::vector<double>> standardise(const std::vector<double>& sorted);

/// The largest distance between the two empirical distribution functions, in [0, 1]. `a` and `b`
/// are sorted, finite, not empty. Source: Smirnov 1939.
double kolmogorov_smirnov(std::span<const double> a, std::span<const double> b);

/// The area between the two empirical distribution functions, in the values' unit: Wasserstein's
/// distance of order 1. `a` and `b` as above. Source: Vallender 1974, Theory Probab. Appl. 18(4).
double wasserstein(std::span<const double> a, std::span<const double> b);

}  // namespace whichfirst::measure
