#include "reference/fully_connected.h"

#include "base/error.h"

namespace whichfirst::reference {
namespace {

/// Checks that src are N vectors of C and the weights K x C.
Shape output_shape(const Tensor& src, std::size_t weights) {
  const auto inputs = static_cast<std::size_t>(src.shape.channels);
  check(src.shape.is_vector, "a fully connected layer reads vectors");
  check(weights > 0 && weights % inputs == 0, "fully connected weights are K x C");
  return {.channels = static_cast<int>(weights / inputs), .is_vector = true};
}

}  // namespace

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

FullyConnectedGradients fully_connected_backward(const network::FullyConnected& fc,
                                                 const Tensor& src,
                                                 std::span<const double> weights_kc,
                                                 const Tensor& ddst) {
  check(ddst.count == src.count && ddst.shape == output_shape(src, weights_kc.size()),
        "the gradient has the shape of the fully connected layer's output");
  const auto inputs = static_cast<std::size_t>(src.shape.channels);
  const auto outputs = static_cast<std::size_t>(ddst.shape.channels);
  FullyConnectedGradients gradients{.dsrc = zeros(src.count, src.shape),
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
