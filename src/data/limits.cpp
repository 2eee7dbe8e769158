#include "data/limits.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "data/folder.h"

namespace whichfirst::data {
namespace {

std::string describe(const Images& images) {
  return fmt::format("{}x{}x{} {}", images.shape.channels, images.shape.height, images.shape.width,
                     images.pixels.index() == 0 ? "uint8" : "float");
}

/// Those that occur, in rising order.
std::vector<std::int32_t> labels_of(const Images& images) {
  std::vector<std::int32_t> labels = images.labels;
  std::sort(labels.begin(), labels.end());
  labels.erase(std::unique(labels.begin(), labels.end()), labels.end());
  return labels;
}

std::vector<std::string> texts(const std::vector<std::int32_t>& labels) {
  std::vector<std::string> result;
  for (const std::int32_t label : labels) result.push_back(std::to_string(label));
  return result;
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

Dataset join(std::string_view where, Images train, Images test, std::optional<int> classes) {
  check(train.count() > 0 && test.count() > 0, "a reader refuses a set without images");
  if (describe(train) != describe(test)) {
    throw Error("{}: expected test images like the training images ({}), found {}", where,
                describe(train), describe(test));
  }
  const auto labels = labels_of(train);
  std::vector<std::int32_t> unknown;
  std::ranges::set_difference(labels_of(test), labels, std::back_inserter(unknown));
  if (!unknown.empty()) {
    throw Error(
        "{}: expected the test pictures to be of classes that have training pictures, found the "
        "label {} in the test set only; leave its pictures out, or add training pictures of it",
        where, few_of(texts(unknown)));
  }
  if (labels.size() < 2 || labels.size() > kMostClasses) {
    throw Error("{}: expected labels of 2 to {} classes, found {}", where, kMostClasses,
                labels.size() == 1 ? fmt::format("label {} only", labels[0])
                                   : fmt::format("{} different ones", labels.size()));
  }
  Dataset set;
  set.classes = classes.value_or(static_cast<int>(labels.size()));
  std::vector<std::int32_t> all(static_cast<std::size_t>(set.classes));
  std::iota(all.begin(), all.end(), 0);
  if (labels != all && classes) {
    std::vector<std::int32_t> empty;
    std::ranges::set_difference(all, labels, std::back_inserter(empty));
    set.notes.push_back(fmt::format("no training picture is of class {}", few_of(texts(empty))));
  } else if (labels != all) {
    for (Images* part : {&train, &test}) {
      for (std::int32_t& label : part->labels) {
        label = static_cast<std::int32_t>(std::lower_bound(labels.begin(), labels.end(), label) -
                                          labels.begin());
      }
    }
    set.class_names = texts(labels);
    set.notes.push_back(fmt::format(
        "the labels do not count up from 0 without a gap ({}): they were numbered 0 to {}, and "
        "what they were is the name of the class",
        few_of(set.class_names), labels.size() - 1));
  }
  set.train = std::move(train);
  set.test = std::move(test);
  return set;
}

}  // namespace whichfirst::data
