// What a data file may ask for, and the checks that come before memory is taken.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "data/images.h"

namespace whichfirst::data {

inline constexpr std::uint64_t kMostImages = (std::uint64_t{1} << 31) - 1;
inline constexpr std::uint64_t kMostChannels = 16;
inline constexpr std::uint64_t kLongestSide = 4096;  // height and width, pixels
inline constexpr std::size_t kMostClasses = 1000;
/// Pixels of one file, decompressed.
inline constexpr std::uint64_t kMostContentBytes = std::uint64_t{16} << 30;
/// Deflate cannot expand further. Source: zlib's technical notes, "maximum compression factor".
inline constexpr std::uint64_t kDeflateRatio = 1032;

/// The four numbers that a file says about its pictures, before anybody believes them.
struct Extent {
  std::uint64_t count = 0;
  std::uint64_t channels = 0;
  std::uint64_t height = 0;
  std::uint64_t width = 0;

  /// Numbers in all pictures; does not overflow once checked_shape has accepted the extent.
  std::uint64_t values() const { return count * channels * height * width; }
};

/// The shape of one picture. Throws Error beginning with `where` unless there is at least one
/// picture, none is empty, and all limits above hold at `bytes_per_value`.
Shape checked_shape(std::string_view where, const Extent& extent, std::uint64_t bytes_per_value);

/// Train and test as one set. Where the format knows how many `classes` there are, a note names
/// those without a picture. Elsewhere labels are 0 or more, and those that do not count up from 0
/// without a gap are numbered anew, which names the classes and is noted. Throws Error beginning
/// with `where` unless both have the same shape and kind of pixel, there are 2 to kMostClasses
/// classes, and every test label is a training label too.
Dataset join(std::string_view where, Images train, Images test,
             std::optional<int> classes = std::nullopt);

}  // namespace whichfirst::data
