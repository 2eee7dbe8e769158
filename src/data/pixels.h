// What the pixels of a set look like, channel by channel: what a normalisation cannot mend.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "data/images.h"

namespace whichfirst::data {

/// Of the pixels of one channel, in their own unit.
struct PixelRange {
  double least = 0;
  double most = 0;
  double mean = 0;
  double deviation = 0;  ///< population; 0 where all are equal
  std::int64_t count = 0;
};

struct ChannelPixels {
  PixelRange all;
  /// All without a few (by Chebyshev below 1 %) that lie beyond 10 deviations of the mean, where
  /// these few make up more than three quarters of the variance.
  std::optional<PixelRange> core;

  const PixelRange& typical() const { return core ? *core : all; }
};

/// Of each channel over the pictures `picks`, at least one.
std::vector<ChannelPixels> survey_pixels(const Images& images,
                                         std::span<const std::uint32_t> picks);

}  // namespace whichfirst::data
