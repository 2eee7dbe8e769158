// Softmax cross-entropy as a plain loop: the definition of the loss that networks are trained on.
#pragma once

#include <cstdint>
#include <span>

#include "reference/tensor.h"

namespace whichfirst::reference {

struct CrossEntropy {
  double loss = 0;  // mean over the batch, in nats
  int right = 0;    // images whose label has the largest logit, the first of equals
  Tensor dlogits;   // gradient of `loss`
};

/// Mean over the batch of -log softmax(logits)[label], computed without overflow. `logits` are N
/// vectors of one number a class, `labels` N class numbers from 0. An image with a NaN logit is
/// never right.
CrossEntropy softmax_cross_entropy(const Tensor& logits, std::span<const std::int32_t> labels);

}  // namespace whichfirst::reference
