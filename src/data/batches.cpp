#include "data/batches.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <string_view>
#include <variant>

#include "base/error.h"
#include "base/random.h"

namespace whichfirst::data {
namespace {

constexpr std::size_t kByteValues = 256;

std::size_t channels_of(const Images& images) {
  return static_cast<std::size_t>(images.shape.channels);
}

/// The pixels of one channel of one picture.
template <typename Pixel>
std::span<const Pixel> plane(const Images& images, const std::vector<Pixel>& pixels,
                             std::uint32_t picture, std::size_t channel) {
  const auto plane_size = static_cast<std::size_t>(images.shape.pixels());
  return std::span(pixels).subspan((picture * channels_of(images) + channel) * plane_size,
                                   plane_size);
}

struct Moments {
  double mean = 0;
  double variance = 0;
};

/// Integer counts first: exact up to the last two divisions.
Moments moments_of(const Images& images, const std::vector<std::uint8_t>& pixels,
                   std::span<const std::uint32_t> picks, std::size_t channel) {
  std::array<std::uint64_t, kByteValues> counts{};
  for (const std::uint32_t pick : picks) {
    for (const std::uint8_t pixel : plane(images, pixels, pick, channel)) ++counts[pixel];
  }
  std::uint64_t n = 0, sum = 0;
  for (std::size_t value = 0; value < kByteValues; ++value) {
    n += counts[value];
    sum += counts[value] * value;
  }
  Moments moments{.mean = static_cast<double>(sum) / static_cast<double>(n)};
  double squares = 0;
  for (std::size_t value = 0; value < kByteValues; ++value) {
    const double distance = static_cast<double>(value) - moments.mean;
    squares += static_cast<double>(counts[value]) * distance * distance;
  }
  moments.variance = squares / static_cast<double>(n);
  return moments;
}

/// Two passes. The first counts from the first pixel, which keeps the digits of a huge mean and
/// makes the variance of a constant exactly 0.
Moments moments_of(const Images& images, const std::vector<float>& pixels,
                   std::span<const std::uint32_t> picks, std::size_t channel) {
  const double origin = plane(images, pixels, picks[0], channel)[0];
  const double n = static_cast<double>(picks.size()) * static_cast<double>(images.shape.pixels());
  double sum = 0;
  for (const std::uint32_t pick : picks) {
    for (const float pixel : plane(images, pixels, pick, channel)) sum += pixel - origin;
  }
  const double offset = sum / n;
  double squares = 0;
  for (const std::uint32_t pick : picks) {
    for (const float pixel : plane(images, pixels, pick, channel)) {
      const double distance = pixel - origin - offset;
      squares += distance * distance;
    }
  }
  return Moments{.mean = origin + offset, .variance = squares / n};
}

float normalise(double pixel, double mean, double deviation) {
  return static_cast<float>((pixel - mean) / deviation);
}

/// Writes one channel of one picture (`from`, height rows of width pixels) as `alteration` says,
/// row by row: zeros to the left and to the right of what the window shows.
template <typename Pixel, typename Convert>
void write_plane(std::span<const Pixel> from, const Shape& shape, const Alteration& alteration,
                 Convert&& convert, std::span<float> to) {
  const int width = shape.width;
  // The columns of the window that are inside the picture.
  const int begin = std::clamp(-alteration.right, 0, width);
  const int end = std::clamp(width - alteration.right, begin, width);
  for (int y = 0; y < shape.height; ++y) {
    float* const row = to.data() + std::ptrdiff_t{y} * width;
    const int picture_row = y + alteration.down;
    if (picture_row < 0 || picture_row >= shape.height || begin == end) {
      std::fill_n(row, width, 0.0F);
      continue;
    }
    const Pixel* const picture = from.data() + std::ptrdiff_t{picture_row} * width;
    const Pixel* const first = picture + begin + alteration.right;
    const Pixel* const last = picture + end + alteration.right;
    const int left = alteration.is_mirrored ? width - end : begin;
    const int right = left + end - begin;
    std::fill(row, row + left, 0.0F);
    if (alteration.is_mirrored) {
      std::transform(std::reverse_iterator(last), std::reverse_iterator(first), row + left,
                     convert);
    } else {
      std::transform(first, last, row + left, convert);
    }
    std::fill(row + right, row + width, 0.0F);
  }
  for (int y = alteration.hole_top; y < alteration.hole_bottom; ++y) {
    float* const row = to.data() + std::ptrdiff_t{y} * width;
    std::fill(row + alteration.hole_left, row + alteration.hole_end, 0.0F);
  }
}

}  // namespace

EpochOrder::EpochOrder(const EpochKey& key, std::uint32_t count)
    : order_(permutation(RandomKey{.seed = key.seed,
                                   .replicate = key.replicate,
                                   .stream = Stream::data_order,
                                   .epoch = key.epoch},
                         count)) {}

std::int64_t EpochOrder::batches(int batch_size) const {
  check(batch_size >= 1, "a batch holds at least one image");
  return static_cast<std::int64_t>(order_.size()) / batch_size;
}

std::span<const std::uint32_t> EpochOrder::batch(std::int64_t index, int batch_size) const {
  check(index >= 0 && index < batches(batch_size), "the batch is a whole one of this epoch");
  return all().subspan(static_cast<std::size_t>(index * batch_size),
                       static_cast<std::size_t>(batch_size));
}

Normalisation measure_normalisation(const Images& images, std::span<const std::uint32_t> picks) {
  check(!picks.empty(), "there are images to measure");
  Normalisation normalisation;
  for (std::size_t c = 0; c < channels_of(images); ++c) {
    const Moments moments = std::visit(
        [&](const auto& pixels) { return moments_of(images, pixels, picks, c); }, images.pixels);
    normalisation.mean.push_back(moments.mean);
    normalisation.deviation.push_back(moments.variance > 0 ? std::sqrt(moments.variance) : 1);
  }
  return normalisation;
}

void assemble(const Images& images, std::span<const std::uint32_t> picks,
              const Normalisation& normalisation, std::span<float> images_nchw,
              std::span<std::int32_t> labels, const EpochAugmentation& epoch) {
  const std::size_t channels = channels_of(images);
  check(normalisation.mean.size() == channels && normalisation.deviation.size() == channels,
        "the normalisation has the channels of the images");
  check(images_nchw.size() == picks.size() * static_cast<std::size_t>(images.shape.size()) &&
            labels.size() == picks.size(),
        "the batch has room for the picked images");
  require_fits(epoch.augmentation, images.shape);
  for (std::size_t i = 0; i < picks.size(); ++i) {
    check(picks[i] < images.labels.size(), "a pick is an image");
    labels[i] = images.labels[picks[i]];
  }
  const auto write = [&](const auto& pixels, std::size_t c, auto&& convert) {
    const auto plane_size = static_cast<std::size_t>(images.shape.pixels());
    for (std::size_t i = 0; i < picks.size(); ++i) {
      write_plane(plane(images, pixels, picks[i], c), images.shape,
                  draw_alteration(epoch.augmentation, epoch.key, images.shape, picks[i]), convert,
                  images_nchw.subspan((i * channels + c) * plane_size, plane_size));
    }
  };
  for (std::size_t c = 0; c < channels; ++c) {
    const double mean = normalisation.mean[c];
    const double deviation = normalisation.deviation[c];
    if (const auto* bytes = std::get_if<std::vector<std::uint8_t>>(&images.pixels)) {
      std::array<float, kByteValues> table;  // a byte has 256 answers
      for (std::size_t value = 0; value < kByteValues; ++value) {
        table[value] = normalise(static_cast<double>(value), mean, deviation);
      }
      write(*bytes, c, [&](std::uint8_t pixel) { return table[pixel]; });
    } else {
      write(std::get<std::vector<float>>(images.pixels), c,
            [&](float pixel) { return normalise(pixel, mean, deviation); });
    }
  }
}

namespace {

/// Uniform in 0 .. bound - 1 up to bound / 2^64.
int below(std::uint64_t bits, std::int64_t bound) {
  __extension__ using Wide = unsigned __int128;
  return static_cast<int>((static_cast<Wide>(bits) * static_cast<std::uint64_t>(bound)) >> 64);
}

}  // namespace

void require_fits(const Augmentation& augmentation, const Shape& shape) {
  const int most = std::min(shape.height, shape.width) - 1;
  const auto require = [&](std::string_view name, int pixels) {
    if (pixels >= 0 && pixels <= most) return;
    throw Error(
        "recipe.augment: expected {} of at most {} pixels for pictures of "
        "{}x{}, found {}",
        name, most, shape.height, shape.width, pixels);
  };
  require("crop", augmentation.crop);
  require("cutout", augmentation.cutout);
}

Alteration draw_alteration(const Augmentation& augmentation, const EpochKey& key,
                           const Shape& shape, std::uint32_t index) {
  if (augmentation == Augmentation{}) return {};
  const auto bits = random_block(RandomKey{.seed = key.seed,
                                           .replicate = key.replicate,
                                           .stream = Stream::augmentation,
                                           .epoch = key.epoch},
                                 index);
  Alteration alteration;
  const auto& [crop, flip, cutout] = augmentation;
  alteration.down = below(bits[0], 2 * std::int64_t{crop} + 1) - crop;
  alteration.right = below(bits[1], 2 * std::int64_t{crop} + 1) - crop;
  alteration.is_mirrored = flip && bits[2] >> 63 != 0;
  if (cutout > 0) {
    const int centre = below(bits[3], shape.pixels());
    const int top = centre / shape.width - cutout / 2;
    const int left = centre % shape.width - cutout / 2;
    alteration.hole_top = std::max(top, 0);
    alteration.hole_bottom = std::min(top + cutout, shape.height);
    alteration.hole_left = std::max(left, 0);
    alteration.hole_end = std::min(left + cutout, shape.width);
  }
  return alteration;
}

}  // namespace whichfirst::data
