// A distribution in a dozen numbers: count, mean, spread, shape, ends. Summaries of parts merge
// into the summary of the whole, so that values need not be kept.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace whichfirst::measure {

/// What a summary is kept as where it is written down. Without values, only the counts mean
/// anything; skewness and kurtosis are 0 where there is no spread.
struct Moments {
  std::int64_t count = 0;  ///< finite values
  std::int64_t nan_count = 0;
  std::int64_t infinite_count = 0;
  double mean = 0;
  double sd = 0;  ///< divides by the count
  double skewness = 0;
  double kurtosis = 0;
  double least = 0;
  double largest = 0;
  double zero_share = 0;      ///< in [0, 1]
  double negative_share = 0;  ///< likewise
  bool operator==(const Moments&) const = default;
};

/// What is known of some values. Everything but the counts of the others is about the finite ones:
/// NaN and infinities are counted apart and move no other number.
///
/// Moments are centred (never E[x^2] - mean^2) and exact to rounding for magnitudes from 1e-75 to
/// 1e75; what leaves the range of double is missing.
class Summary {
 public:
  /// Of no values.
  Summary() = default;
  explicit Summary(std::span<const double> values);
  explicit Summary(std::span<const float> values);
  /// Of values of these moments.
  static Summary of(const Moments& moments);
  Moments moments() const;

  /// Becomes the summary of both sets of values. Source: Pebay 2008, SAND2008-6212, eq. 2.1.
  void merge(const Summary& other);

  std::int64_t count() const { return count_; }  ///< finite values
  std::int64_t nan_count() const { return nan_count_; }
  std::int64_t infinite_count() const { return infinite_count_; }

  // Missing where there is no finite value.
  std::optional<double> mean() const;
  /// Divides by the count; exactly 0 where all are equal.
  std::optional<double> sd() const;
  std::optional<double> least() const;
  std::optional<double> largest() const;
  /// Values that are 0 (-0 too), below 0; shares of the finite ones, in [0, 1].
  std::optional<double> zero_share() const { return share(zeros_); }
  std::optional<double> negative_share() const { return share(negatives_); }

  // Missing where the values have no spread too.
  /// m3 / m2^1.5.
  std::optional<double> skewness() const;
  /// m4 / m2^2: 3 for a Gaussian.
  std::optional<double> kurtosis() const;

 private:
  template <class Number>
  void take(std::span<const Number> values);
  bool has_spread() const { return count_ > 0 && least_ < largest_; }
  std::optional<double> share(std::int64_t part) const;

  std::int64_t count_ = 0;
  std::int64_t nan_count_ = 0;
  std::int64_t infinite_count_ = 0;
  std::int64_t zeros_ = 0;
  std::int64_t negatives_ = 0;
  double least_ = 0;
  double largest_ = 0;
  double mean_ = 0;
  double m2_ = 0;  // sums of (x - mean)^2, ^3, ^4
  double m3_ = 0;
  double m4_ = 0;
};

}  // namespace whichfirst::measure
