#include "data/picture.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <string>
#include <utility>

#include "base/error.h"
#include "data/exif.h"
#include "data/input_file.h"

namespace whichfirst::data {
namespace {

std::vector<std::uint8_t> read_bytes(const std::filesystem::path& path) {
  const std::uint64_t size = regular_file_size(path);
  if (size > kMostPictureFileBytes) {
    throw Error("{}: expected a picture of at most {} bytes, found {}", path.string(),
                kMostPictureFileBytes, size);
  }
  std::vector<std::uint8_t> bytes(size);
  std::ifstream file(path, std::ios::binary);
  if (!file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size))) {
    throw Error("{}: cannot be read", path.string());
  }
  return bytes;
}

/// A kind of file, told by the bytes at `at`.
struct Kind {
  std::string_view front;
  std::size_t at = 0;
  Picture (*read_header)(std::string_view, Bytes) = nullptr;
  Picture (*decode)(std::string_view, Bytes) = nullptr;
  std::string_view name = {};  ///< of what is not read
};

using namespace std::string_view_literals;
constexpr std::array kKinds = {
    Kind{"\x89PNG\r\n\x1a\n", 0, read_png_header, decode_png},
    Kind{"\xff\xd8\xff", 0, read_jpeg_header, decode_jpeg},
    Kind{"WEBP", 8, read_webp_header, decode_webp},
    Kind{"GIF87a", 0, read_gif_header, decode_gif},
    Kind{"GIF89a", 0, read_gif_header, decode_gif},
    Kind{"BM", 0, read_bmp_header, decode_bmp},
    Kind{"II*\0"sv, 0, read_tiff_header, decode_tiff},
    Kind{"MM\0*"sv, 0, read_tiff_header, decode_tiff},
    Kind{"\x89PNG", 0, nullptr, nullptr, "a PNG picture with a damaged front"},
    Kind{"ftyphei", 4, nullptr, nullptr, "a HEIC picture"},
    Kind{"ftypmif", 4, nullptr, nullptr, "a HEIF picture"},
    Kind{"ftypavif", 4, nullptr, nullptr, "an AVIF picture"},
    Kind{"II+\0"sv, 0, nullptr, nullptr, "a BigTIFF picture"},
    Kind{"8BPS", 0, nullptr, nullptr, "a Photoshop picture"},
    Kind{"%PDF", 0, nullptr, nullptr, "a PDF document"},
    Kind{"<svg", 0, nullptr, nullptr, "an SVG drawing"},
    Kind{"<!DOCTYPE", 0, nullptr, nullptr, "an HTML page"},
    Kind{"<html", 0, nullptr, nullptr, "an HTML page"},
    Kind{"DICM", 128, nullptr, nullptr, "a DICOM picture"},
};

const Kind& kind_of(std::string_view where, Bytes bytes) {
  const auto found = std::find_if(kKinds.begin(), kKinds.end(), [&](const Kind& kind) {
    return bytes.size() >= kind.at + kind.front.size() &&
           std::equal(kind.front.begin(), kind.front.end(), bytes.subspan(kind.at).begin(),
                      [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; });
  });
  if (found != kKinds.end() && found->decode != nullptr) return *found;
  throw Error("{}: expected a PNG, JPEG, WebP, GIF, BMP or TIFF picture, found {}", where,
              bytes.empty()           ? "an empty file"
              : found != kKinds.end() ? found->name
                                      : "something else");
}

/// Composes a last channel of opacity over white. Notes where that hides what would be seen before
/// black: the contrast falls below a twentieth.
void lay_over_white(Picture& picture) {
  struct Range {
    std::uint64_t least = kMostOf16Bits, most = 0;
    void add(std::uint64_t level) {
      least = std::min(least, level);
      most = std::max(most, level);
    }
    bool is_flat(std::uint64_t full) const { return (most - least) * 20 < full; }
  };
  const std::uint64_t full = picture.most;
  const auto colours = static_cast<std::size_t>(picture.shape.channels) - 1;
  auto& pixels = picture.pixels;
  Range before_white, before_black;
  std::size_t to = 0;  // in place: a pixel never moves back
  for (std::size_t from = 0; from < pixels.size(); from += colours + 1) {
    const std::uint64_t opacity = pixels[from + colours];
    picture.is_transparent = picture.is_transparent || opacity < full;
    for (std::size_t c = 0; c < colours; ++c) {
      const std::uint64_t light = pixels[from + c] * opacity;
      const std::uint64_t level = (2 * (light + full * (full - opacity)) + full) / (2 * full);
      before_white.add(level);
      before_black.add(light / full);
      pixels[to++] = static_cast<std::uint16_t>(level);
    }
  }
  pixels.resize(to);
  picture.shape.channels = static_cast<int>(colours);
  picture.is_lost =
      picture.is_transparent && before_white.is_flat(full) && !before_black.is_flat(full);
}

