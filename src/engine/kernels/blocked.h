// How the arrays of our own convolutions lie: activations in blocks of 8 channels, one vector wide,
// weights in blocks of 8 inputs x 8 outputs.
#pragma once

#include <cstddef>
#include <limits>

namespace whichfirst::engine {

inline constexpr int kBlock = 8;                            // channels of a block
inline constexpr std::ptrdiff_t kMatrix = kBlock * kBlock;  // weights of a block at one pixel
inline constexpr std::ptrdiff_t kLine = 16;                 // floats of a cache line

constexpr std::ptrdiff_t quotient_up(std::ptrdiff_t a, std::ptrdiff_t b) { return (a + b - 1) / b; }

/// Pictures one after the other, whose channels lie in groups: blocks of 8, or single ones. Each is
/// groups x height x width x group_channels.
struct Pictures {
  std::ptrdiff_t height = 1;
  std::ptrdiff_t width = 1;
  std::ptrdiff_t groups = 1;
  std::ptrdiff_t group_channels = kBlock;  // 8 or 1

  bool is_plain() const { return group_channels == 1; }
  std::ptrdiff_t channels() const { return groups * group_channels; }
  std::ptrdiff_t row() const { return width * group_channels; }  // floats, and below
  std::ptrdiff_t group() const { return height * row(); }
  std::ptrdiff_t floats() const { return groups * group(); }
};

inline Pictures blocked(int channels, int height, int width) {
  return {height, width, quotient_up(channels, kBlock)};
}

/// What happens to a result before it is written: a bias is added, one number per channel, or none
/// where there is nullptr; then what is below `least` becomes it, which with 0 is a relu. NaN
/// stays.
struct Finish {
  const float* bias = nullptr;
  float least = -std::numeric_limits<float>::infinity();
};

}  // namespace whichfirst::engine
