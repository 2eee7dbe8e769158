#include "reference/adamw.h"

#include <cmath>

#include "base/error.h"

namespace whichfirst::reference {

void adamw_step(Arrays& values, AdamWMoments& moments, const Arrays& gradients, const AdamW& adamw,
                const network::Network& network) {
  const std::size_t parameters = network.parameters.size();
  check(values.size() == parameters && gradients.size() == parameters,
        "there is one array for each parameter");
  moments.mean.resize(parameters);
  moments.square.resize(parameters);
  const auto t = static_cast<double>(++moments.steps);
  const double mean_weight = 1 - std::pow(adamw.beta1, t);
  const double square_weight = 1 - std::pow(adamw.beta2, t);
  for (std::size_t i = 0; i < parameters; ++i) {
    if (!network.parameters[i].is_trained()) continue;
    check(gradients[i].size() == values[i].size(), "there is one gradient for each number");
    moments.mean[i].resize(values[i].size());
    moments.square[i].resize(values[i].size());
    const bool decays =
        adamw.decays_all || network.parameters[i].kind == network::ParameterKind::weight;
    for (std::size_t j = 0; j < values[i].size(); ++j) {
      const double gradient = gradients[i][j];
      double& mean = moments.mean[i][j];
      double& square = moments.square[i][j];
      if (decays) values[i][j] -= adamw.lr * adamw.decay * values[i][j];
      mean = adamw.beta1 * mean + (1 - adamw.beta1) * gradient;
      square = adamw.beta2 * square + (1 - adamw.beta2) * gradient * gradient;
      values[i][j] -=
          adamw.lr * (mean / mean_weight) / (std::sqrt(square / square_weight) + adamw.eps);
    }
  }
}

}  // namespace whichfirst::reference
