// What was seen inside a network while it trained: part of a trial's file.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "measure/float_histogram.h"
#include "measure/summary.h"

namespace whichfirst::record {

/// Of these shares the quantiles are kept.
inline constexpr std::array<double, 7> kTapQuantiles = {0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99};

/// What a stage made of the probe's pictures, in training mode. Numbers that do not exist (no
/// finite value, no spread) are missing.
struct ValueTap {
  /// Alike in all orders for what means the same: "units.3.conv", "units.3.norm", "units.3.act",
  /// "units.3.pool"; "units.3.act.1" is the second of its unit.
  std::string place;
  measure::Moments moments = {};  ///< over all channels, pictures and pixels
  measure::FloatHistogram histogram = {};
  std::vector<double> quantiles = {};  ///< at kTapQuantiles (measure/float_histogram.h)

  /// mean |x| / max |x|, in [0, 1]. Source: Kim, Kim and Kim, "Tanh Works Better With Asymmetry",
  /// NeurIPS 2023; 1 minus this is their sparsity.
  std::optional<double> saturation = {};
  /// Mean over the channels of |g1| sqrt(M (M - 1)) / (M - 2), where g1 = m3 / m2^1.5 of the M
  /// values of a channel; channels without a spread are left out. Source: the same.
  std::optional<double> channel_skewness = {};
  /// Channels that hold one and the same value everywhere, on all of the probe's pictures: whatever
  /// reads them learns nothing from them.
  double dead_share = 0;
  /// Where a weight stage reads this: the largest eigenvalue of the uncentred second-moment matrix
  /// of the channels, divided by the mean one. 1: the channels are uncorrelated, of one size and
  /// centred; the number of channels: all say the same.
  std::optional<double> condition = {};
  /// Of a bn: the root mean square over the channels of (batch mean - running mean) / running
  /// deviation,
  std::optional<double> mean_gap = {};
  /// and the mean of |ln(batch variance / running variance)|.
  std::optional<double> variance_gap = {};

  bool operator==(const ValueTap&) const = default;
};

/// The weights of a stage, norms over all their numbers.
struct WeightTap {
  std::string place;  ///< "units.3.conv"
  std::optional<double> weight_norm = {};
  std::optional<double> gradient_norm = {};  ///< of the mean loss of the probe, without decay
  std::optional<double> update_ratio = {};   ///< |change| / |weights| in the epoch's middle step
  bool operator==(const WeightTap&) const = default;
};

/// At the end of an epoch.
struct EpochTaps {
  int epoch = 0;                               ///< from 1
  std::optional<double> training_loss = {};    ///< of the probe, with its own statistics
  std::optional<double> evaluation_loss = {};  ///< with the running ones
  std::vector<ValueTap> values = {};           ///< in the order of the network
  std::vector<WeightTap> weights = {};
  bool operator==(const EpochTaps&) const = default;
};

/// A number in which two orders can be compared at one place.
struct TapStatistic {
  std::string_view name;   ///< as in JSON
  std::string_view words;  ///< for a reader
  // Either of the two.
  std::optional<double> (*of_values)(const ValueTap&) = nullptr;
  std::optional<double> (*of_weights)(const WeightTap&) = nullptr;
};
std::span<const TapStatistic> tap_statistics();

}  // namespace whichfirst::record
