#include <algorithm>
#include <cmath>
#include <utility>

#include "base/error.h"
#include "reference/stages.h"

namespace whichfirst::reference {
namespace {

/// Whether logits[label] is the largest, the first of equals; never so beside a NaN.
bool is_right(std::span<const double> logits, std::size_t label) {
  for (std::size_t k = 0; k < logits.size(); ++k) {
    const bool loses = k < label ? logits[k] < logits[label] : logits[k] <= logits[label];
    if (!loses) return false;
  }
  return true;
}

}  // namespace

CrossEntropy softmax_cross_entropy(const Tensor& logits, std::span<const std::int32_t> labels,
                                   double label_smoothing) {
  check(label_smoothing >= 0 && label_smoothing < 1, "label smoothing is in [0, 1)");
  check(logits.shape.is_vector, "logits are vectors");
  check(std::cmp_equal(labels.size(), logits.count), "there is one label an image");
  const auto classes = static_cast<std::size_t>(logits.shape.channels);
  const double images = logits.count;
  const double share = label_smoothing / static_cast<double>(classes);
  CrossEntropy result{.loss = 0, .right = 0, .dlogits = zeros(logits.count, logits.shape)};
  for (std::size_t n = 0; n < labels.size(); ++n) {
    check(labels[n] >= 0 && std::cmp_less(labels[n], classes), "a label is the number of a class");
    const auto label = static_cast<std::size_t>(labels[n]);
    const std::span<const double> row(logits.values.data() + n * classes, classes);
    const double largest = *std::max_element(row.begin(), row.end());
    double sum = 0;  // of exp(logit - largest), so that none overflows and one is 1
    for (const double logit : row) sum += std::exp(logit - largest);
    result.right += is_right(row, label) ? 1 : 0;
    for (std::size_t k = 0; k < classes; ++k) {
      const double target = (k == label ? 1 - label_smoothing : 0) + share;
      const double softmax = std::exp(row[k] - largest) / sum;
      result.dlogits.values[n * classes + k] = (softmax - target) / images;
      // What has no share adds nothing, not even where its logit is -infinity.
      if (target > 0) result.loss += target * (std::log(sum) - (row[k] - largest)) / images;
    }
  }
  return result;
}

Tensor dropout(const network::Dropout& drop, const Tensor& src, const RandomKey& key, Mode mode) {
  check(drop.rate >= 0 && drop.rate < 1, "a dropout's rate is in [0, 1)");
  if (mode == Mode::evaluation) return src;
  std::vector<std::uint8_t> heads(src.values.size());
  toss_coins(key, drop.rate, 0, heads);
  Tensor dst = src;
  for (std::size_t i = 0; i < heads.size(); ++i) {
    dst.values[i] = heads[i] == 1 ? 0 : src.values[i] / (1 - drop.rate);
  }
  return dst;
}

}  // namespace whichfirst::reference
