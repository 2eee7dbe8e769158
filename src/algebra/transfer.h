// Parameters of one network as parameters of another that computes the same at inference.
#pragma once

#include <vector>

#include "algebra/relation.h"
#include "network/network.h"

namespace whichfirst::algebra {

/// One array for each of Network::parameters, in those layouts.
using Arrays = std::vector<std::vector<double>>;

/// Two networks that a relation made alike.
struct Ways {
  const network::Network& from;
  const Terms& from_terms;
  const network::Network& to;
  const Terms& to_terms;
};

/// Parameters and running statistics of `to` with which it makes, at inference, the logits that
/// `from` makes with `values`; in training too where both terms are stages as they stand. `start`
/// gives the numbers of `to` that do not matter or are not free: biases that a normaliser
/// subtracts, statistics without affine. Folds `values` by D9 (docs/orders.md), then solves for
/// `to` with its free bn at scale 1 and offset 0.
Arrays transfer(const Ways& ways, const Arrays& values, Arrays start);

}  // namespace whichfirst::algebra
