#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>

#include "data/decoders.h"

namespace whichfirst::data {
namespace {

constexpr std::size_t kFileHeaderBytes = 14;
constexpr std::size_t kCoreBytes = 12;  // of OS/2's header, which has sizes of 16 bits
constexpr std::size_t kInfoBytes = 40;
constexpr std::size_t kMaskBytes = 4;
enum Compression : std::uint32_t { kPlain = 0, kMasks = 3, kMasksWithOpacity = 6 };

/// How a channel lies in a pixel of 16 or 32 bits.
struct Mask {
  std::uint32_t bits = 0;
  /// Scaled to 0 .. 255, rounded down, as other readers do; `absent` where the mask has no bit.
  std::uint16_t level(std::uint32_t pixel, std::uint16_t absent) const {
    if (bits == 0) return absent;
    const int shift = std::countr_zero(bits);
    const std::uint64_t most = bits >> shift;
    return static_cast<std::uint16_t>(((pixel & bits) >> shift) * std::uint64_t{kMostOf8Bits} /
                                      most);
  }
};

struct Layout {
  std::size_t bits = 0;  ///< of a pixel
  std::size_t row_bytes = 0;
  std::size_t first_row = 0;  ///< where it is in the file
  bool is_top_down = false;
  std::array<Mask, 4> masks;                         ///< red, green, blue, opacity
  std::vector<std::array<std::uint8_t, 3>> palette;  ///< red, green, blue
};

/// Blue, green, red, and a byte that means nothing in all but OS/2's files.
void read_palette(std::string_view where, Bytes bytes, std::size_t at, std::size_t colours,
                  std::size_t step, Layout& layout) {
  if (colours > std::size_t{1} << layout.bits || at + colours * step > bytes.size()) {
    refuse_picture(where, "BMP", "the palette ends early or is too long");
  }
  for (std::size_t i = 0; i < colours; ++i, at += step) {
    layout.palette.push_back({bytes[at + 2], bytes[at + 1], bytes[at]});
  }
}

/// Everything but the pixels, which are all there.
Picture read_header(std::string_view where, Bytes bytes, Layout& layout) {
  const auto refuse = [&](std::string_view reason) { refuse_picture(where, "BMP", reason); };
  if (bytes.size() < kFileHeaderBytes + kCoreBytes) refuse("it ends in its header");
  const auto number = [&](std::size_t at, std::size_t count) {
    return number_at(bytes, at, count, false);
  };
  layout.first_row = number(10, 4);
  const std::size_t header = number(14, 4);
  const bool is_core = header == kCoreBytes;
  if (!is_core && header < kInfoBytes) refuse("an unknown header");
  if (bytes.size() < kFileHeaderBytes + header) refuse("it ends in its header");
  std::int64_t width = 0, height = 0;
  std::uint32_t compression = kPlain;
  std::size_t colours = 0;
  if (is_core) {
    width = number(18, 2);
    height = number(20, 2);
    layout.bits = number(24, 2);
  } else {
    width = static_cast<std::int32_t>(number(18, 4));
    height = static_cast<std::int32_t>(number(22, 4));
    layout.bits = number(28, 2);
    compression = number(30, 4);
    colours = number(46, 4);
  }
  layout.is_top_down = height < 0;
  height = std::abs(height);
  if (width < 0) refuse("a negative width");
  if (compression != kPlain && compression != kMasks && compression != kMasksWithOpacity) {
    refuse_variant(where, "BMP", fmt::format("packed pixels (compression {})", compression));
  }
  constexpr std::array<std::size_t, 6> kBits = {1, 4, 8, 16, 24, 32};
  const bool has_masks = compression != kPlain;
  if (std::find(kBits.begin(), kBits.end(), layout.bits) == kBits.end() ||
      (has_masks && layout.bits != 16 && layout.bits != 32)) {
    refuse_variant(where, "BMP", fmt::format("{} bits a pixel", layout.bits));
  }
  require_picture_size(where, static_cast<std::uint64_t>(height), static_cast<std::uint64_t>(width),
                       bytes.size(), 8);
  Picture picture{.shape = {.channels = 3,
                            .height = static_cast<int>(height),
                            .width = static_cast<int>(width)}};
  layout.row_bytes = (layout.bits * static_cast<std::size_t>(width) + 31) / 32 * 4;
  const std::size_t image_bytes = layout.row_bytes * static_cast<std::size_t>(height);
  if (layout.first_row > bytes.size() || bytes.size() - layout.first_row < image_bytes) {
    refuse("its pixels end early");
  }
  if (layout.bits <= 8) {
    if (colours == 0) colours = std::size_t{1} << layout.bits;
    read_palette(where, bytes, kFileHeaderBytes + header, colours, is_core ? 3 : 4, layout);
    const bool is_gray =
        std::all_of(layout.palette.begin(), layout.palette.end(),
                    [](auto& colour) { return colour[0] == colour[1] && colour[1] == colour[2]; });
    if (is_gray) picture.shape.channels = 1;
  } else if (has_masks) {
    // Behind the first header or inside a later one: at the same place.
    const bool has_opacity =
        compression == kMasksWithOpacity || header >= kInfoBytes + 4 * kMaskBytes;
    const std::size_t masks = has_opacity ? 4 : 3;
    if (bytes.size() < kFileHeaderBytes + kInfoBytes + masks * kMaskBytes) {
      refuse("it ends in its masks");
    }
    for (std::size_t c = 0; c < masks; ++c) {
      layout.masks[c].bits = number(kFileHeaderBytes + kInfoBytes + c * kMaskBytes, kMaskBytes);
    }
  } else if (layout.bits == 16) {
    layout.masks = {{{0x7c00}, {0x03e0}, {0x001f}, {0}}};
  } else {
    layout.masks = {{{0xff0000}, {0x00ff00}, {0x0000ff}, {0}}};
  }
  if (layout.masks[3].bits != 0) picture.shape.channels = 4;
  return picture;
}

}  // namespace

Picture read_bmp_header(std::string_view where, Bytes bytes) {
  Layout layout;
  return read_header(where, bytes, layout);
}

Picture decode_bmp(std::string_view where, Bytes bytes) {
  Layout layout;
  Picture picture = read_header(where, bytes, layout);
  const auto height = static_cast<std::size_t>(picture.shape.height);
  const auto width = static_cast<std::size_t>(picture.shape.width);
  const auto channels = static_cast<std::size_t>(picture.shape.channels);
  picture.pixels.reserve(height * width * channels);
  bool is_opaque_somewhere = false;
  for (std::size_t y = 0; y < height; ++y) {
    const std::size_t row = layout.is_top_down ? y : height - 1 - y;
    const Bytes line = bytes.subspan(layout.first_row + row * layout.row_bytes, layout.row_bytes);
    for (std::size_t x = 0; x < width; ++x) {
      if (layout.bits <= 8) {
        const std::size_t bit = x * layout.bits;
        const std::size_t index =
            line[bit / 8] >> (8 - layout.bits - bit % 8) & ((std::size_t{1} << layout.bits) - 1);
        if (index >= layout.palette.size()) {
          refuse_picture(where, "BMP", "a colour beyond the palette");
        }
        const auto& colour = layout.palette[index];
        picture.pixels.insert(picture.pixels.end(), colour.begin(),
                              colour.begin() + picture.shape.channels);
        continue;
      }
      const std::uint32_t pixel = number_at(line, x * layout.bits / 8, layout.bits / 8, false);
      for (std::size_t c = 0; c < channels; ++c) {
        picture.pixels.push_back(layout.masks[c].level(pixel, 0));
      }
      is_opaque_somewhere = is_opaque_somewhere || (channels == 4 && picture.pixels.back() != 0);
    }
  }
  // Many programs leave the opacity 0 that they do not use.
  if (channels == 4 && !is_opaque_somewhere) {
    for (std::size_t i = 3; i < picture.pixels.size(); i += 4) picture.pixels[i] = kMostOf8Bits;
  }
  return picture;
}

}  // namespace whichfirst::data
