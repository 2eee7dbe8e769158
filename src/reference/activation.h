// Activations as plain loops, forward and backward: the definition of every activation.
//
//   word       PyTorch         y(x)                                      at kinks, y' is
//   relu       ReLU            max(x, 0)                                 0 at 0
//   leaky      LeakyReLU       x where x > 0, else alpha x               alpha at 0
//   prelu      PReLU(C)        x where x > 0, else slope x, a trained      slope at 0
//                              slope per channel
//   elu        ELU             x where x > 0, else alpha (e^x - 1)       alpha at 0
//   gelu       GELU, erf form  x (1 + erf(x / sqrt 2)) / 2
//   silu       SiLU            x sigmoid(x)
//   tanh       Tanh            tanh(x)
//   sigmoid    Sigmoid         1 / (1 + e^-x)
//   softsign   Softsign        x / (1 + |x|)
//   hardswish  Hardswish       x min(max(x + 3, 0), 6) / 6               -1/2 at -3, 1 at 3
//   mish       Mish            x tanh(softplus(x))
//   softplus   Softplus        log(1 + e^x), without a threshold
//   sign       -               1 where x >= 0, else -1                   see below
//
// PyTorch itself has either 1 or 3/2 for hardswish at 3, by where the number stands in its vectors.
// sign's gradient is 1 where |x| <= 1 and else 0: "straight through", for it has no other that is
// not 0. Source: Rastegari et al. 2016, XNOR-Net, arXiv:1603.05279.
#pragma once

#include <span>

#include "network/network.h"
#include "reference/tensor.h"

namespace whichfirst::reference {

/// y(src), number by number; NaN stays NaN. `slopes`: C numbers of `prelu`, else empty.
Tensor activation_forward(const network::Activation& activation, const Tensor& src,
                          std::span<const double> slopes = {});

/// ddst y'(src), NaN where src is NaN. Where nothing passes (relu up to 0, hardswish below
/// -3, sign beyond 1) it is 0 whatever ddst is, as in PyTorch.
Tensor activation_backward(const network::Activation& activation, const Tensor& src,
                           const Tensor& ddst, std::span<const double> slopes = {});

/// The C gradients of `prelu`'s slopes: the sum of ddst x where x <= 0, over N, H, W.
std::vector<double> slope_gradients(const Tensor& src, const Tensor& ddst);

}  // namespace whichfirst::reference
