// The parts of a training step that are our own loops: loss, update, running statistics, checks.
// Plain pointers and lengths; nothing here knows oneDNN.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace whichfirst::engine {

/// Softmax cross-entropy of one batch, in double inside.
struct LossResult {
  double sum = 0;  // over the batch; not finite where a logit is not
  int right = 0;   // how often the first largest logit is the label's
};

/// logits: N x K. Writes 1 into right_flags[n] (if not empty) where image n is classified right.
/// Where dlogits (N x K) is not empty, writes the gradient of the batch's mean loss.
LossResult cross_entropy(std::span<const float> logits, std::span<const std::int32_t> labels,
                         std::span<float> dlogits, std::span<std::uint8_t> right_flags);

/// One step of stochastic gradient descent as torch.optim.SGD takes it:
/// g += decay w;  v = momentum v + g;  w -= lr v.
struct SgdStep {
  double lr = 0;
  double momentum = 0;
  double decay = 0;
};

/// Updates `weights` and `velocity` in place. Returns whether every weight and its square are
/// finite afterwards. The square, because a weight beyond 1.8e19 has left the range in which a
/// variance exists in fp32, and a bounded activation behind it would hide that for ever.
bool update_sgd(std::span<float> weights, std::span<float> velocity,
                std::span<const float> gradient, const SgdStep& step);

/// running = (1 - momentum) running + momentum statistic * factor; the factor n / (n - 1) makes a
/// population variance unbiased, as PyTorch stores it.
void move_running(std::span<float> running, std::span<const float> statistic, double momentum,
                  double factor);

bool all_finite(std::span<const float> values);

}  // namespace whichfirst::engine
