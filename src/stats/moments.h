// Mean, spread and skewness of a handful of numbers.
// Centred in a second pass, never E[x^2] - mean^2: 1e8 + {1, 2, 3} has sd 1, not 0.
#pragma once

#include <optional>
#include <span>

namespace whichfirst::stats {

/// A spread below this share of the largest magnitude is rounding, and counts as none.
inline constexpr double kRoundingShare = 1e-12;

/// What the intervals and tests need to know of a sample, in the unit of its values.
struct Moments {
  int count = 0;
  /// From 1 value on.
  std::optional<double> mean = std::nullopt;
  /// Divisor count - 1; from 2 values on; exactly 0 where the spread is only rounding.
  std::optional<double> sd = std::nullopt;
  /// m3 / m2^1.5, divisor count; from 3 values on, where sd > 0.
  std::optional<double> skewness = std::nullopt;
};

/// Moments of `values`, finite and of magnitude 1e150 at most. Their squares may underflow.
Moments moments_of(std::span<const double> values);

/// Standard error of the skewness of n normal values; nullopt below 3.
/// Source: Fisher 1930, Proc. R. Soc. A 130:16, for m3 / m2^1.5: sqrt(6 (n-2) / ((n+1) (n+3))).
std::optional<double> skewness_standard_error(int n);

/// Pearson's correlation of x[i] with y[i], in [-1, 1]; nullopt where either has no spread.
/// x and y are of one length.
std::optional<double> correlation(std::span<const double> x, std::span<const double> y);

}  // namespace whichfirst::stats
