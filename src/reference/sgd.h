// One step of stochastic gradient descent as a plain loop: the definition of the recipe's `sgd`.
#pragma once

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

}  // namespace whichfirst::reference
