#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "base/error.h"
#include "reference/stages.h"

namespace whichfirst::reference {
namespace {

using network::Activation;
using network::ActivationKind;

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }

/// The normal distribution's function and density.
double normal_below(double x) { return std::erfc(-x / std::numbers::sqrt2) / 2; }
double normal_density(double x) {
  return std::exp(-x * x / 2) * std::numbers::inv_sqrtpi / std::numbers::sqrt2;
}

/// y(x); `x` is not NaN.
double value(const Activation& activation, double x) {
  switch (activation.kind) {
    case ActivationKind::relu:
      return x > 0 ? x : 0;
    case ActivationKind::leaky:
    case ActivationKind::prelu:
      return x > 0 ? x : activation.alpha * x;
    case ActivationKind::elu:
      return x > 0 ? x : activation.alpha * std::expm1(x);
    case ActivationKind::gelu:
      return x * normal_below(x);
    case ActivationKind::silu:
      return x * sigmoid(x);
    case ActivationKind::tanh:
      return std::tanh(x);
    case ActivationKind::sigmoid:
      return sigmoid(x);
    case ActivationKind::softsign:
      return x / (1 + std::abs(x));
    case ActivationKind::hardswish:
      return x * std::clamp(x + 3, 0.0, 6.0) / 6;
    case ActivationKind::mish:
      return x * std::tanh(softplus(x));
    case ActivationKind::softplus:
      return softplus(x);
    case ActivationKind::sign:
      return x >= 0 ? 1 : -1;
  }
  check(false, "an activation has a kind");
  return 0;
}

/// d y'(x); `x` is not NaN.
double gradient(const Activation& activation, double x, double d) {
  switch (activation.kind) {
    case ActivationKind::relu:
      return x > 0 ? d : 0;
    case ActivationKind::leaky:
    case ActivationKind::prelu:
      return x > 0 ? d : d * activation.alpha;
    case ActivationKind::elu:
      return x > 0 ? d : d * activation.alpha * std::exp(x);
    case ActivationKind::gelu:
      return d * (normal_below(x) + x * normal_density(x));
    case ActivationKind::silu:
      return d * sigmoid(x) * (1 + x * sigmoid(-x));
    case ActivationKind::tanh:
      return d * (1 - std::tanh(x) * std::tanh(x));
    case ActivationKind::sigmoid:
      return d * sigmoid(x) * sigmoid(-x);
    case ActivationKind::softsign:
      return d / ((1 + std::abs(x)) * (1 + std::abs(x)));
    case ActivationKind::hardswish:
      return x < -3 ? 0 : x < 3 ? d * (x / 3 + 0.5) : d;
    case ActivationKind::mish: {
      const double t = std::tanh(softplus(x));
      return d * (t + x * (1 - t * t) * sigmoid(x));
    }
    case ActivationKind::softplus:
      return d * sigmoid(x);
    case ActivationKind::sign:
      return std::abs(x) <= 1 ? d : 0;
  }
  check(false, "an activation has a kind");
  return 0;
}

/// Calls visit(index, function at that channel) for every number.
template <class Visit>
void visit_numbers(const Activation& activation, const Tensor& src, std::span<const double> slopes,
                   const Visit& visit) {
  const bool is_prelu = activation.kind == ActivationKind::prelu;
  check(!is_prelu || std::cmp_equal(slopes.size(), src.shape.channels),
        "prelu has a slope for each channel");
  const auto pixels = static_cast<std::size_t>(src.shape.pixels());
  Activation function = activation;
  for (std::size_t i = 0; i < src.values.size(); ++i) {
    if (is_prelu) function.alpha = slopes[i / pixels % slopes.size()];
    visit(i, function);
  }
}

}  // namespace

Tensor activation_forward(const Activation& activation, const Tensor& src,
                          std::span<const double> slopes) {
  Tensor dst = src;
  visit_numbers(activation, src, slopes, [&](std::size_t i, const Activation& function) {
    double& x = dst.values[i];
    if (!std::isnan(x)) x = value(function, x);
  });
  return dst;
}

Tensor activation_backward(const Activation& activation, const Tensor& src, const Tensor& ddst,
                           std::span<const double> slopes) {
  check(src.count == ddst.count && src.shape == ddst.shape,
        "the gradient has the shape of the activation's output");
  Tensor dsrc = src;
  visit_numbers(activation, src, slopes, [&](std::size_t i, const Activation& function) {
    double& x = dsrc.values[i];
    if (!std::isnan(x)) x = gradient(function, x, ddst.values[i]);
  });
  return dsrc;
}

std::vector<double> slope_gradients(const Tensor& src, const Tensor& ddst) {
  std::vector<double> sums(static_cast<std::size_t>(src.shape.channels));
  const auto pixels = static_cast<std::size_t>(src.shape.pixels());
  for (std::size_t i = 0; i < src.values.size(); ++i) {
    if (!(src.values[i] > 0)) sums[i / pixels % sums.size()] += src.values[i] * ddst.values[i];
  }
  return sums;
}

}  // namespace whichfirst::reference
