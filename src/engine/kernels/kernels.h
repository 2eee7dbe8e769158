// The parts of a training step that are our own loops: loss, update, running statistics, checks.
// Plain pointers and lengths; nothing here knows oneDNN.
#pragma once

#include <cstdint>
#include <span>

namespace whichfirst::engine {

/// Softmax cross-entropy of one batch, in double inside.
struct LossResult {
  double sum = 0;  // over the batch; not finite where a logit is not
  int right = 0;   // how often the first largest logit is the label's
};

/// logits: N x K. Writes 1 into right_flags[n] (if not empty) where image n is classified right.
/// Where dlogits (N x K) is not empty, writes the gradient of the batch's mean loss. With label
/// smoothing s in [0, 1) the wanted shares are s / K everywhere and 1 - s more at the label.
/// Source: Szegedy et al. 2016, arXiv:1512.00567; torch.nn.CrossEntropyLoss.
LossResult cross_entropy(std::span<const float> logits, std::span<const std::int32_t> labels,
                         std::span<float> dlogits, std::span<std::uint8_t> right_flags,
                         double label_smoothing = 0);

/// One step of stochastic gradient descent as torch.optim.SGD takes it:
/// g += decay w;  v = momentum v + g;  w -= lr v, or lr (g + momentum v) with Nesterov's momentum.
struct SgdStep {
  double lr = 0;
  double momentum = 0;
  double decay = 0;
  bool nesterov = false;
};

/// Updates `weights` and `velocity` in place. Returns whether every weight and its square are
/// finite afterwards. The square, because a weight beyond 1.8e19 has left the range in which a
/// variance exists in fp32, and a bounded activation behind it would hide that for ever.
bool update_sgd(std::span<float> weights, std::span<float> velocity,
                std::span<const float> gradient, const SgdStep& step);

/// One step of AdamW as torch.optim.AdamW takes it with its betas (0.9, 0.999) and eps (1e-8):
/// w -= lr decay w;  m, v = moving means of g and g^2;  w -= lr m' / (sqrt(v') + eps), the means
/// corrected for their start at 0. Source: Loshchilov and Hutter 2019, arXiv:1711.05101.
struct AdamwStep {
  double lr = 0;
  double decay = 0;
  std::int64_t number = 1;  // of the step, from 1
};

/// As update_sgd; `moments` holds the mean of g, `squares` that of g^2.
bool update_adamw(std::span<float> weights, std::span<float> moments, std::span<float> squares,
                  std::span<const float> gradient, const AdamwStep& step);

/// running = (1 - momentum) running + momentum statistic * factor; the factor n / (n - 1) makes a
/// population variance unbiased, as PyTorch stores it.
void move_running(std::span<float> running, std::span<const float> statistic, double momentum,
                  double factor);

bool all_finite(std::span<const float> values);

}  // namespace whichfirst::engine
