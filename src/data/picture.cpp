#include "data/picture.h"

#include <algorithm>
#include <array>
#include <fstream>

#include "base/error.h"
#include "data/decoders.h"
#include "data/input_file.h"

namespace whichfirst::data {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes read_bytes(const std::filesystem::path& path) {
  const std::uint64_t size = regular_file_size(path);
  if (size > kMostPictureFileBytes) {
    throw Error("{}: expected a picture of at most {} bytes, found {}", path.string(),
                kMostPictureFileBytes, size);
  }
  Bytes bytes(size);
  std::ifstream file(path, std::ios::binary);
  if (!file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size))) {
    throw Error("{}: cannot be read", path.string());
  }
  return bytes;
}

std::string_view looks_like(std::span<const std::uint8_t> bytes) {
  struct Kind {
    std::string_view front;
    std::string_view name;
  };
  constexpr std::array<Kind, 6> kKinds = {
      Kind{"GIF8", "a GIF picture"},  Kind{"BM", "a BMP picture"},
      Kind{"RIFF", "a WebP picture"}, Kind{"II*", "a TIFF picture"},
      Kind{"MM", "a TIFF picture"},   Kind{"\x89PNG", "a PNG picture with a damaged front"}};
  if (bytes.empty()) return "an empty file";
  for (const Kind& kind : kKinds) {
    if (bytes.size() >= kind.front.size() &&
        std::equal(kind.front.begin(), kind.front.end(), bytes.begin(),
                   [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; })) {
      return kind.name;
    }
  }
  return "something else";
}

[[noreturn]] void refuse_kind(std::string_view where, std::span<const std::uint8_t> bytes) {
  throw Error("{}: expected a PNG or JPEG picture, found {}", where, looks_like(bytes));
}

}  // namespace

Shape decode_picture_shape(std::string_view where, std::span<const std::uint8_t> bytes) {
  if (is_png(bytes)) return read_png_shape(where, bytes);
  if (is_jpeg(bytes)) return read_jpeg_shape(where, bytes);
  refuse_kind(where, bytes);
}

Picture decode_picture(std::string_view where, std::span<const std::uint8_t> bytes) {
  if (is_png(bytes)) return decode_png(where, bytes);
  if (is_jpeg(bytes)) return decode_jpeg(where, bytes);
  refuse_kind(where, bytes);
}

Shape read_picture_shape(const std::filesystem::path& path) {
  return decode_picture_shape(path.string(), read_bytes(path));
}

Picture read_picture(const std::filesystem::path& path) {
  return decode_picture(path.string(), read_bytes(path));
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

}  // namespace whichfirst::data
