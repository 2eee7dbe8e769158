// Looks inside a network at the end of an epoch: the same pictures go through it in training mode,
// and what every stage makes of them is measured. The trial goes on as if nobody had looked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/probe.h"
#include "engine/trainer.h"
#include "measure/summary.h"
#include "network/network.h"
#include "record/study_file.h"
#include "record/tap_record.h"

namespace whichfirst::train {

struct Task;

/// Pictures of the probe: of the training part, not augmented, the same for all orders and
/// replicates of a study.
inline constexpr int kProbeImages = 32;

/// Whether the recipe asks for a look after `epoch`, from 1.
bool is_tapped(const record::Recipe& recipe, int epoch);

/// One name for each stage, alike in all orders for what means the same (record/tap_record.h).
std::vector<std::string> tap_places(const network::Network& network);

/// The values around the middle step of an epoch.
struct WatchedStep {
  network::Values before;
  network::Values after;
};

class Taps {
 public:
  explicit Taps(const Task& task);

  /// At the values as they stand after `epoch`, from 1.
  record::EpochTaps look(engine::Trainer& trainer, const WatchedStep& step, int epoch);

 private:
  record::ValueTap measure(int stage, std::span<const float> values) const;
  void add_gaps(record::ValueTap& tap, const engine::BatchStatistics& batch,
                const network::Values& values) const;
  std::vector<record::WeightTap> measure_weights(const network::Values& values,
                                                 const WatchedStep& step,
                                                 const network::Values& gradients) const;
  std::optional<double> evaluation_loss(engine::Trainer& trainer) const;

  const network::Network& network_;
  std::vector<std::string> places_;
  std::vector<bool> feeds_weights_;   // by stage
  std::vector<std::uint32_t> picks_;  // of the training set
  std::vector<float> images_;
  std::vector<std::int32_t> labels_;
  engine::Probe probe_;
};

/// N x C x P values.
struct ChannelView {
  std::span<const float> values;
  std::ptrdiff_t images = 0;
  std::ptrdiff_t channels = 0;
  std::ptrdiff_t pixels = 0;

  std::span<const float> plane(std::ptrdiff_t image, std::ptrdiff_t channel) const {
    return values.subspan(static_cast<std::size_t>((image * channels + channel) * pixels),
                          static_cast<std::size_t>(pixels));
  }
};

std::vector<measure::Summary> summarise_channels(const ChannelView& view);

/// mean |x| / max |x|; missing where nothing is finite or all are 0.
std::optional<double> saturation_of(std::span<const float> values);

std::optional<double> mean_channel_skewness(const std::vector<measure::Summary>& channels);

double dead_share(const std::vector<measure::Summary>& channels);

/// Missing where all values are 0 or one is not finite.
std::optional<double> condition_of(const ChannelView& view);

}  // namespace whichfirst::train
