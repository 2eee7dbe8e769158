#include "reference/sgd.h"

#include "base/error.h"

namespace whichfirst::reference {

void sgd_step(Arrays& values, Arrays& velocity, const Arrays& gradients, const Sgd& sgd,
              const network::Network& network) {
  const std::size_t parameters = network.parameters.size();
  check(values.size() == parameters && gradients.size() == parameters,
        "there is one array for each parameter");
  velocity.resize(parameters);
  for (std::size_t i = 0; i < parameters; ++i) {
    if (!network.parameters[i].is_trained()) continue;
    check(gradients[i].size() == values[i].size(), "there is one gradient for each number");
    velocity[i].resize(values[i].size());
    const bool decays =
        sgd.decays_all || network.parameters[i].kind == network::ParameterKind::weight;
    for (std::size_t j = 0; j < values[i].size(); ++j) {
      const double gradient = gradients[i][j] + (decays ? sgd.decay * values[i][j] : 0);
      velocity[i][j] = sgd.momentum * velocity[i][j] + gradient;
      values[i][j] -=
          sgd.lr * (sgd.nesterov ? gradient + sgd.momentum * velocity[i][j] : velocity[i][j]);
    }
  }
}

}  // namespace whichfirst::reference
