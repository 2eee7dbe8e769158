// One step of training as a plain loop: the twins of the engine's `sgd` and `adamw`.
#pragma once

#include <cmath>
#include <cstdint>

#include "reference/pass.h"

namespace whichfirst::reference {

struct Sgd {
  double lr = 0;
  double momentum = 0;
  double decay = 0;  // coupled; on ParameterKind::weight only
  bool nesterov = false;
  bool decays_all = false;  // also biases, scales and offsets
};

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

/// Calls update(i, j, decay) for each number j of each trained parameter i, with the decay that it
/// is to have. `memories` get room for a number each, 0 before the first step. Running statistics
/// are left alone.
template <class Optimizer, class Update>
void for_each_trained(const Arrays& values, const Optimizer& optimizer,
                      const network::Network& network, std::initializer_list<Arrays*> memories,
                      Update update) {
  for (Arrays* memory : memories) memory->resize(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!network.parameters[i].is_trained()) continue;
    for (Arrays* memory : memories) (*memory)[i].resize(values[i].size());
    const bool decays =
        optimizer.decays_all || network.parameters[i].kind == network::ParameterKind::weight;
    for (std::size_t j = 0; j < values[i].size(); ++j) update(i, j, decays ? optimizer.decay : 0);
  }
}

/// torch.optim.SGD: velocity = momentum velocity + gradient + decay value; value -= lr velocity, or
/// with nesterov value -= lr (gradient + decay value + momentum velocity).
inline void sgd_step(Arrays& values, Arrays& velocity, const Arrays& gradients, const Sgd& sgd,
                     const network::Network& network) {
  for_each_trained(values, sgd, network, {&velocity},
                   [&](std::size_t i, std::size_t j, double decay) {
                     const double gradient = gradients.at(i).at(j) + decay * values[i][j];
                     double& v = velocity[i][j];
                     v = sgd.momentum * v + gradient;
                     values[i][j] -= sgd.lr * (sgd.nesterov ? gradient + sgd.momentum * v : v);
                   });
}

/// In step t, counted from 1:
///   value -= lr decay value
///   mean = beta1 mean + (1 - beta1) gradient
///   square = beta2 square + (1 - beta2) gradient^2
///   value -= lr mean / (1 - beta1^t) / (sqrt(square / (1 - beta2^t)) + eps)
inline void adamw_step(Arrays& values, AdamWMoments& moments, const Arrays& gradients,
                       const AdamW& adamw, const network::Network& network) {
  const auto t = static_cast<double>(++moments.steps);
  const double mean_weight = 1 - std::pow(adamw.beta1, t);
  const double square_weight = 1 - std::pow(adamw.beta2, t);
  for_each_trained(values, adamw, network, {&moments.mean, &moments.square},
                   [&](std::size_t i, std::size_t j, double decay) {
                     const double gradient = gradients.at(i).at(j);
                     double& mean = moments.mean[i][j];
                     double& square = moments.square[i][j];
                     values[i][j] -= adamw.lr * decay * values[i][j];
                     mean = adamw.beta1 * mean + (1 - adamw.beta1) * gradient;
                     square = adamw.beta2 * square + (1 - adamw.beta2) * gradient * gradient;
                     values[i][j] -= adamw.lr * (mean / mean_weight) /
                                     (std::sqrt(square / square_weight) + adamw.eps);
                   });
}

}  // namespace whichfirst::reference
