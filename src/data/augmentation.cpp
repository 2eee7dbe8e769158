#include "data/augmentation.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "base/error.h"
#include "base/random.h"

namespace whichfirst::data {
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
