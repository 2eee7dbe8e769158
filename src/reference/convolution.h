// Convolution as a plain loop, forward and backward: the definition of the stage `conv`.
#pragma once

#include <span>
#include <vector>

#include "network/network.h"
#include "reference/tensor.h"

namespace whichfirst::reference {

/// dst[n,k,p,q] = bias[k] + sum over c,r,s of src[n,c, p stride + r - padding, q stride + s -
/// padding] weights[k,c,r,s], where pixels outside the picture add nothing (torch.nn.Conv2d).
/// `weights_kcrs` has R = S = conv.kernel and gives K; `bias` has K numbers, K x P x Q with a bias
/// map, or none without bias.
Tensor convolution_forward(const network::Conv& conv, const Tensor& src,
                           std::span<const double> weights_kcrs, std::span<const double> bias);

struct ConvolutionGradients {
  Tensor dsrc;
  std::vector<double> dweights;  // KCRS
  std::vector<double> dbias;     // K; empty without bias
};

/// Gradients of a loss whose gradient at the output is `ddst`, N x K x P x Q.
ConvolutionGradients convolution_backward(const network::Conv& conv, const Tensor& src,
                                          std::span<const double> weights_kcrs, const Tensor& ddst);

}  // namespace whichfirst::reference
