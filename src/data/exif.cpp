#include "data/exif.h"

#include <algorithm>
#include <string_view>

#include "data/decoders.h"

namespace whichfirst::data {
namespace {

bool has(Bytes bytes, std::size_t at, std::string_view text) {
  return at <= bytes.size() && bytes.size() - at >= text.size() &&
         std::equal(text.begin(), text.end(), bytes.subspan(at).begin(),
                    [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; });
}

using namespace std::string_view_literals;
constexpr std::string_view kExifFront = "Exif\0\0"sv;

/// The content of the first segment of a kind, or nothing. A segment of JPEG: ff, its kind, a
/// length that counts itself. Of PNG: length, kind, content, checksum. Of WebP: kind, length
/// (little endian), content, filled up to an even length.
Bytes segment_of_jpeg(Bytes bytes) {
  std::size_t at = 2;
  while (at + 4 <= bytes.size() && bytes[at] == 0xff) {
    constexpr std::uint8_t kFill = 0xff, kExif = 0xe1, kScan = 0xda;
    const std::uint8_t kind = bytes[at + 1];
    if (kind == kScan) break;
    if (kind == kFill) {
      ++at;
      continue;
    }
    const std::size_t length = number_at(bytes, at + 2, 2, true);
    if (kind == kExif && has(bytes, at + 4, kExifFront)) return bytes.subspan(at + 4);
    at += 2 + length;
  }
  return {};
}

Bytes segment_of_png(Bytes bytes) {
  for (std::size_t at = 8; at + 8 <= bytes.size();) {
    if (has(bytes, at + 4, "eXIf")) return bytes.subspan(at + 8);
    at += 12 + std::size_t{number_at(bytes, at, 4, true)};
  }
  return {};
}

Bytes segment_of_webp(Bytes bytes) {
  for (std::size_t at = 12; at + 8 <= bytes.size();) {
    if (has(bytes, at, "EXIF")) return bytes.subspan(at + 8);
    const std::size_t length = number_at(bytes, at + 4, 4, false);
    at += 8 + length + length % 2;
  }
  return {};
}

Bytes block_of(Bytes bytes) {
  if (has(bytes, 0, "\xff\xd8")) return segment_of_jpeg(bytes);
  if (has(bytes, 0, "\x89PNG")) return segment_of_png(bytes);
  if (has(bytes, 8, "WEBP")) return segment_of_webp(bytes);
  return bytes;
}

}  // namespace

int exif_orientation(std::span<const std::uint8_t> bytes) {
  Bytes block = block_of(bytes);
  if (has(block, 0, kExifFront)) block = block.subspan(kExifFront.size());
  const bool is_big = has(block, 0, "MM\0*"sv);
  if (!is_big && !has(block, 0, "II*\0"sv)) return 1;
  // A TIFF header, whose last four bytes say where the first directory is: the number of its
  // entries, then 12 bytes each: tag, type, count, value.
  if (block.size() < 8) return 1;
  const std::size_t directory = number_at(block, 4, 4, is_big);
  if (directory + 2 > block.size()) return 1;
  const std::size_t entries = number_at(block, directory, 2, is_big);
  for (std::size_t i = 0; i < entries; ++i) {
    constexpr std::uint32_t kOrientation = 274, kShort = 3;
    const std::size_t at = directory + 2 + 12 * i;
    if (at + 12 > block.size()) break;
    if (number_at(block, at, 2, is_big) != kOrientation) continue;
    const auto value = number_at(block, at + 8, 2, is_big);
    const bool is_known = number_at(block, at + 2, 2, is_big) == kShort && value >= 1 && value <= 8;
    return is_known ? static_cast<int>(value) : 1;
  }
  return 1;
}

}  // namespace whichfirst::data
