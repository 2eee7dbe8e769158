#include "engine/compile/activation_kernel.h"

#include "base/error.h"

namespace whichfirst::engine {
namespace {

using dnnl::algorithm;

/// One function, whose backward reads the forward's source.
ActivationKernel of_source(const Elementwise& function) {
  return {.primitive = function,
          .backward_primitive = function,
          .backward_reads = BackwardReads::source};
}

/// A function whose backward has a form that reads the result, so that forward may run in place.
ActivationKernel of_result(algorithm forward, algorithm backward, float alpha = 0) {
  return {.primitive = Elementwise{forward, alpha},
          .backward_primitive = Elementwise{backward, alpha},
          .backward_reads = BackwardReads::result};
}

}  // namespace

ActivationKernel kernel_of(const network::Activation& activation) {
  const auto alpha = static_cast<float>(activation.alpha);
  switch (activation.kind) {
    case network::ActivationKind::relu:
      return of_result(algorithm::eltwise_relu, algorithm::eltwise_relu_use_dst_for_bwd);
    case network::ActivationKind::leaky:
      return of_result(algorithm::eltwise_relu, algorithm::eltwise_relu_use_dst_for_bwd, alpha);
    case network::ActivationKind::elu:
      return of_result(algorithm::eltwise_elu, algorithm::eltwise_elu_use_dst_for_bwd, alpha);
    case network::ActivationKind::tanh:
      return of_result(algorithm::eltwise_tanh, algorithm::eltwise_tanh_use_dst_for_bwd);
    case network::ActivationKind::sigmoid:
      return of_result(algorithm::eltwise_logistic, algorithm::eltwise_logistic_use_dst_for_bwd);
    case network::ActivationKind::gelu:
      return of_source({algorithm::eltwise_gelu_erf});
    case network::ActivationKind::silu:
      return of_source({algorithm::eltwise_swish, 1.0F});
    case network::ActivationKind::hardswish:
      return of_source({algorithm::eltwise_hardswish, 1.0F / 6.0F, 0.5F});
    case network::ActivationKind::mish:
      return of_source({algorithm::eltwise_mish});
    case network::ActivationKind::softplus:
      return of_source({algorithm::eltwise_soft_relu, 1.0F});
    case network::ActivationKind::softsign:
      return {.primitive = {}, .backward_primitive = {}, .backward_reads = BackwardReads::result};
    case network::ActivationKind::sign:
      return {.primitive = {}, .backward_primitive = {}, .backward_reads = BackwardReads::source};
  }
  check(false, "every activation has a kernel");
  return {};
}

}  // namespace whichfirst::engine
