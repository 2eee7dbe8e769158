// JPEG pictures: baseline and progressive; gray, colour, CMYK and YCCK. Knows that libjpeg exists.
// Internal to picture.cpp.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "data/picture.h"

namespace whichfirst::data {

/// Whether `bytes` begin as a JPEG file does (ff d8 ff).
bool is_jpeg(std::span<const std::uint8_t> bytes);

/// The shape that the header of `bytes` tells. Throws Error beginning with `where`.
Shape read_jpeg_shape(std::string_view where, std::span<const std::uint8_t> bytes);

/// The picture of `bytes` up to the end-of-image marker; what follows it is not looked at.
/// libjpeg's warnings are errors here, except for stray bytes between segments, an unknown revision
/// of JFIF, and missing detail in a progressive file that has the mean of every block. At most 500
/// scans are read. Throws Error beginning with `where`.
Picture decode_jpeg(std::string_view where, std::span<const std::uint8_t> bytes);

}  // namespace whichfirst::data
