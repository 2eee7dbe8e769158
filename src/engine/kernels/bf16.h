// Numbers of 16 bits with the range of a float: its upper half. Activations and their gradients are
// kept in them where recipe.precision is bf16; what is computed with them is computed in float.
#pragma once

#include <bit>
#include <cstdint>

namespace whichfirst::engine {

enum class Bf16 : std::uint16_t {};

inline float to_float(float number) { return number; }
inline float to_float(Bf16 number) {
  return std::bit_cast<float>(std::uint32_t{static_cast<std::uint16_t>(number)} << 16);
}

/// To the nearest, ties to even, as the processor's own instruction rounds; NaN stays NaN.
template <class Number>
Number from_float(float number) = delete;
template <>
inline float from_float<float>(float number) {
  return number;
}
template <>
inline Bf16 from_float<Bf16>(float number) {
  const auto bits = std::bit_cast<std::uint32_t>(number);
  const std::uint32_t rounded = (bits + 0x7FFFU + (bits >> 16 & 1U)) >> 16;
  const std::uint32_t quiet = bits >> 16 | 0x40U;
  return static_cast<Bf16>(number == number ? rounded : quiet);
}

}  // namespace whichfirst::engine
