#include "engine/max_pool.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "engine/vector_width.h"

namespace whichfirst::engine {
namespace {

using Floats = float __attribute__((vector_size(kPoolLanes * sizeof(float))));
using Ints = std::int32_t __attribute__((vector_size(kPoolLanes * sizeof(std::int32_t))));
using Bytes = std::uint8_t __attribute__((vector_size(kPoolLanes)));

}  // namespace

WHICHFIRST_FOR_EACH_WIDTH
void max_pool_forward(const MaxPoolShape& shape, const float* src, float* dst,
                      std::uint8_t* winners) {
  const std::ptrdiff_t row = shape.width * shape.block;
  for (std::ptrdiff_t plane = 0; plane < shape.planes; ++plane, src += shape.height * row) {
    for (std::ptrdiff_t y = 0; y < shape.out_height; ++y) {
      for (std::ptrdiff_t x = 0; x < shape.out_width; ++x) {
        const float* const corner = src + y * shape.kernel * row + x * shape.kernel * shape.block;
        for (std::ptrdiff_t lane = 0; lane < shape.block; lane += kPoolLanes) {
          Floats best = Floats{} + std::numeric_limits<float>::lowest();
          Ints winner = {};
          Ints place = {};
          for (std::ptrdiff_t r = 0; r < shape.kernel; ++r) {
            for (std::ptrdiff_t s = 0; s < shape.kernel; ++s) {
              Floats value;
              std::memcpy(&value, corner + r * row + s * shape.block + lane, sizeof value);
              const Ints is_larger = value > best;
              best = reinterpret_cast<Floats>((is_larger & reinterpret_cast<Ints>(value)) |
                                              (~is_larger & reinterpret_cast<Ints>(best)));
              winner = (is_larger & place) | (~is_larger & winner);
              place += 1;
            }
          }
          std::memcpy(dst, &best, sizeof best);
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

WHICHFIRST_FOR_EACH_WIDTH
void max_pool_backward(const MaxPoolShape& shape, const float* ddst, const std::uint8_t* winners,
                       float* dsrc) {
  const std::ptrdiff_t row = shape.width * shape.block;
  const std::ptrdiff_t reached_row = shape.out_width * shape.kernel * shape.block;
  const std::ptrdiff_t reached_height = shape.out_height * shape.kernel;
  for (std::ptrdiff_t plane = 0; plane < shape.planes; ++plane, dsrc += shape.height * row) {
    for (std::ptrdiff_t y = 0; y < shape.out_height; ++y) {
      for (std::ptrdiff_t x = 0; x < shape.out_width; ++x) {
        float* const corner = dsrc + y * shape.kernel * row + x * shape.kernel * shape.block;
        for (std::ptrdiff_t lane = 0; lane < shape.block; lane += kPoolLanes) {
          Bytes bytes;
          Floats gradient;
          std::memcpy(&bytes, winners, sizeof bytes);
          std::memcpy(&gradient, ddst, sizeof gradient);
          gradient += 0.0F;  // as oneDNN, which adds to a 0: no -0 is left
          winners += kPoolLanes;
          ddst += kPoolLanes;
          const Ints winner = __builtin_convertvector(bytes, Ints);
          Ints place = {};
          for (std::ptrdiff_t r = 0; r < shape.kernel; ++r) {
            for (std::ptrdiff_t s = 0; s < shape.kernel; ++s) {
              const Ints given = (winner == place) & reinterpret_cast<Ints>(gradient);
              std::memcpy(corner + r * row + s * shape.block + lane, &given, sizeof given);
              place += 1;
            }
          }
        }
      }
    }
    for (std::ptrdiff_t y = 0; y < reached_height; ++y) {
      std::fill(dsrc + y * row + reached_row, dsrc + (y + 1) * row, 0.0F);
    }
    std::fill(dsrc + reached_height * row, dsrc + shape.height * row, 0.0F);
  }
}

}  // namespace whichfirst::engine
