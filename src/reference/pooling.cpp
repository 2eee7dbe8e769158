#include "reference/pooling.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/error.h"

namespace whichfirst::reference {
namespace {

Shape output_shape(const network::MaxPool& pool, const Shape& src) {
  check(std::min(src.height, src.width) + 2 * pool.padding >= pool.kernel,
        "the window fits the padded picture");
  return {.channels = src.channels,
          .height = (src.height + 2 * pool.padding - pool.kernel) / pool.stride + 1,
          .width = (src.width + 2 * pool.padding - pool.kernel) / pool.stride + 1};
}

/// Where the winner of the window at row p, column q stands in src.
std::size_t find_winner(const network::MaxPool& pool, const Tensor& src, int n, int c, int p,
                        int q) {
  std::optional<std::size_t> winner;
  for (int r = 0; r < pool.kernel; ++r) {
    for (int s = 0; s < pool.kernel; ++s) {
      const int h = p * pool.stride + r - pool.padding;
      const int w = q * pool.stride + s - pool.padding;
      if (h < 0 || h >= src.shape.height || w < 0 || w >= src.shape.width) continue;
      const double x = src.at(n, c, h, w);
      if (!winner || x > src.values[*winner] ||
          (std::isnan(x) && !std::isnan(src.values[*winner]))) {
        winner = src.index(n, c, h, w);
      }
    }
  }
  check(winner.has_value(), "a window of a max-pool holds a pixel of the picture");
  return *winner;
}

/// Calls visit(dst, src) with the places of every window and of its winner.
template <class Visit>
void for_each_winner(const network::MaxPool& pool, const Tensor& src, const Tensor& dst,
                     Visit visit) {
  for (int n = 0; n < dst.count; ++n) {
    for (int c = 0; c < dst.shape.channels; ++c) {
      for (int p = 0; p < dst.shape.height; ++p) {
        for (int q = 0; q < dst.shape.width; ++q) {
          visit(dst.index(n, c, p, q), find_winner(pool, src, n, c, p, q));
        }
      }
    }
  }
}

}  // namespace

Tensor max_pool_forward(const network::MaxPool& pool, const Tensor& src) {
  Tensor dst = zeros(src.count, output_shape(pool, src.shape));
  for_each_winner(pool, src, dst,
                  [&](std::size_t d, std::size_t s) { dst.values[d] = src.values[s]; });
  return dst;
}

Tensor max_pool_backward(const network::MaxPool& pool, const Tensor& src, const Tensor& ddst) {
  check(ddst.count == src.count && ddst.shape == output_shape(pool, src.shape),
        "the gradient has the shape of the max-pool's output");
  Tensor dsrc = zeros(src.count, src.shape);
  for_each_winner(pool, src, ddst,
                  [&](std::size_t d, std::size_t s) { dsrc.values[s] += ddst.values[d]; });
  return dsrc;
}

Tensor global_average_pool_forward(const Tensor& src) {
  Tensor dst = zeros(src.count, {.channels = src.shape.channels, .is_vector = true});
  const auto pixels = static_cast<std::size_t>(src.shape.pixels());
  for (std::size_t i = 0; i < src.values.size(); ++i) dst.values[i / pixels] += src.values[i];
  for (double& y : dst.values) y /= static_cast<double>(pixels);
  return dst;
}

Tensor global_average_pool_backward(const Shape& shape, const Tensor& ddst) {
  check(ddst.shape == Shape{.channels = shape.channels, .is_vector = true},
        "the gradient has the shape of the pool's output");
  Tensor dsrc = zeros(ddst.count, shape);
  const auto pixels = static_cast<std::size_t>(shape.pixels());
  for (std::size_t i = 0; i < dsrc.values.size(); ++i) {
    dsrc.values[i] = ddst.values[i / pixels] / static_cast<double>(pixels);
  }
  return dsrc;
}

}  // namespace whichfirst::reference
