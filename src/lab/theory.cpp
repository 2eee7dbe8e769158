#include <array>
#include <cmath>
#include <numbers>

#include "lab/claims.h"

namespace whichfirst::lab {
namespace {

double below(double x) { return std::erfc(-x / std::numbers::sqrt2) / 2; }

double density(double x) {
  return std::exp(-x * x / 2) * std::numbers::inv_sqrtpi / std::numbers::sqrt2;
}

/// Mean and central moments 2, 3, 4 of max(z + r, 0), z standard normal: E h = r Phi(r) + phi(r),
/// E h^k = r E h^(k-1) + (k-1) E h^(k-2) with E h^0 = Phi(r), by partial integration.
std::array<double, 4> rectified_moments(double r) {
  // Beyond, the cut tail holds 1e-15, and subtracting powers of r would lose more than that.
  if (r > 8) return {r, 1, 0, 3};
  double raw[5] = {below(r), r * below(r) + density(r)};
  for (int k = 2; k <= 4; ++k) raw[k] = r * raw[k - 1] + (k - 1) * raw[k - 2];
  const double m = raw[1];
  return {m, raw[2] - m * m, raw[3] - 3 * m * raw[2] + 2 * m * m * m,
          raw[4] - 4 * m * raw[3] + 6 * m * m * raw[2] - 3 * m * m * m * m};
}

/// Of h in units of the normal's deviation.
std::array<double, 4> moments(const TheoreticalValues& values) {
  const double r = values.normal.mean / values.normal.sd;
  return values.is_rectified ? rectified_moments(r) : std::array<double, 4>{r, 1, 0, 3};
}

}  // namespace

double TheoreticalValues::mean() const { return offset + slope * normal.sd * moments(*this)[0]; }

double TheoreticalValues::variance() const {
  return slope * slope * normal.sd * normal.sd * moments(*this)[1];
}

double TheoreticalValues::skewness() const {
  const auto central = moments(*this);
  return std::copysign(central[2] / std::pow(central[1], 1.5), slope * central[2]);
}

double TheoreticalValues::kurtosis() const {
  const auto central = moments(*this);
  return central[3] / (central[1] * central[1]);
}

double TheoreticalValues::zero_share() const {
  if (slope == 0) return offset == 0 ? 1 : 0;
  return atom() == 0 ? below(-normal.mean / normal.sd) : 0;
}

double TheoreticalValues::negative_share() const {
  if (slope == 0) return offset < 0 ? 1 : 0;
  const double at = -offset / slope;  // slope h + offset is 0 where h is at
  const double less = is_rectified && at <= 0 ? 0 : below((at - normal.mean) / normal.sd);
  if (slope > 0) return less;
  return is_rectified && at < 0 ? 1 : below((normal.mean - at) / normal.sd);
}

std::optional<double> TheoreticalValues::atom() const {
  return is_rectified ? std::optional(offset) : std::nullopt;
}

double TheoreticalValues::kept_share() const {
  return is_rectified ? below(normal.mean / normal.sd) : 1;
}

TheoreticalValues normalise(const TheoreticalValues& values, const TheoreticalBatchNorm& bn) {
  const double slope = bn.scale / std::sqrt(bn.variance.value_or(values.variance()) + bn.eps);
  TheoreticalValues normalised = values;
  normalised.slope = values.slope * slope;
  normalised.offset = bn.offset + slope * (values.offset - bn.mean.value_or(values.mean()));
  return normalised;
}

std::optional<TheoreticalValues> rectify(const TheoreticalValues& values) {
  if (values.is_rectified || values.slope == 0) return std::nullopt;
  return TheoreticalValues{.normal = {.mean = values.mean(), .sd = std::sqrt(values.variance())},
                           .is_rectified = true};
}

}  // namespace whichfirst::lab
