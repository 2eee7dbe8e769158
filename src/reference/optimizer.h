// One step of training as a plain loop: the definitions of the recipe's `sgd` and `adamw`.
#pragma once

#include <cstdint>

#include "network/network.h"
#include "reference/pass.h"

namespace whichfirst::reference {

struct Sgd {
  double lr = 0;
  double momentum = 0;
  double decay = 0;  // coupled; on ParameterKind::weight only
  bool nesterov = false;
  bool decays_all = false;  // also biases, scales and offsets
};

/// torch.optim.SGD: velocity = momentum velocity + gradient + decay value; value -= lr velocity, or
/// with nesterov value -= lr (gradient + decay value + momentum velocity).
/// `velocity` is empty before the first step and then holds one array for each parameter. Running
/// statistics are left alone: Pass::running_statistics holds where they move to.
void sgd_step(Arrays& values, Arrays& velocity, const Arrays& gradients, const Sgd& sgd,
              const network::Network& network);

// Source: Loshchilov and Hutter 2019, arXiv:1711.05101; as torch.optim.AdamW.
struct AdamW {
  double lr = 0;
  double decay = 0;  // decoupled; on ParameterKind::weight only
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  bool decays_all = false;  // also biases, scales and offsets
};

/// What AdamW remembers. As constructed: before the first step.
struct AdamWMoments {
  std::int64_t steps = 0;
  Arrays mean;    // of the gradients; one array for each parameter
  Arrays square;  // the mean of their squares
};

/// In step t, counted from 1:
///   value -= lr decay value
///   mean = beta1 mean + (1 - beta1) gradient
///   square = beta2 square + (1 - beta2) gradient^2
///   value -= lr mean / (1 - beta1^t) / (sqrt(square / (1 - beta2^t)) + eps)
/// Running statistics are left alone, as by sgd_step.
void adamw_step(Arrays& values, AdamWMoments& moments, const Arrays& gradients, const AdamW& adamw,
                const network::Network& network);

}  // namespace whichfirst::reference
