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

inline constexpr unsigned kMostOf8Bits = 255;
inline constexpr unsigned kMostOf16Bits = 65535;

/// Gamma and colour profiles are not applied.
struct Picture {
  Shape shape;                   ///< 1 channel (gray) or 3 (red, green, blue)
  unsigned most = kMostOf8Bits;  ///< the level of full light: kMostOf8Bits or kMostOf16Bits
  /// HWC: row by row, the channels of a pixel side by side.
  std::vector<std::uint16_t> pixels = {};
  bool is_turned = false;        ///< the camera noted that it was held otherwise; this is mended
  bool is_transparent = false;   ///< some of it was not opaque, and white shows through
  bool is_lost = false;          ///< is_transparent, and hardly anything is to be seen before white
  bool has_more_frames = false;  ///< an animation or a file of several pages; this is the first
};

/// What the decoders below give: with opacity as the second or fourth channel where the file has
/// it, and as the camera was held. They throw Error beginning with `where` for a picture that is
/// damaged, cut short, beyond the limits or of a kind that they do not read. What follows the
/// picture in the file is not looked at.
using Bytes = std::span<const std::uint8_t>;

// PNG; png.cpp knows that libspng exists. Every chunk's checksum is verified up to IEND. Source:
// the PNG specification, third edition (W3C).
Picture read_png_header(std::string_view where, Bytes bytes);
Picture decode_png(std::string_view where, Bytes bytes);

// JPEG: baseline and progressive; gray, colour, CMYK, YCCK; jpeg.cpp knows that libjpeg exists. Its
// warnings are errors here, except for stray bytes between segments, an unknown revision of JFIF,
// and missing detail in a progressive file that has the mean of every block. At most 500 scans.
Picture read_jpeg_header(std::string_view where, Bytes bytes);
Picture decode_jpeg(std::string_view where, Bytes bytes);

// WebP, lossy and lossless; webp.cpp knows that libwebp exists.
Picture read_webp_header(std::string_view where, Bytes bytes);
Picture decode_webp(std::string_view where, Bytes bytes);

// GIF; gif.cpp knows that giflib exists. What the first frame leaves of the screen is transparent.
// A palette of grays makes a gray picture.
Picture read_gif_header(std::string_view where, Bytes bytes);
Picture decode_gif(std::string_view where, Bytes bytes);

// BMP of 1, 4, 8, 16, 24 and 32 bits a pixel, unpacked. A palette of grays makes a gray picture.
// Source: Microsoft, "Bitmap Header Types" (BITMAPCOREHEADER to BITMAPV5HEADER).
Picture read_bmp_header(std::string_view where, Bytes bytes);
Picture decode_bmp(std::string_view where, Bytes bytes);

// TIFF of 1, 2, 4, 8 and 16 bits: gray, palette, colour, in every compression that libtiff knows;
// tiff.cpp knows that it exists.
Picture read_tiff_header(std::string_view where, Bytes bytes);
Picture decode_tiff(std::string_view where, Bytes bytes);

// --- what they share ---

/// The unsigned number in the `count` bytes at `at`, most significant one first if `big_endian`.
std::uint32_t number_at(Bytes bytes, std::size_t at, std::size_t count, bool big_endian);

/// Throws Error beginning with `where` unless both sides and their product are within the limits
/// and `file_bytes` can code as many pixels, at most `most_pixels_per_byte`.
void require_picture_size(std::string_view where, std::uint64_t height, std::uint64_t width,
                          std::uint64_t file_bytes, std::uint64_t most_pixels_per_byte);

/// Throws Error: `where` was expected to be a whole picture of `kind`, and `reason` says why it is
/// not.
[[noreturn]] void refuse_picture(std::string_view where, std::string_view kind,
                                 std::string_view reason);

/// Throws Error: a picture of `kind` may be fine, and is not read because of `what` was found.
[[noreturn]] void refuse_variant(std::string_view where, std::string_view kind,
                                 std::string_view what);

}  // namespace whichfirst::data
