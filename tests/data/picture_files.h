// Pictures that tests make and compare.
#pragma once

#include <zlib.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "data/picture.h"

namespace whichfirst::data {

inline std::string big_endian_word(std::uint64_t number) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(number >> shift & 255);
  return bytes;
}

inline std::string png_chunk(const std::string& kind_and_body) {
  const auto* bytes = reinterpret_cast<const Bytef*>(kind_and_body.data());
  return big_endian_word(kind_and_body.size() - 4) + kind_and_body +
         big_endian_word(crc32(0, bytes, static_cast<uInt>(kind_and_body.size())));
}

/// Signature and header of a PNG with 8 bits a channel.
inline std::string png_front(std::uint64_t height, std::uint64_t width, int channels) {
  return "\x89PNG\r\n\x1a\n" +
         png_chunk("IHDR" + big_endian_word(width) + big_endian_word(height) + '\b' +
                   (channels == 3 ? '\2' : '\0') + std::string(3, '\0'));
}

/// A PNG file whose pixels (HWC) are `levels`, or all the one level given.
inline std::string png_file(int height, int width, int channels, std::vector<std::uint8_t> levels) {
  const auto row = static_cast<std::size_t>(width * channels);
  if (levels.size() == 1) levels.assign(static_cast<std::size_t>(height) * row, levels[0]);
  std::string raw;
  for (int y = 0; y < height; ++y) {
    raw += '\0';  // no filter
    const auto from = levels.begin() + static_cast<std::ptrdiff_t>(y) * width * channels;
    raw.append(from, from + static_cast<std::ptrdiff_t>(row));
  }
  uLongf packed_bytes = compressBound(raw.size());
  std::string packed(packed_bytes, '\0');
  compress(reinterpret_cast<Bytef*>(packed.data()), &packed_bytes,
           reinterpret_cast<const Bytef*>(raw.data()), raw.size());
  packed.resize(packed_bytes);
  return png_front(static_cast<std::uint64_t>(height), static_cast<std::uint64_t>(width),
                   channels) +
         png_chunk("IDAT" + packed) + png_chunk("IEND");
}

inline std::string file_bytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace whichfirst::data
