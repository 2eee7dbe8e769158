// Fully connected layer as a plain loop, forward and backward: the definition of the stage `fc`.
#pragma once

#include <span>
#include <vector>

#include "network/network.h"
#include "reference/tensor.h"

namespace whichfirst::reference {

/// dst[n,k] = bias[k] + sum over c of src[n,c] weights[k,c] (torch.nn.Linear). `src` are vectors;
/// `weights_kc` gives K; `bias` has K numbers, or none without bias.
Tensor fully_connected_forward(const network::FullyConnected& fc, const Tensor& src,
                               std::span<const double> weights_kc, std::span<const double> bias);

struct FullyConnectedGradients {
  Tensor dsrc;
  std::vector<double> dweights;  // K x C
  std::vector<double> dbias;     // K; empty without bias
};

/// Gradients of a loss whose gradient at the output is `ddst`, N vectors of K.
FullyConnectedGradients fully_connected_backward(const network::FullyConnected& fc,
                                                 const Tensor& src,
                                                 std::span<const double> weights_kc,
                                                 const Tensor& ddst);

}  // namespace whichfirst::reference
