#include "measure/float_histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "base/error.h"

namespace whichfirst::measure {
namespace {

constexpr int kMiddle = FloatHistogram::kBinsASide;
constexpr int kMantissaBits = 23;
constexpr int kStepBits = 3;  // eight bins an octave
constexpr int kLeastExponent = -16;
constexpr int kExponentBias = 127;
constexpr std::int32_t kFirstStep = (kExponentBias + kLeastExponent) << kStepBits;

/// Distance from the middle bin, by exponent and the first bits of the mantissa.
std::int32_t steps_of(std::uint32_t magnitude_bits) {
  const auto step = static_cast<std::int32_t>(magnitude_bits >> (kMantissaBits - kStepBits));
  return std::clamp(step - kFirstStep + 1, 0, FloatHistogram::kBinsASide);
}

/// Where the bin `steps` from the middle begins, in magnitude; steps >= 1.
double begin_of(int steps) {
  if (steps > FloatHistogram::kBinsASide) return std::numeric_limits<double>::infinity();
  const int octave = (steps - 1) >> kStepBits;
  const int part = (steps - 1) & ((1 << kStepBits) - 1);
  return std::ldexp(1 + part / 8.0, kLeastExponent + octave);
}

}  // namespace

void FloatHistogram::add(std::span<const float> values) {
  for (const float value : values) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    const std::uint32_t magnitude = bits & 0x7fffffffU;
    if (magnitude >= 0x7f800000U) continue;  // NaN and infinities
    const std::int32_t steps = steps_of(magnitude);
    ++counts_[static_cast<std::size_t>(kMiddle + (bits == magnitude ? steps : -steps))];
  }
}

void FloatHistogram::merge(const FloatHistogram& other) {
  for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
}

std::int64_t FloatHistogram::total() const {
  std::int64_t sum = 0;
  for (const std::int64_t count : counts_) sum += count;
  return sum;
}

double FloatHistogram::lower_edge(std::size_t bin) {
  const int steps = static_cast<int>(bin) - kMiddle;
  return steps > 0 ? begin_of(steps) : -begin_of(1 - steps);
}

double FloatHistogram::upper_edge(std::size_t bin) {
  const int steps = static_cast<int>(bin) - kMiddle;
  return steps >= 0 ? begin_of(steps + 1) : -begin_of(-steps);
}

std::optional<double> FloatHistogram::quantile(double share, double least, double largest) const {
  check(share >= 0 && share <= 1, "a quantile's share is in [0, 1]");
  const std::int64_t all = total();
  if (all == 0) return std::nullopt;
  const double wanted = share * static_cast<double>(all);
  double before = 0;
  std::size_t bin = 0;
  while (counts_[bin] == 0) ++bin;
  for (std::size_t i = bin; i < counts_.size() && before < wanted; ++i) {
    if (counts_[i] == 0) continue;
    bin = i;
    if (before + static_cast<double>(counts_[i]) >= wanted) break;
    before += static_cast<double>(counts_[i]);
  }
  if (bin == kMiddle) return std::clamp(0.0, least, largest);
  const double lower = std::clamp(lower_edge(bin), least, largest);
  const double upper = std::clamp(upper_edge(bin), least, largest);
  const double inside = std::clamp((wanted - before) / static_cast<double>(counts_[bin]), 0.0, 1.0);
  return lower + (upper - lower) * inside;
}

}  // namespace whichfirst::measure