/// Exif's orientations 5 to 8 exchange rows and columns.
bool is_on_its_side(int orientation) { return orientation >= 5; }

/// Turns the picture upright. Source: Exif 2.32, tag 274: where the 0th row and the 0th column of
/// the stored picture are to be seen.
void turn(Picture& picture, int orientation) {
  const Shape stored = picture.shape;
  const bool from_below =
      orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  const bool from_right =
      orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  if (is_on_its_side(orientation)) std::swap(picture.shape.height, picture.shape.width);
  const auto channels = static_cast<std::size_t>(stored.channels);
  std::vector<std::uint16_t> turned;
  turned.reserve(picture.pixels.size());
  for (int y = 0; y < picture.shape.height; ++y) {
    for (int x = 0; x < picture.shape.width; ++x) {
      const int row = is_on_its_side(orientation) ? x : y;
      const int column = is_on_its_side(orientation) ? y : x;
      const int from_row = from_below ? stored.height - 1 - row : row;
      const int from_column = from_right ? stored.width - 1 - column : column;
      const auto from = picture.pixels.begin() +
                        (std::ptrdiff_t{from_row} * stored.width + from_column) * stored.channels;
      turned.insert(turned.end(), from, from + static_cast<std::ptrdiff_t>(channels));
    }
  }
  picture.pixels = std::move(turned);
  picture.is_turned = true;
}

}  // namespace

Picture decode_picture_header(std::string_view where, Bytes bytes) {
  Picture picture = kind_of(where, bytes).read_header(where, bytes);
  picture.shape.channels = picture.shape.channels < 3 ? 1 : 3;
  if (is_on_its_side(exif_orientation(bytes))) {
    std::swap(picture.shape.height, picture.shape.width);
  }
  return picture;
}

Picture decode_picture(std::string_view where, Bytes bytes) {
  Picture picture = kind_of(where, bytes).decode(where, bytes);
  if (picture.shape.channels % 2 == 0) lay_over_white(picture);
  if (const int orientation = exif_orientation(bytes); orientation != 1) turn(picture, orientation);
  return picture;
}

Picture read_picture_header(const std::filesystem::path& path) {
  return decode_picture_header(path.string(), read_bytes(path));
}

Picture read_picture(const std::filesystem::path& path) {
  return decode_picture(path.string(), read_bytes(path));
}

std::uint32_t number_at(Bytes bytes, std::size_t at, std::size_t count, bool big_endian) {
  check(count <= 4 && at + count <= bytes.size(), "the number is within the file");
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < count; ++i) {
    number = number << 8 | bytes[at + (big_endian ? i : count - 1 - i)];
  }
  return number;
}

void require_picture_size(std::string_view where, std::uint64_t height, std::uint64_t width,
                          std::uint64_t file_bytes, std::uint64_t most_pixels_per_byte) {
  const auto refuse = [&](std::uint64_t most, std::string_view of_what) {
    throw Error("{}: expected a picture of 1 to {} {}, found {}x{}", where, most, of_what, height,
                width);
  };
  if (height < 1 || width < 1 || height > kLongestPictureSide || width > kLongestPictureSide) {
    refuse(kLongestPictureSide, "pixels a side");
  }
  if (height * width > kMostPicturePixels) refuse(kMostPicturePixels, "pixels");
  if (height * width / most_pixels_per_byte > file_bytes) {
    throw Error(
        "{}: expected {}x{} pixels as its header says, found {} bytes, which "
        "cannot hold as many",
        where, height, width, file_bytes);
  }
}

void refuse_picture(std::string_view where, std::string_view kind, std::string_view reason) {
  throw Error("{}: expected a whole {} picture, found damage ({})", where, kind, reason);
}

void refuse_variant(std::string_view where, std::string_view kind, std::string_view what) {
  throw Error("{}: expected a {} picture of a usual kind, found {}; save it as PNG", where, kind,
              what);
}

}  // namespace whichfirst::data
