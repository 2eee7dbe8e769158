// shapes10, the set that needs no file: ten classes of drawn shapes, the same for everybody.
//
// 28x28 gray pictures of one shape each - disc, ring, square, frame, triangle, star, cross, bars,
// crescent, arrow - of varying place, tilt, size, stretch and contrast, darker or lighter than a
// background with a gradient, between lines and blobs, under noise. Hard enough that a small
// network which has seen a few thousand of them for a few epochs gets 80 to 95 % right.
#pragma once

#include <array>
#include <string_view>

#include "data/images.h"

namespace whichfirst::data {

inline constexpr std::string_view kShapes10Name = "shapes10";
inline constexpr std::array<std::string_view, 10> kShapes10ClassNames = {
    "disc", "ring", "square", "frame", "triangle", "star", "cross", "bars", "crescent", "arrow"};

/// 10,000 training and 2,000 test pictures, each class equally often in random order. Drawn from a
/// seed of its own with arithmetic that has one answer on every machine (no function of libm but
/// the square root).
Dataset draw_shapes10();

}  // namespace whichfirst::data
