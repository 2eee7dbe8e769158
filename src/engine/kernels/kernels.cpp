#include "engine/kernels/kernels.h"

#include <bit>
#include <cmath>

#include "base/error.h"
#include "engine/kernels/vector_width.h"

namespace whichfirst::engine {
namespace {

/// 1 where `value` is infinite or not a number: integer arithmetic, which vectorises.
std::uint32_t is_not_finite(float value) {
  constexpr std::uint32_t kExponent = 0x7f800000U;
  return (std::bit_cast<std::uint32_t>(value) & kExponent) == kExponent ? 1U : 0U;
}

}  // namespace

LossResult cross_entropy(std::span<const float> logits, std::span<const std::int32_t> labels,
                         std::span<float> dlogits, std::span<std::uint8_t> right_flags,
                         double label_smoothing) {
  const std::size_t images = labels.size();
  check(images > 0 && logits.size() % images == 0, "logits are N x K");
  const std::size_t classes = logits.size() / images;
  const double share = 1.0 / static_cast<double>(images);
  const double everywhere = label_smoothing / static_cast<double>(classes);
  LossResult result;
  for (std::size_t n = 0; n < images; ++n) {
    const float* row = logits.data() + n * classes;
    const auto label = static_cast<std::size_t>(labels[n]);
    check(label < classes, "a label names a class");
    std::size_t best = 0;
    bool is_finite = true;
    for (std::size_t k = 0; k < classes; ++k) {
      if (row[k] > row[best]) best = k;
      is_finite = is_finite && std::isfinite(row[k]);
    }
    double sum = 0;
    double logit_sum = 0;
    for (std::size_t k = 0; k < classes; ++k) {
      sum += std::exp(double{row[k]} - row[best]);
      logit_sum += row[k];
    }
    const double log_sum = row[best] + std::log(sum);
    const double wanted_logit = (1 - label_smoothing) * row[label] + everywhere * logit_sum;
    result.sum += is_finite ? log_sum - wanted_logit : std::nan("");
    const bool is_right = is_finite && best == label;
    result.right += is_right ? 1 : 0;
    if (!right_flags.empty()) right_flags[n] = is_right ? 1 : 0;
    if (!dlogits.empty()) {
      float* drow = dlogits.data() + n * classes;
      for (std::size_t k = 0; k < classes; ++k) {
        const double wanted = everywhere + (k == label ? 1.0 - label_smoothing : 0.0);
        drow[k] = static_cast<float>((std::exp(row[k] - log_sum) - wanted) * share);
      }
    }
  }
  return result;
}

WHICHFIRST_FOR_EACH_WIDTH
bool update_sgd(std::span<float> weights, std::span<float> velocity,
                std::span<const float> gradient, const SgdStep& step) {
  const auto lr = static_cast<float>(step.lr);
  const auto momentum = static_cast<float>(step.momentum);
  const auto decay = static_cast<float>(step.decay);
  float* const w = weights.data();
  float* const v = velocity.data();
  const float* const g = gradient.data();
  const std::size_t count = weights.size();
  std::uint32_t found = 0;
  if (step.nesterov) {
    for (std::size_t i = 0; i < count; ++i) {
      const float slope = g[i] + decay * w[i];
      v[i] = momentum * v[i] + slope;
      w[i] -= lr * (slope + momentum * v[i]);
      found |= is_not_finite(w[i] * w[i]);
    }
    return found == 0;
  }
  for (std::size_t i = 0; i < count; ++i) {
    v[i] = momentum * v[i] + (g[i] + decay * w[i]);
    w[i] -= lr * v[i];
    found |= is_not_finite(w[i] * w[i]);
  }
  return found == 0;
}

WHICHFIRST_FOR_EACH_WIDTH
bool update_adamw(std::span<float> weights, std::span<float> moments, std::span<float> squares,
                  std::span<const float> gradient, const AdamwStep& step) {
  constexpr double kFirstBeta = 0.9;
  constexpr double kSecondBeta = 0.999;
  constexpr float kEps = 1e-8F;
  const auto number = static_cast<double>(step.number);
  const auto keep = static_cast<float>(1 - step.lr * step.decay);
  const auto rate = static_cast<float>(step.lr / (1 - std::pow(kFirstBeta, number)));
  const auto root = static_cast<float>(1 / std::sqrt(1 - std::pow(kSecondBeta, number)));
  const auto first = static_cast<float>(kFirstBeta);
  const auto first_rest = static_cast<float>(1 - kFirstBeta);
  const auto second = static_cast<float>(kSecondBeta);
  const auto second_rest = static_cast<float>(1 - kSecondBeta);
  float* const w = weights.data();
  float* const m = moments.data();
  float* const v = squares.data();
  const float* const g = gradient.data();
  const std::size_t count = weights.size();
  std::uint32_t found = 0;
  for (std::size_t i = 0; i < count; ++i) {
    m[i] = first * m[i] + first_rest * g[i];
    v[i] = second * v[i] + second_rest * (g[i] * g[i]);
    w[i] = keep * w[i] - rate * m[i] / (std::sqrt(v[i]) * root + kEps);
    found |= is_not_finite(w[i] * w[i]);
  }
  return found == 0;
}

void move_running(std::span<float> running, std::span<const float> statistic, double momentum,
                  double factor) {
  for (std::size_t c = 0; c < running.size(); ++c) {
    running[c] = static_cast<float>((1 - momentum) * running[c] + momentum * factor * statistic[c]);
  }
}

bool all_finite(std::span<const float> values) {
  std::uint32_t found = 0;
  for (const float value : values) found |= is_not_finite(value);
  return found == 0;
}

}  // namespace whichfirst::engine
