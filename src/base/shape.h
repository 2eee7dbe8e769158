// The one dictionary of shape letters, and the shape of one picture or vector.
//
//   N  batch            C  input channels     K  output channels
//   H W  picture        R S  kernel           P Q  output picture
//
// Arrays are row-major in the order of their letters: src_nchw, weights_kcrs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace whichfirst {

/// C x H x W of one image. A vector of C features has H = W = 1 and `is_vector` set: a 1x1 picture
/// and a vector hold the same numbers but accept different stages.
struct Shape {
  int channels = 0;
  int height = 1;
  int width = 1;
  bool is_vector = false;

  /// Numbers in one image.
  std::int64_t size() const { return std::int64_t{channels} * height * width; }
  /// Numbers in one channel of one image.
  std::int64_t pixels() const { return std::int64_t{height} * width; }

  /// C, H, W; of a vector C alone.
  std::vector<int> extents() const {
    return is_vector ? std::vector{channels} : std::vector{channels, height, width};
  }

  bool operator==(const Shape&) const = default;
};

/// Height and width of a picture, pixels.
struct PictureSize {
  int height = 0;
  int width = 0;
  bool operator==(const PictureSize&) const = default;
};

/// "32x48": height, then width.
std::string print_size(PictureSize size);

/// The numbers of "3x32x48", one or more, of digits alone. Nothing for any other text, and where a
/// number exceeds 64 bits. How many there may be and how large is the caller's business.
std::optional<std::vector<std::uint64_t>> parse_lengths(std::string_view text);

}  // namespace whichfirst
