#include "stats/moments.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"

namespace whichfirst::stats {
namespace {

constexpr int kSmallestExponent = std::numeric_limits<double>::min_exponent;

double mean_of(std::span<const double> values) {
  const double count = static_cast<double>(values.size());
  double sum = 0;
  for (const double x : values) sum += x;
  const double rough = sum / count;
  double rest = 0;
  for (const double x : values) rest += x - rough;
  return rough + rest / count;
}

/// Sum of squares about the mean, 0 where the spread is no more than rounding, in units of `unit`
/// squared: the power of two next to the largest magnitude. So the squares of 1e-165 do not vanish,
/// and as only exponents change no other number moves by a bit.
struct CentredSquares {
  double sum = 0;
  double unit = 1;
};

CentredSquares centred_squares(std::span<const double> values, double mean) {
  double largest = 0;
  for (const double x : values) largest = std::max(largest, std::abs(x));
  if (largest == 0) return {};
  const double unit = std::ldexp(1.0, std::max(std::ilogb(largest), kSmallestExponent));
  double squares = 0;
  for (const double x : values) {
    const double deviation = (x - mean) / unit;
    squares += deviation * deviation;
  }
  const double sd = std::sqrt(squares / (static_cast<double>(values.size()) - 1));
  return {.sum = sd < kRoundingShare * (largest / unit) ? 0 : squares, .unit = unit};
}

double norm_of(const CentredSquares& squares) { return squares.unit * std::sqrt(squares.sum); }

}  // namespace

Moments moments_of(std::span<const double> values) {
  Moments moments{.count = static_cast<int>(values.size())};
  if (values.empty()) return moments;
  const double mean = mean_of(values);
  moments.mean = mean;
  if (values.size() < 2) return moments;

  const double count = static_cast<double>(values.size());
  const auto [squares, unit] = centred_squares(values, mean);
  moments.sd = unit * std::sqrt(squares / (count - 1));
  if (values.size() < 3 || squares == 0) return moments;

  // Standardised before it is cubed: the cube of a large deviation may not exist.
  const double scale = unit * std::sqrt(squares / count);
  double cubes = 0;
  for (const double x : values) {
    const double z = (x - mean) / scale;
    cubes += z * z * z;
  }
  moments.skewness = cubes / count;
  return moments;
}

std::optional<double> skewness_standard_error(int n) {
  if (n < 3) return std::nullopt;
  const double count = n;
  return std::sqrt(6 * (count - 2) / ((count + 1) * (count + 3)));
}

std::optional<double> correlation(std::span<const double> x, std::span<const double> y) {
  check(x.size() == y.size(), "correlated values come in pairs");
  if (x.size() < 2) return std::nullopt;
  const double mean_x = mean_of(x);
  const double mean_y = mean_of(y);
  const double scale_x = norm_of(centred_squares(x, mean_x));
  const double scale_y = norm_of(centred_squares(y, mean_y));
  if (scale_x == 0 || scale_y == 0) return std::nullopt;
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    sum += (x[i] - mean_x) / scale_x * ((y[i] - mean_y) / scale_y);
  }
  return std::clamp(sum, -1.0, 1.0);
}

}  // namespace whichfirst::stats
