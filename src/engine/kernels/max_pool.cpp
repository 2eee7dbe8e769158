#include "engine/kernels/max_pool.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "engine/kernels/vector_width.h"

namespace whichfirst::engine {
namespace {

using Floats = float __attribute__((vector_size(kPoolLanes * sizeof(float))));
using Ints = std::int32_t __attribute__((vector_size(kPoolLanes * sizeof(std::int32_t))));
using Bytes = std::uint8_t __attribute__((vector_size(kPoolLanes)));
using Halves = std::uint16_t __attribute__((vector_size(kPoolLanes * sizeof(std::uint16_t))));

// By reference: how such vectors are passed by value depends on what a function is compiled for.

void load(const float* from, Floats& lanes) { std::memcpy(&lanes, from, sizeof lanes); }
void load(const Bf16* from, Floats& lanes) {
  Halves halves;
  std::memcpy(&halves, from, sizeof halves);
  const Ints bits = __builtin_convertvector(halves, Ints) << 16;
  lanes = reinterpret_cast<Floats>(bits);
}

/// Lanes that are Numbers already.
void store(const Ints& lanes, float* to) { std::memcpy(to, &lanes, sizeof lanes); }
void store(const Ints& lanes, Bf16* to) {
  const Halves halves = __builtin_convertvector(lanes >> 16, Halves);
  std::memcpy(to, &halves, sizeof halves);
}

template <class Number>
constexpr float kLowest = std::numeric_limits<float>::lowest();
template <>
constexpr float kLowest<Bf16> = -0x1.FEp127F;

}  // namespace

template <class Number>
WHICHFIRST_FOR_EACH_WIDTH void max_pool_forward(const MaxPoolShape& shape, const Number* src,
                                                Number* dst, std::uint8_t* winners) {
  const std::ptrdiff_t row = shape.width * shape.block;
  for (std::ptrdiff_t plane = 0; plane < shape.planes; ++plane, src += shape.height * row) {
    for (std::ptrdiff_t y = 0; y < shape.out_height; ++y) {
      for (std::ptrdiff_t x = 0; x < shape.out_width; ++x) {
        const Number* const corner = src + y * shape.kernel * row + x * shape.kernel * shape.block;
        for (std::ptrdiff_t lane = 0; lane < shape.block; lane += kPoolLanes) {
          Floats best = Floats{} + kLowest<Number>;
          Ints winner = {};
          Ints place = {};
          for (std::ptrdiff_t r = 0; r < shape.kernel; ++r) {
            for (std::ptrdiff_t s = 0; s < shape.kernel; ++s) {
              Floats value;
              load(corner + r * row + s * shape.block + lane, value);
              const Ints is_larger = value > best;
              best = reinterpret_cast<Floats>((is_larger & reinterpret_cast<Ints>(value)) |
                                              (~is_larger & reinterpret_cast<Ints>(best)));
              winner = (is_larger & place) | (~is_larger & winner);
              place += 1;
            }
          }
          store(reinterpret_cast<Ints>(best), dst);
          dst += kPoolLanes;
          if (winners == nullptr) continue;
          const Bytes bytes = __builtin_convertvector(winner, Bytes);
          std::memcpy(winners, &bytes, sizeof bytes);
          winners += kPoolLanes;
        }
      }
    }
  }
}

template <class Number>
WHICHFIRST_FOR_EACH_WIDTH void max_pool_backward(const MaxPoolShape& shape, const Number* ddst,
                                                 const std::uint8_t* winners, Number* dsrc) {
  const std::ptrdiff_t row = shape.width * shape.block;
  const std::ptrdiff_t reached_row = shape.out_width * shape.kernel * shape.block;
  const std::ptrdiff_t reached_height = shape.out_height * shape.kernel;
  for (std::ptrdiff_t plane = 0; plane < shape.planes; ++plane, dsrc += shape.height * row) {
    for (std::ptrdiff_t y = 0; y < shape.out_height; ++y) {
      for (std::ptrdiff_t x = 0; x < shape.out_width; ++x) {
        Number* const corner = dsrc + y * shape.kernel * row + x * shape.kernel * shape.block;
        for (std::ptrdiff_t lane = 0; lane < shape.block; lane += kPoolLanes) {
          Bytes bytes;
          Floats gradient;
          std::memcpy(&bytes, winners, sizeof bytes);
          load(ddst, gradient);
          gradient += 0.0F;  // as oneDNN, which adds to a 0: no -0 is left
          winners += kPoolLanes;
          ddst += kPoolLanes;
          const Ints winner = __builtin_convertvector(bytes, Ints);
          Ints place = {};
          for (std::ptrdiff_t r = 0; r < shape.kernel; ++r) {
            for (std::ptrdiff_t s = 0; s < shape.kernel; ++s) {
              const Ints given = (winner == place) & reinterpret_cast<Ints>(gradient);
              store(given, corner + r * row + s * shape.block + lane);
              place += 1;
            }
          }
        }
      }
    }
    for (std::ptrdiff_t y = 0; y < reached_height; ++y) {
      std::fill(dsrc + y * row + reached_row, dsrc + (y + 1) * row, Number{});
    }
    std::fill(dsrc + reached_height * row, dsrc + shape.height * row, Number{});
  }
}

template void max_pool_forward(const MaxPoolShape&, const float*, float*, std::uint8_t*);
template void max_pool_forward(const MaxPoolShape&, const Bf16*, Bf16*, std::uint8_t*);
template void max_pool_backward(const MaxPoolShape&, const float*, const std::uint8_t*, float*);
template void max_pool_backward(const MaxPoolShape&, const Bf16*, const std::uint8_t*, Bf16*);

}  // namespace whichfirst::engine
