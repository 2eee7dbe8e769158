// How a camera was held, as it noted in a picture's file.
#pragma once

#include <cstdint>
#include <span>

namespace whichfirst::data {

/// Exif's orientation, 1 to 8, of a JPEG, PNG, WebP or TIFF file that holds `bytes`: 1 (upright)
/// where there is none or it does not read. Only the fronts of segments are looked at, so that it
/// works on a file that is damaged too.
int exif_orientation(std::span<const std::uint8_t> bytes);

}  // namespace whichfirst::data
