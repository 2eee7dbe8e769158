#include "data/npz.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "data/limits.h"
#include "data/npy.h"
#include "data/npz_archive.h"

namespace whichfirst::data {
namespace {

struct Layout {
  Extent extent;
  bool channels_last = false;
};

Layout layout_of(const NpzArray& array) {
  const auto& shape = array.header().shape;
  if (shape.size() == 3) return Layout{.extent = {shape[0], 1, shape[1], shape[2]}};
  if (shape.size() == 4) {
    const auto is_channels = [](std::uint64_t n) { return n == 1 || n == 3 || n == 4; };
    const bool last = is_channels(shape[3]);
    const bool second = is_channels(shape[1]);
    if (last && !second) {
      return Layout{.extent = {shape[0], shape[3], shape[1], shape[2]}, .channels_last = true};
    }
    if (second && !last) return Layout{.extent = {shape[0], shape[1], shape[2], shape[3]}};
    if (second && last) {
      throw Error(
          fmt::format("{}: shape {} could be (N, H, W, C) or (N, C, H, W); save gray "
                      "pictures as (N, H, W) or pad them",
                      array.where(), array.shape_text()));
    }
  }
  throw Error(
      fmt::format("{}: expected pixels of shape (N, H, W), (N, H, W, C) or (N, C, H, W) "
                  "with 1, 3 or 4 channels, found {}",
                  array.where(), array.shape_text()));
}

/// All pictures, channel by channel. `convert(bytes, n, place)` makes a pixel of the number at
/// `bytes`, which stands at `place` of picture n in the order of the file.
template <typename Pixel, typename Convert>
std::vector<Pixel> read_pictures(NpzArray& array, const Layout& layout, int bytes_per_value,
                                 Convert&& convert) {
  const auto channels = static_cast<std::size_t>(layout.extent.channels);
  const auto plane = static_cast<std::size_t>(layout.extent.height * layout.extent.width);
  const auto step = static_cast<std::size_t>(bytes_per_value);
  std::vector<Pixel> pixels(layout.extent.values());
  std::vector<std::uint8_t> picture(channels * plane * step);
  Pixel* out = pixels.data();
  for (std::uint64_t n = 0; n < layout.extent.count; ++n) {
    array.read_exactly(picture);
    for (std::size_t c = 0; c < channels; ++c) {
      for (std::size_t p = 0; p < plane; ++p) {
        const std::size_t place = layout.channels_last ? p * channels + c : c * plane + p;
        *out++ = convert(picture.data() + place * step, n, place);
      }
    }
  }
  array.expect_end();
  return pixels;
}

/// "[7, 0, 31]": the index of the number at `place` of picture n, as numpy counts.
std::string index_text(const NpzArray& array, std::uint64_t n, std::uint64_t place) {
  std::vector<std::uint64_t> index(array.header().shape.size());
  for (std::size_t axis = index.size(); axis-- > 1;) {
    index[axis] = place % array.header().shape[axis];
    place /= array.header().shape[axis];
  }
  index[0] = n;
  return fmt::format("[{}]", fmt::join(index, ", "));
}

void read_pixels(NpzArray& array, Images& images) {
  const auto type = parse_npy_type(array.header().descr);
  const bool is_bytes = type && type->kind == 'u' && type->bytes == 1;
  if (!is_bytes && !(type && type->kind == 'f')) {
    throw Error(
        fmt::format("{}: expected pixels of type uint8, float32 or float64, found '{}'; "
                    "convert with .astype('uint8') or .astype('float32')",
                    array.where(), array.header().descr));
  }
  const Layout layout = layout_of(array);
  images.shape =
      checked_shape(array.where(), layout.extent, static_cast<std::uint64_t>(type->bytes));
  array.require_values(layout.extent.values(), type->bytes);
  if (is_bytes) {
    images.pixels = read_pictures<std::uint8_t>(
        array, layout, 1,
        [](const std::uint8_t* byte, std::uint64_t, std::size_t) { return *byte; });
    return;
  }
  images.pixels = read_pictures<float>(
      array, layout, type->bytes,
      [&](const std::uint8_t* bytes, std::uint64_t n, std::size_t place) {
        const double number = npy_number(*type, bytes);
        // Comparison before conversion: a double beyond float has no defined conversion.
        if (!(std::abs(number) <= std::numeric_limits<float>::max())) {
          throw Error(fmt::format("{}{}: expected a finite float, found {}", array.where(),
                                  index_text(array, n, place), number));
        }
        return static_cast<float>(number);
      });
}

std::vector<std::int32_t> read_labels(NpzArray& array, std::uint64_t images) {
  const auto type = parse_npy_type(array.header().descr);
  if (!type || type->kind == 'f') {
    throw Error(
        fmt::format("{}: expected labels of an integer type, found '{}'; convert with "
                    ".astype('int64')",
                    array.where(), array.header().descr));
  }
  const auto& shape = array.header().shape;
  if (shape.empty() || shape.size() > 2 || shape[0] != images ||
      (shape.size() == 2 && shape[1] != 1)) {
    throw Error(fmt::format("{}: expected one label an image, shape ({},) or ({}, 1), found {}",
                            array.where(), images, images, array.shape_text()));
  }
  array.require_values(images, type->bytes);
  const auto step = static_cast<std::size_t>(type->bytes);
  std::vector<std::uint8_t> bytes(images * step);
  array.read_exactly(bytes);
  array.expect_end();
  std::vector<std::int32_t> labels(images);
  for (std::size_t n = 0; n < labels.size(); ++n) {
    const double label = npy_number(*type, bytes.data() + n * step);
    if (!(label >= 0 && label <= kLargestLabel)) {
      throw Error(fmt::format("{}[{}]: expected a label from 0 to {}, found {}", array.where(), n,
                              kLargestLabel, label));
    }
    labels[n] = static_cast<std::int32_t>(label);
  }
  return labels;
}

/// `part` is "train" or "test".
Images read_set(const NpzArchive& archive, const std::string& part) {
  NpzArray pixels(archive, "x_" + part);
  NpzArray labels(archive, "y_" + part);
  Images images;
  read_pixels(pixels, images);
  images.labels = read_labels(labels, pixels.header().shape[0]);
  return images;
}

}  // namespace

Dataset load_npz(const std::filesystem::path& path) {
  const NpzArchive archive(path, {"x_train", "y_train", "x_test", "y_test"});
  Images train = read_set(archive, "train");
  Images test = read_set(archive, "test");
  return join(path.string(), std::move(train), std::move(test));
}

}  // namespace whichfirst::data
