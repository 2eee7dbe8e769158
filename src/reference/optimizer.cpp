#include "reference/optimizer.h"

#include <cmath>

#include "base/error.h"

namespace whichfirst::reference {
namespace {

/// Calls update(i, j, gradient, decay) for each number j of each trained parameter i, with the
/// decay that it is to have.
template <class Optimizer, class Update>
void for_each_trained(Arrays& values, const Arrays& gradients, const Optimizer& optimizer,
                      const network::Network& network, Update update) {
  const std::size_t parameters = network.parameters.size();
  check(values.size() == parameters && gradients.size() == parameters,
        "there is one array for each parameter");
  for (std::size_t i = 0; i < parameters; ++i) {
    if (!network.parameters[i].is_trained()) continue;
    check(gradients[i].size() == values[i].size(), "there is one gradient for each number");
    const bool decays =
        optimizer.decays_all || network.parameters[i].kind == network::ParameterKind::weight;
    for (std::size_t j = 0; j < values[i].size(); ++j) {
      update(i, j, gradients[i][j], decays ? optimizer.decay : 0);
    }
  }
}

/// What an optimizer remembers of each trained number: zeros before the first step.
void give_form(Arrays& memory, const Arrays& values, const network::Network& network) {
  memory.resize(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (network.parameters[i].is_trained()) memory[i].resize(values[i].size());
  }
}

}  // namespace

void sgd_step(Arrays& values, Arrays& velocity, const Arrays& gradients, const Sgd& sgd,
              const network::Network& network) {
  give_form(velocity, values, network);
  const auto update = [&](std::size_t i, std::size_t j, double loss_gradient, double decay) {
    const double gradient = loss_gradient + decay * values[i][j];
    velocity[i][j] = sgd.momentum * velocity[i][j] + gradient;
    values[i][j] -=
        sgd.lr * (sgd.nesterov ? gradient + sgd.momentum * velocity[i][j] : velocity[i][j]);
  };
  for_each_trained(values, gradients, sgd, network, update);
}

void adamw_step(Arrays& values, AdamWMoments& moments, const Arrays& gradients, const AdamW& adamw,
                const network::Network& network) {
  give_form(moments.mean, values, network);
  give_form(moments.square, values, network);
  const auto t = static_cast<double>(++moments.steps);
  const double mean_weight = 1 - std::pow(adamw.beta1, t);
  const double square_weight = 1 - std::pow(adamw.beta2, t);
  const auto update = [&](std::size_t i, std::size_t j, double gradient, double decay) {
    double& mean = moments.mean[i][j];
    double& square = moments.square[i][j];
    values[i][j] -= adamw.lr * decay * values[i][j];
    mean = adamw.beta1 * mean + (1 - adamw.beta1) * gradient;
    square = adamw.beta2 * square + (1 - adamw.beta2) * gradient * gradient;
    values[i][j] -=
        adamw.lr * (mean / mean_weight) / (std::sqrt(square / square_weight) + adamw.eps);
  };
  for_each_trained(values, gradients, adamw, network, update);
}

}  // namespace whichfirst::reference
