// Pictures and labels in memory.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/shape.h"

namespace whichfirst::data {

/// N pictures of one shape with their labels.
struct Images {
  Shape shape;  ///< of one picture
  /// NCHW, row-major, count() * shape.size() values: bytes 0..255, or finite floats of any scale.
  std::variant<std::vector<std::uint8_t>, std::vector<float>> pixels;
  std::vector<std::int32_t> labels;  ///< one per picture, each in 0 .. Dataset::classes - 1

  std::int64_t count() const { return static_cast<std::int64_t>(labels.size()); }
};

/// A training set and a test set of the same shape and the same kind of pixel.
struct Dataset {
  std::string name;
  std::vector<std::string> class_names;  ///< one a class, or empty where nobody named them
  int classes = 0;                       ///< at least 2; every label of both sets is below
  Images train;
  Images test;
  std::string format = {};  ///< idx, npz, cifar binary, image folder, drawn
  /// What a user must know about how the set was read, a sentence each: pictures that were resized
  /// or skipped, a test set that was drawn. Empty for most sets.
  std::vector<std::string> notes = {};
};

/// How a set is to be read.
struct ReadOptions {
  /// What every picture is brought to (see resize.h), 1 to kLongestSide a side. Without a value:
  /// 32x32 where pictures differ in size, else their own size, each side up to 64.
  std::optional<PictureSize> size = std::nullopt;
  bool skip_broken = false;  ///< pass over unreadable pictures of a folder, and note it
  std::uint64_t seed = 0;    ///< the study's; draws the test set of a folder that has none
};

}  // namespace whichfirst::data
