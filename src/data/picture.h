// One picture from a PNG or JPEG file.
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

/// The shape of the picture whose file holds `bytes`, from its header. PNG and JPEG are told by
/// their first bytes. Gray is what the file's colour type calls gray; a palette is colour. Throws
/// Error beginning with `where` for another kind of file and for sizes beyond the limits.
Shape decode_picture_shape(std::string_view where, std::span<const std::uint8_t> bytes);

/// The picture whose file holds `bytes`. Transparency is composed over white, rounded half up; of
/// 16 bits the high 8 are kept; 1, 2 and 4 bits are scaled to 0 .. 255; CMYK becomes c * k / 255,
/// where c and k are the light that the inks leave. Throws Error beginning with `where`.
Picture decode_picture(std::string_view where, std::span<const std::uint8_t> bytes);

/// The same from a file of at most kMostPictureFileBytes. Throw Error beginning with its path.
Shape read_picture_shape(const std::filesystem::path& path);
Picture read_picture(const std::filesystem::path& path);

}  // namespace whichfirst::data
