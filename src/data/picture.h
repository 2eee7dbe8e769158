// One picture from a file.
//
// A picture is whole or it is an Error: a file that is cut short, or whose checksums or coded data
// are damaged, gives no pixels. Sizes are checked before memory is taken.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>

#include "data/decoders.h"

namespace whichfirst::data {

/// Of a picture without its pixels: shape and `most`, from the header of the file that holds
/// `bytes`. PNG, JPEG, WebP, GIF, BMP and TIFF are told by their first bytes. Gray is what the
/// file's colour type calls gray; a palette is colour, but in BMP and GIF, which have no such type,
/// a palette of grays is gray. Throws Error beginning with `where` for another kind of file and for
/// sizes beyond the limits.
Picture decode_picture_header(std::string_view where, std::span<const std::uint8_t> bytes);

/// The picture whose file holds `bytes`, upright: as its orientation (Exif) says. Transparency is
/// composed over white, rounded half up; 1, 2 and 4 bits are scaled to 0 .. 255; CMYK becomes c * k
/// / 255, where c and k are the light that the inks leave. Of several frames or pages the first one
/// is read. Throws Error beginning with `where`.
Picture decode_picture(std::string_view where, std::span<const std::uint8_t> bytes);

/// The same from a file of at most kMostPictureFileBytes. Throw Error beginning with its path.
Picture read_picture_header(const std::filesystem::path& path);
Picture read_picture(const std::filesystem::path& path);

}  // namespace whichfirst::data
