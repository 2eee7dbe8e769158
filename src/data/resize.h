// Pictures of any size brought to the one size that a network reads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/shape.h"
#include "data/images.h"
#include "data/limits.h"

namespace whichfirst::data {

/// The size of a picture without its channels.
PictureSize size_of(const Shape& shape);

/// What `data.size = auto` makes of pictures that all have the size `own`: each side as it is, but
/// at most 64.
PictureSize automatic_size(PictureSize own);

/// Brings pictures of one size to another, in two steps that are computed as one. The picture is
/// scaled until it just covers the wanted size (for a square one: until its short side fits; the
/// other side is rounded to whole pixels, half up), each new pixel being the mean of the area it
/// covers, shares of pixels included. Then the middle is cut out, half a pixel up and left where it
/// has none. A picture that has the wanted size comes out as it is.
class Resizer {
 public:
  /// Both sizes at least 1 x 1, at most kLongestPictureSide a side.
  Resizer(PictureSize from, PictureSize to);

  /// One channel of one picture. Its pixels are from[0], from[step], from[2 * step], ...; `to` gets
  /// its pixels side by side. Bytes are summed exactly and rounded half up; floats are summed in
  /// double.
  void run(std::span<const std::uint8_t> from, std::size_t step, std::span<std::uint8_t> to) const;
  void run(std::span<const float> from, std::size_t step, std::span<float> to) const;

 private:
  /// The old pixels first .. first + weights.size() - 1 under a new one, and how much of it each
  /// covers. The weights of a new pixel sum to the old side's length.
  struct Cover {
    std::size_t first = 0;
    std::vector<std::uint32_t> weights;
  };
  static std::vector<Cover> covers(int from, int scaled, int to);
  template <typename Sum, typename Pixel, typename Convert>
  void sum_up(std::span<const Pixel> from, std::size_t step, std::span<Pixel> to,
              Convert&& convert) const;

  std::size_t from_width_;
  std::uint64_t total_;  // the sum of a new pixel's weights over its rows and columns
  std::vector<Cover> rows_;
  std::vector<Cover> columns_;
};

/// `images` with every picture brought to `size`.
Images resize(const Images& images, PictureSize size);

/// The shape of `pictures`, whose count and channels are given, at `size`. Throws Error for a size
/// out of range, and as checked_shape does for more pixels than a set may have.
Shape resized_shape(std::string_view where, const Extent& pictures, PictureSize size,
                    std::uint64_t bytes_per_value);

/// "600 pictures of 28x20 were resized to 32x32: short side by area, centre crop"; `from` says what
/// stands after "pictures of".
std::string resize_note(std::int64_t pictures, const std::string& from, PictureSize to);

}  // namespace whichfirst::data
