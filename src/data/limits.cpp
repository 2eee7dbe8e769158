#include "data/limits.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace whichfirst::data {
namespace {

std::string describe(const Images& images) {
  return fmt::format("{}x{}x{} {}", images.shape.channels, images.shape.height, images.shape.width,
                     images.pixels.index() == 0 ? "uint8" : "float");
}

std::int32_t largest_label(const Images& images) {
  return *std::max_element(images.labels.begin(), images.labels.end());
}

}  // namespace

Shape checked_shape(std::string_view where, const Extent& extent, std::uint64_t bytes_per_value) {
  const auto require = [&](std::string_view what, std::uint64_t found, std::uint64_t most) {
    if (found >= 1 && found <= most) return;
    throw Error("{}: expected 1 to {} {}, found {}", where, most, what, found);
  };
  require("images", extent.count, kMostImages);
  require("channels", extent.channels, kMostChannels);
  require("rows", extent.height, kLongestSide);
  require("columns", extent.width, kLongestSide);
  static_assert(kMostImages <= UINT64_MAX / (kMostChannels * kLongestSide * kLongestSide * 8));
  if (extent.values() * bytes_per_value > kMostContentBytes) {
    throw Error("{}: expected at most {} bytes of pixels, found {}; use fewer images", where,
                kMostContentBytes, extent.values() * bytes_per_value);
  }
  return Shape{.channels = static_cast<int>(extent.channels),
               .height = static_cast<int>(extent.height),
               .width = static_cast<int>(extent.width)};
}

Dataset join(std::string_view where, Images train, Images test) {
  check(train.count() > 0 && test.count() > 0, "a reader refuses a set without images");
  if (describe(train) != describe(test)) {
    throw Error("{}: expected test images like the training images ({}), found {}", where,
                describe(train), describe(test));
  }
  const int classes = std::max(largest_label(train), largest_label(test)) + 1;
  if (classes < 2) {
    throw Error("{}: expected at least two classes, found label 0 only", where);
  }
  return Dataset{.name = {},
                 .class_names = {},
                 .classes = classes,
                 .train = std::move(train),
                 .test = std::move(test)};
}

}  // namespace whichfirst::data
