// A picture in memory, and the decoders behind picture.h: one for each kind of file, and what they
// share.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/shape.h"

namespace whichfirst::data {

inline constexpr std::uint64_t kMostPictureFileBytes = std::uint64_t{1} << 28;
inline constexpr std::uint32_t kLongestPictureSide = 16384;
inline constexpr std::uint64_t kMostPicturePixels = std::uint64_t{1} << 27;

/// Eight bits a channel, as the file stores them: gamma, colour profiles and the orientation that a
/// camera notes are not applied.
struct Picture {
  Shape shape;                       ///< 1 channel (gray) or 3 (red, green, blue)
  std::vector<std::uint8_t> pixels;  ///< HWC: row by row, the channels of a pixel side by side
};

// --- PNG; png.cpp knows that libspng exists. Source: the PNG specification, third edition (W3C).
// ---

/// Whether `bytes` begin with PNG's signature of eight bytes.
bool is_png(std::span<const std::uint8_t> bytes);

/// The shape that the header of `bytes` tells. Throws Error beginning with `where`.
Shape read_png_shape(std::string_view where, std::span<const std::uint8_t> bytes);

/// The picture of `bytes`, every chunk's checksum verified up to the last one, IEND; what follows
/// it is not looked at. Throws Error beginning with `where`.
Picture decode_png(std::string_view where, std::span<const std::uint8_t> bytes);

// --- JPEG: baseline and progressive; gray, colour, CMYK, YCCK; jpeg.cpp knows that libjpeg exists
// ---

/// Whether `bytes` begin as a JPEG file does (ff d8 ff).
bool is_jpeg(std::span<const std::uint8_t> bytes);

/// The shape that the header of `bytes` tells. Throws Error beginning with `where`.
Shape read_jpeg_shape(std::string_view where, std::span<const std::uint8_t> bytes);

/// The picture of `bytes` up to the end-of-image marker; what follows it is not looked at.
/// libjpeg's warnings are errors here, except for stray bytes between segments, an unknown revision
/// of JFIF, and missing detail in a progressive file that has the mean of every block. At most 500
/// scans are read. Throws Error beginning with `where`.
Picture decode_jpeg(std::string_view where, std::span<const std::uint8_t> bytes);

// --- for both ---

/// Throws Error beginning with `where` unless both sides and their product are within the limits
/// and `file_bytes` can code as many pixels, at most `most_pixels_per_byte`.
void require_picture_size(std::string_view where, std::uint64_t height, std::uint64_t width,
                          std::uint64_t file_bytes, std::uint64_t most_pixels_per_byte);

/// Throws Error: `where` was expected to be a whole picture of `kind`, and `reason` says why it is
/// not.
[[noreturn]] void refuse_picture(std::string_view where, std::string_view kind,
                                 std::string_view reason);

}  // namespace whichfirst::data
