#include <algorithm>
#include <cmath>
#include <iterator>
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

/// y(x), and d y'(x); `x` is not NaN.
struct Function {
  double (*value)(double x, double alpha);
  double (*gradient)(double x, double d, double alpha);
};

constexpr Function kFunctions[] = {
    // in the order of ActivationKind
    // relu
    {[](double x, double) { return x > 0 ? x : 0; },
     [](double x, double d, double) { return x > 0 ? d : 0; }},
    // leaky
    {[](double x, double alpha) { return x > 0 ? x : alpha * x; },
     [](double x, double d, double alpha) { return x > 0 ? d : d * alpha; }},
    // prelu
    {[](double x, double slope) { return x > 0 ? x : slope * x; },
     [](double x, double d, double slope) { return x > 0 ? d : d * slope; }},
    // elu
    {[](double x, double alpha) { return x > 0 ? x : alpha * std::expm1(x); },
     [](double x, double d, double alpha) { return x > 0 ? d : d * alpha * std::exp(x); }},
    // gelu
    {[](double x, double) { return x * normal_below(x); },
     [](double x, double d, double) { return d * (normal_below(x) + x * normal_density(x)); }},
    // silu
    {[](double x, double) { return x * sigmoid(x); },
     [](double x, double d, double) { return d * sigmoid(x) * (1 + x * sigmoid(-x)); }},
    // tanh
    {[](double x, double) { return std::tanh(x); },
     [](double x, double d, double) { return d * (1 - std::tanh(x) * std::tanh(x)); }},
    // sigmoid
    {[](double x, double) { return sigmoid(x); },
     [](double x, double d, double) { return d * sigmoid(x) * sigmoid(-x); }},
    // softsign
    {[](double x, double) { return x / (1 + std::abs(x)); },
     [](double x, double d, double) { return d / ((1 + std::abs(x)) * (1 + std::abs(x))); }},
    // hardswish
    {[](double x, double) { return x * std::clamp(x + 3, 0.0, 6.0) / 6; },
     [](double x, double d, double) { return x < -3  ? 0
                                             : x < 3 ? d * (x / 3 + 0.5)
                                                     : d; }},
    // mish
    {[](double x, double) { return x * std::tanh(softplus(x)); },
     [](double x, double d, double) {
       const double t = std::tanh(softplus(x));
       return d * (t + x * (1 - t * t) * sigmoid(x));
     }},
    // softplus
    {[](double x, double) { return softplus(x); },
     [](double x, double d, double) { return d * sigmoid(x); }},
    // sign
    {[](double x, double) { return x >= 0 ? 1.0 : -1.0; },
     [](double x, double d, double) { return std::abs(x) <= 1 ? d : 0; }},
};
static_assert(std::size(kFunctions) == static_cast<std::size_t>(ActivationKind::sign) + 1);

const Function& function_of(const Activation& activation) {
  return kFunctions[static_cast<std::size_t>(activation.kind)];
}

/// Calls visit(index, alpha at that channel) for every number.
template <class Visit>
void visit_numbers(const Activation& activation, const Tensor& src, std::span<const double> slopes,
                   const Visit& visit) {
  const bool is_prelu = activation.kind == ActivationKind::prelu;
  check(!is_prelu || std::cmp_equal(slopes.size(), src.shape.channels),
        "prelu has a slope for each channel");
  const auto pixels = static_cast<std::size_t>(src.shape.pixels());
  double alpha = activation.alpha;
  for (std::size_t i = 0; i < src.values.size(); ++i) {
    if (is_prelu) alpha = slopes[i / pixels % slopes.size()];
    visit(i, alpha);
  }
}

}  // namespace

Tensor activation_forward(const Activation& activation, const Tensor& src,
                          std::span<const double> slopes) {
  Tensor dst = src;
  visit_numbers(activation, src, slopes, [&](std::size_t i, double alpha) {
    double& x = dst.values[i];
    if (!std::isnan(x)) x = function_of(activation).value(x, alpha);
  });
  return dst;
}

Tensor activation_backward(const Activation& activation, const Tensor& src, const Tensor& ddst,
                           std::span<const double> slopes) {
  check(src.count == ddst.count && src.shape == ddst.shape,
        "the gradient has the shape of the activation's output");
  Tensor dsrc = src;
  visit_numbers(activation, src, slopes, [&](std::size_t i, double alpha) {
    double& x = dsrc.values[i];
    if (!std::isnan(x)) x = function_of(activation).gradient(x, ddst.values[i], alpha);
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
