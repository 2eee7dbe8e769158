#include <algorithm>
#include <utility>

#include "base/error.h"
#include "reference/stages.h"

namespace whichfirst::reference {
namespace {

/// Calls visit(dst, src, weight) with the three places of every product of the convolution.
template <class Visit>
void for_each_product(const network::Conv& conv, const Tensor& src, const Tensor& dst,
                      Visit visit) {
  for (int n = 0; n < dst.count; ++n) {
    for (int k = 0; k < dst.shape.channels; ++k) {
      for (int p = 0; p < dst.shape.height; ++p) {
        for (int q = 0; q < dst.shape.width; ++q) {
          for (int c = 0; c < src.shape.channels; ++c) {
            for (int r = 0; r < conv.kernel; ++r) {
              for (int s = 0; s < conv.kernel; ++s) {
                const int h = p * conv.stride + r - conv.padding;
                const int w = q * conv.stride + s - conv.padding;
                if (h < 0 || h >= src.shape.height || w < 0 || w >= src.shape.width) continue;
                const auto weight =
                    ((std::int64_t{k} * src.shape.channels + c) * conv.kernel + r) * conv.kernel +
                    s;
                visit(dst.index(n, k, p, q), src.index(n, c, h, w),
                      static_cast<std::size_t>(weight));
              }
            }
          }
        }
      }
    }
  }
}

Shape output_shape(const network::Conv& conv, const Shape& src, std::size_t weights) {
  const auto inputs = static_cast<std::size_t>(src.channels) *
                      static_cast<std::size_t>(conv.kernel) * static_cast<std::size_t>(conv.kernel);
  check(weights > 0 && weights % inputs == 0, "convolution weights are K x C x R x S");
  check(std::min(src.height, src.width) + 2 * conv.padding >= conv.kernel,
        "the kernel fits the padded picture");
  return {.channels = static_cast<int>(weights / inputs),
          .height = (src.height + 2 * conv.padding - conv.kernel) / conv.stride + 1,
          .width = (src.width + 2 * conv.padding - conv.kernel) / conv.stride + 1};
}

/// Checks that src are N vectors of C and the weights K x C.
Shape output_shape(const Tensor& src, std::size_t weights) {
  const auto inputs = static_cast<std::size_t>(src.shape.channels);
  check(src.shape.is_vector, "a fully connected layer reads vectors");
  check(weights > 0 && weights % inputs == 0, "fully connected weights are K x C");
  return {.channels = static_cast<int>(weights / inputs), .is_vector = true};
}

}  // namespace

Tensor convolution_forward(const network::Conv& conv, const Tensor& src,
                           std::span<const double> weights_kcrs, std::span<const double> bias) {
  Tensor dst = zeros(src.count, output_shape(conv, src.shape, weights_kcrs.size()));
  for_each_product(conv, src, dst, [&](std::size_t d, std::size_t s, std::size_t w) {
    dst.values[d] += src.values[s] * weights_kcrs[w];
  });
  const std::int64_t alike = conv.has_bias_map ? 1 : dst.shape.pixels();  // outputs of one bias
  check(std::cmp_equal(bias.size(), conv.bias ? dst.shape.size() / alike : 0),
        "a convolution has K biases, or one a place in the output, or none");
  if (!conv.bias) return dst;
  for (std::size_t i = 0; i < dst.values.size(); ++i) {
    dst.values[i] += bias[i / static_cast<std::size_t>(alike) % bias.size()];
  }
  return dst;
}

WeightGradients convolution_backward(const network::Conv& conv, const Tensor& src,
                                     std::span<const double> weights_kcrs, const Tensor& ddst) {
  check(ddst.count == src.count && ddst.shape == output_shape(conv, src.shape, weights_kcrs.size()),
        "the gradient has the shape of the convolution's output");
  WeightGradients gradients{.dsrc = zeros(src.count, src.shape),
                            .dweights = std::vector<double>(weights_kcrs.size()),
                            .dbias = {}};
  for_each_product(conv, src, ddst, [&](std::size_t d, std::size_t s, std::size_t w) {
    gradients.dsrc.values[s] += ddst.values[d] * weights_kcrs[w];
    gradients.dweights[w] += ddst.values[d] * src.values[s];
  });
  check(!conv.has_bias_map, "a bias by position is made for inference");
  if (!conv.bias) return gradients;
  gradients.dbias.resize(static_cast<std::size_t>(ddst.shape.channels));
  for (std::size_t i = 0; i < ddst.values.size(); ++i) {
    const std::size_t k =
        i / static_cast<std::size_t>(ddst.shape.pixels()) % gradients.dbias.size();
    gradients.dbias[k] += ddst.values[i];
  }
  return gradients;
}

Tensor fully_connected_forward(const network::FullyConnected& fc, const Tensor& src,
                               std::span<const double> weights_kc, std::span<const double> bias) {
  Tensor dst = zeros(src.count, output_shape(src, weights_kc.size()));
  const auto inputs = static_cast<std::size_t>(src.shape.channels);
  const auto outputs = static_cast<std::size_t>(dst.shape.channels);
  check(bias.size() == (fc.bias ? outputs : 0), "a fully connected layer has K biases or none");
  for (std::size_t n = 0; n < static_cast<std::size_t>(src.count); ++n) {
    for (std::size_t k = 0; k < outputs; ++k) {
      double sum = fc.bias ? bias[k] : 0;
      for (std::size_t c = 0; c < inputs; ++c) {
        sum += src.values[n * inputs + c] * weights_kc[k * inputs + c];
      }
      dst.values[n * outputs + k] = sum;
    }
  }
  return dst;
}

WeightGradients fully_connected_backward(const network::FullyConnected& fc, const Tensor& src,
                                         std::span<const double> weights_kc, const Tensor& ddst) {
  check(ddst.count == src.count && ddst.shape == output_shape(src, weights_kc.size()),
        "the gradient has the shape of the fully connected layer's output");
  const auto inputs = static_cast<std::size_t>(src.shape.channels);
  const auto outputs = static_cast<std::size_t>(ddst.shape.channels);
  WeightGradients gradients{.dsrc = zeros(src.count, src.shape),
                            .dweights = std::vector<double>(weights_kc.size()),
                            .dbias = std::vector<double>(fc.bias ? outputs : 0)};
  for (std::size_t n = 0; n < static_cast<std::size_t>(src.count); ++n) {
    for (std::size_t k = 0; k < outputs; ++k) {
      const double d = ddst.values[n * outputs + k];
      if (fc.bias) gradients.dbias[k] += d;
      for (std::size_t c = 0; c < inputs; ++c) {
        gradients.dsrc.values[n * inputs + c] += d * weights_kc[k * inputs + c];
        gradients.dweights[k * inputs + c] += d * src.values[n * inputs + c];
      }
    }
  }
  return gradients;
}

}  // namespace whichfirst::reference
