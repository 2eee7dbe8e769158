#include "data/pixels.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <variant>

#include "base/error.h"

namespace whichfirst::data {
namespace {

/// Calls `use` with every pixel of a channel.
template <typename Use>
void for_each_pixel(const Images& images, std::span<const std::uint32_t> picks, std::size_t channel,
                    const Use& use) {
  const auto channels = static_cast<std::size_t>(images.shape.channels);
  const auto plane = static_cast<std::size_t>(images.shape.pixels());
  std::visit(
      [&](const auto& pixels) {
        for (const std::uint32_t pick : picks) {
          const auto* from = pixels.data() + (pick * channels + channel) * plane;
          for (std::size_t i = 0; i < plane; ++i) use(static_cast<double>(from[i]));
        }
      },
      images.pixels);
}

/// Of the pixels from `least` to `most`, in two passes.
PixelRange range_within(const Images& images, std::span<const std::uint32_t> picks,
                        std::size_t channel, double least, double most) {
  PixelRange range{.least = most, .most = least};
  double sum = 0;
  for_each_pixel(images, picks, channel, [&](double pixel) {
    if (pixel < least || pixel > most) return;
    range.least = std::min(range.least, pixel);
    range.most = std::max(range.most, pixel);
    sum += pixel;
    ++range.count;
  });
  const auto count = static_cast<double>(range.count);
  range.mean = std::clamp(sum / count, range.least, range.most);  // exact where all are equal
  double squares = 0;
  for_each_pixel(images, picks, channel, [&](double pixel) {
    if (pixel < least || pixel > most) return;
    squares += (pixel - range.mean) * (pixel - range.mean);
  });
  range.deviation = std::sqrt(squares / count);
  return range;
}

ChannelPixels survey(const Images& images, std::span<const std::uint32_t> picks,
                     std::size_t channel) {
  constexpr double kFarDeviations = 10;
  constexpr int kMostRounds = 4;  // one outlier may hide another that is far smaller
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  ChannelPixels pixels{.all = range_within(images, picks, channel, -kInfinity, kInfinity),
                       .core = {}};
  PixelRange core = pixels.all;
  for (int round = 0; round < kMostRounds; ++round) {
    const double far = kFarDeviations * core.deviation;
    if (core.least >= core.mean - far && core.most <= core.mean + far) break;
    core = range_within(images, picks, channel, core.mean - far, core.mean + far);
  }
  if (2 * core.deviation < pixels.all.deviation) pixels.core = core;
  return pixels;
}

}  // namespace

std::vector<ChannelPixels> survey_pixels(const Images& images,
                                         std::span<const std::uint32_t> picks) {
  check(!picks.empty(), "there are images to look at");
  std::vector<ChannelPixels> channels;
  for (int c = 0; c < images.shape.channels; ++c) {
    channels.push_back(survey(images, picks, static_cast<std::size_t>(c)));
  }
  return channels;
}

}  // namespace whichfirst::data
