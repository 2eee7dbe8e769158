#include "reference/activation.h"

#include <cmath>

#include "base/error.h"

namespace whichfirst::reference {
namespace {

void check_same_shape(const Tensor& src, const Tensor& ddst) {
  check(src.count == ddst.count && src.shape == ddst.shape,
        "the gradient has the shape of the activation's output");
}

}  // namespace

Tensor relu_forward(const Tensor& src) {
  Tensor dst = src;
  for (double& x : dst.values) x = x <= 0 ? 0 : x;  // not x > 0 ? x : 0, which would hide NaN
  return dst;
}

Tensor relu_backward(const Tensor& src, const Tensor& ddst) {
  check_same_shape(src, ddst);
  Tensor dsrc = ddst;
  for (std::size_t i = 0; i < dsrc.values.size(); ++i) {
    if (src.values[i] <= 0) dsrc.values[i] = 0;
  }
  return dsrc;
}

Tensor tanh_forward(const Tensor& src) {
  Tensor dst = src;
  for (double& x : dst.values) x = std::tanh(x);
  return dst;
}

Tensor tanh_backward(const Tensor& src, const Tensor& ddst) {
  check_same_shape(src, ddst);
  Tensor dsrc = ddst;
  for (std::size_t i = 0; i < dsrc.values.size(); ++i) {
    const double y = std::tanh(src.values[i]);
    dsrc.values[i] *= 1 - y * y;
  }
  return dsrc;
}

}  // namespace whichfirst::reference
