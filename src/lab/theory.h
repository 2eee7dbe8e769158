// Moments of a normal variable behind bn and relu in closed form: what generated inputs are
// compared with.
#pragma once

#include <optional>

#include "lab/input.h"

namespace whichfirst::lab {

/// The distribution of values somewhere behind a normal input: slope h + offset, where h is normal,
/// or its positive part.
struct TheoreticalValues {
  Gaussian normal;
  bool is_rectified = false;
  double slope = 1;
  double offset = 0;

  double mean() const;
  double variance() const;
  double skewness() const;
  double kurtosis() const;
  // What leaves the range of double is NaN or infinite in the four above.

  /// The probability of exactly 0, and of less.
  double zero_share() const;
  double negative_share() const;
  /// Where the positive part has its point of positive probability; missing where there is none.
  std::optional<double> atom() const;
  /// The probability that the relu behind which this is cuts nothing; 1 where there is none.
  double kept_share() const;
};

/// What a bn makes of `values` with the statistics of an infinite batch, or with `mean` and
/// `variance` where they are given.
struct TheoreticalBatchNorm {
  double scale = 1;
  double offset = 0;
  double eps = 1e-5;
  std::optional<double> mean = {};
  std::optional<double> variance = {};
};
TheoreticalValues normalise(const TheoreticalValues& values, const TheoreticalBatchNorm& bn);

/// What a relu makes of normal values; nothing where they have been rectified already.
std::optional<TheoreticalValues> rectify(const TheoreticalValues& values);

}  // namespace whichfirst::lab
