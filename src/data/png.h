// PNG pictures. Knows that libspng exists. Internal to picture.cpp.
//
// Source: the PNG specification, third edition (W3C).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "data/picture.h"

namespace whichfirst::data {

/// Whether `bytes` begin with PNG's signature of eight bytes.
bool is_png(std::span<const std::uint8_t> bytes);

/// The shape that the header of `bytes` tells. Throws Error beginning with `where`.
Shape read_png_shape(std::string_view where, std::span<const std::uint8_t> bytes);

/// The picture of `bytes`, every chunk's checksum verified up to the last one, IEND; what follows
/// it is not looked at. Throws Error beginning with `where`.
Picture decode_png(std::string_view where, std::span<const std::uint8_t> bytes);

}  // namespace whichfirst::data
