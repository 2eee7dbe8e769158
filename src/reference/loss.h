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

/// Mean over the batch of -sum over k of target[k] log softmax(logits)[k], computed without
/// overflow. `logits` are N vectors of K numbers, one a class, `labels` N class numbers from 0.
/// target is label_smoothing / K, and 1 - label_smoothing more at the label; label_smoothing is in
/// [0, 1) (torch.nn.CrossEntropyLoss). An image with a NaN logit is never right.
CrossEntropy softmax_cross_entropy(const Tensor& logits, std::span<const std::int32_t> labels,
                                   double label_smoothing = 0);

}  // namespace whichfirst::reference
