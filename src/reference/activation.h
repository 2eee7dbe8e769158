// Activations as plain loops, forward and backward: the definition of `relu` and `tanh`.
#pragma once

#include "reference/tensor.h"

namespace whichfirst::reference {

/// max(src, 0); NaN stays NaN.
Tensor relu_forward(const Tensor& src);

/// ddst where src > 0 or src is NaN, and 0 where src <= 0: the gradient at 0 is 0, as in PyTorch.
Tensor relu_backward(const Tensor& src, const Tensor& ddst);

Tensor tanh_forward(const Tensor& src);

/// ddst (1 - tanh(src)^2).
Tensor tanh_backward(const Tensor& src, const Tensor& ddst);

}  // namespace whichfirst::reference
