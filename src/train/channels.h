// What is measured of a stage's values by channel: shape of each, dead ones, how well conditioned
// they are for the weights that read them. Definitions: record/tap_record.h.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "measure/summary.h"

namespace whichfirst::train {

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
