#include "measure/summary.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <vector>

namespace whichfirst::measure {
namespace {

/// Sums of (x - center)^1 to ^4, in lanes that are added up side by side.
template <class Number>
std::array<double, 4> powers_of(std::span<const Number> values, double center) {
  constexpr std::size_t kLanes = 8;
  std::array<std::array<double, kLanes>, 4> sums{};
  const auto add = [&](std::size_t i, std::size_t lane) {
    const double d = values[i] - center;
    sums[0][lane] += d;
    sums[1][lane] += d * d;
    sums[2][lane] += d * d * d;
    sums[3][lane] += d * d * d * d;
  };
  const std::size_t whole = values.size() / kLanes * kLanes;
  for (std::size_t i = 0; i < whole; i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) add(i + lane, lane);
  }
  for (std::size_t i = whole; i < values.size(); ++i) add(i, i - whole);
  std::array<double, 4> totals{};
  for (std::size_t power = 0; power < totals.size(); ++power) {
    for (const double part : sums[power]) totals[power] += part;
  }
  return totals;
}

std::optional<double> if_finite(double value) {
  return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

}  // namespace

Summary::Summary(std::span<const double> values) { take(values); }
Summary::Summary(std::span<const float> values) { take(values); }

template <class Number>
void Summary::take(std::span<const Number> values) {
  const auto is_finite = [](Number x) { return std::isfinite(x); };
  std::vector<Number> kept;  // where not all are finite
  if (!std::all_of(values.begin(), values.end(), is_finite)) {
    std::copy_if(values.begin(), values.end(), std::back_inserter(kept), is_finite);
    nan_count_ =
        std::count_if(values.begin(), values.end(), [](Number x) { return std::isnan(x); });
    infinite_count_ = std::ssize(values) - nan_count_ - std::ssize(kept);
    values = kept;
  }
  count_ = std::ssize(values);
  if (count_ == 0) return;
  const auto [least, largest] = std::minmax_element(values.begin(), values.end());
  least_ = *least;
  largest_ = *largest;
  zeros_ = std::count(values.begin(), values.end(), Number{0});
  negatives_ = std::count_if(values.begin(), values.end(), [](Number x) { return x < 0; });

  const auto n = static_cast<double>(count_);
  mean_ = powers_of(values, 0)[0] / n;
  mean_ += powers_of(values, mean_)[0] / n;  // what rounding left of the sum
  const std::array<double, 4> powers = powers_of(values, mean_);
  m2_ = powers[1];
  m3_ = powers[2];
  m4_ = powers[3];
}

Summary Summary::of(const Moments& moments) {
  Summary summary;
  summary.nan_count_ = moments.nan_count;
  summary.infinite_count_ = moments.infinite_count;
  if (moments.count == 0) return summary;
  const auto n = static_cast<double>(moments.count);
  summary.count_ = moments.count;
  summary.least_ = moments.least;
  summary.largest_ = moments.largest;
  summary.mean_ = moments.mean;
  summary.zeros_ = std::llround(moments.zero_share * n);
  summary.negatives_ = std::llround(moments.negative_share * n);
  summary.m2_ = moments.sd * moments.sd * n;
  summary.m3_ = moments.skewness * moments.sd * moments.sd * moments.sd * n;
  summary.m4_ = moments.kurtosis * moments.sd * moments.sd * moments.sd * moments.sd * n;
  return summary;
}

Moments Summary::moments() const {
  return {.count = count_,
          .nan_count = nan_count_,
          .infinite_count = infinite_count_,
          .mean = mean().value_or(0),
          .sd = sd().value_or(0),
          .skewness = skewness().value_or(0),
          .kurtosis = kurtosis().value_or(0),
          .least = least_,
          .largest = largest_,
          .zero_share = zero_share().value_or(0),
          .negative_share = negative_share().value_or(0)};
}

void Summary::merge(const Summary& other) {
  nan_count_ += other.nan_count_;
  infinite_count_ += other.infinite_count_;
  if (other.count_ == 0) return;
  if (count_ == 0) {
    least_ = other.least_;
    largest_ = other.largest_;
  }
  const auto a = static_cast<double>(count_);
  const auto b = static_cast<double>(other.count_);
  const double n = a + b;
  const double d = other.mean_ - mean_;
  const double m4 = m4_ + other.m4_ +
                    d * d * d * d * a * b * (a * a - a * b + b * b) / (n * n * n) +
                    6 * d * d * (a * a * other.m2_ + b * b * m2_) / (n * n) +
                    4 * d * (a * other.m3_ - b * m3_) / n;
  const double m3 = m3_ + other.m3_ + d * d * d * a * b * (a - b) / (n * n) +
                    3 * d * (a * other.m2_ - b * m2_) / n;
  m4_ = m4;
  m3_ = m3;
  m2_ += other.m2_ + d * d * a * b / n;
  mean_ += d * b / n;
  least_ = std::min(least_, other.least_);
  largest_ = std::max(largest_, other.largest_);
  count_ += other.count_;
  zeros_ += other.zeros_;
  negatives_ += other.negatives_;
}

std::optional<double> Summary::mean() const {
  if (count_ == 0) return std::nullopt;
  return has_spread() ? if_finite(mean_) : least_;
}

std::optional<double> Summary::sd() const {
  if (count_ == 0) return std::nullopt;
  return has_spread() ? if_finite(std::sqrt(m2_ / static_cast<double>(count_))) : 0;
}

std::optional<double> Summary::least() const {
  return count_ == 0 ? std::nullopt : std::optional(least_);
}

std::optional<double> Summary::largest() const {
  return count_ == 0 ? std::nullopt : std::optional(largest_);
}

std::optional<double> Summary::skewness() const {
  if (!has_spread()) return std::nullopt;
  return if_finite(std::sqrt(static_cast<double>(count_)) * m3_ / (m2_ * std::sqrt(m2_)));
}

std::optional<double> Summary::kurtosis() const {
  if (!has_spread()) return std::nullopt;
  return if_finite(static_cast<double>(count_) * m4_ / (m2_ * m2_));
}

std::optional<double> Summary::share(std::int64_t part) const {
  if (count_ == 0) return std::nullopt;
  return static_cast<double>(part) / static_cast<double>(count_);
}

}  // namespace whichfirst::measure
