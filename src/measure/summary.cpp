#include "measure/summary.h"

#include <algorithm>
#include <cmath>

namespace whichfirst::measure {
namespace {

std::optional<double> if_finite(double value) {
  return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

}  // namespace

Summary::Summary(std::span<const double> values) { take(values); }
Summary::Summary(std::span<const float> values) { take(values); }

template <class Number>
void Summary::take(std::span<const Number> values) {
  double sum = 0;
  for (const Number number : values) {
    const double x = number;
    if (!std::isfinite(x)) {
      ++(std::isnan(x) ? nan_count_ : infinite_count_);
      continue;
    }
    least_ = count_ == 0 ? x : std::min(least_, x);
    largest_ = count_ == 0 ? x : std::max(largest_, x);
    zeros_ += x == 0;
    negatives_ += x < 0;
    sum += x;
    ++count_;
  }
  if (count_ == 0) return;
  const auto n = static_cast<double>(count_);
  mean_ = sum / n;
  double rest = 0;  // what rounding left of the sum
  for (const Number x : values) {
    if (std::isfinite(x)) rest += x - mean_;
  }
  mean_ += rest / n;
  for (const Number x : values) {
    if (!std::isfinite(x)) continue;
    const double d = x - mean_;
    m2_ += d * d;
    m3_ += d * d * d;
    m4_ += d * d * d * d;
  }
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
