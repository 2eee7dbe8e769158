#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.h"
#include "reference/stages.h"

namespace whichfirst::reference {
namespace {

template <class Pool>
Shape output_shape(const Pool& pool, const Shape& src) {
  check(std::min(src.height, src.width) + 2 * pool.padding >= pool.kernel,
        "the window fits the padded picture");
  return {.channels = src.channels,
          .height = (src.height + 2 * pool.padding - pool.kernel) / pool.stride + 1,
          .width = (src.width + 2 * pool.padding - pool.kernel) / pool.stride + 1};
}

/// The places in `src` of the pixels under the window at row p, column q, in row-major order.
template <class Pool>
std::vector<std::size_t> find_pixels(const Pool& pool, const Tensor& src, int n, int c, int p,
                                     int q) {
  std::vector<std::size_t> pixels;
  for (int r = 0; r < pool.kernel; ++r) {
    for (int s = 0; s < pool.kernel; ++s) {
      const int h = p * pool.stride + r - pool.padding;
      const int w = q * pool.stride + s - pool.padding;
      if (h < 0 || h >= src.shape.height || w < 0 || w >= src.shape.width) continue;
      pixels.push_back(src.index(n, c, h, w));
    }
  }
  check(!pixels.empty(), "a window of a pool holds a pixel of the picture");
  return pixels;
}

/// Calls visit(place in dst, places in src) for every window.
template <class Pool, class Visit>
void for_each_window(const Pool& pool, const Tensor& src, const Tensor& dst, Visit visit) {
  check(dst.count == src.count && dst.shape == output_shape(pool, src.shape),
        "the gradient has the shape of the pool's output");
  for (int n = 0; n < dst.count; ++n) {
    for (int c = 0; c < dst.shape.channels; ++c) {
      for (int p = 0; p < dst.shape.height; ++p) {
        for (int q = 0; q < dst.shape.width; ++q) {
          visit(dst.index(n, c, p, q), find_pixels(pool, src, n, c, p, q));
        }
      }
    }
  }
}

std::size_t find_winner(const Tensor& src, const std::vector<std::size_t>& pixels) {
  std::size_t winner = pixels[0];
  for (const std::size_t i : pixels) {
    const bool is_first_nan = std::isnan(src.values[i]) && !std::isnan(src.values[winner]);
    if (src.values[i] > src.values[winner] || is_first_nan) winner = i;
  }
  return winner;
}

}  // namespace

Tensor max_pool_forward(const network::MaxPool& pool, const Tensor& src) {
  Tensor dst = zeros(src.count, output_shape(pool, src.shape));
  for_each_window(pool, src, dst, [&](std::size_t d, const std::vector<std::size_t>& pixels) {
    dst.values[d] = src.values[find_winner(src, pixels)];
  });
  return dst;
}

Tensor max_pool_backward(const network::MaxPool& pool, const Tensor& src, const Tensor& ddst) {
  Tensor dsrc = zeros(src.count, src.shape);
  for_each_window(pool, src, ddst, [&](std::size_t d, const std::vector<std::size_t>& pixels) {
    dsrc.values[find_winner(src, pixels)] += ddst.values[d];
  });
  return dsrc;
}

Tensor average_pool_forward(const network::AveragePool& pool, const Tensor& src) {
  Tensor dst = zeros(src.count, output_shape(pool, src.shape));
  for_each_window(pool, src, dst, [&](std::size_t d, const std::vector<std::size_t>& pixels) {
    for (const std::size_t i : pixels) dst.values[d] += src.values[i];
    dst.values[d] /= static_cast<double>(pixels.size());
  });
  return dst;
}

Tensor average_pool_backward(const network::AveragePool& pool, const Shape& shape,
                             const Tensor& ddst) {
  Tensor dsrc = zeros(ddst.count, shape);
  for_each_window(pool, dsrc, ddst, [&](std::size_t d, const std::vector<std::size_t>& pixels) {
    for (const std::size_t i : pixels) {
      dsrc.values[i] += ddst.values[d] / static_cast<double>(pixels.size());
    }
  });
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
