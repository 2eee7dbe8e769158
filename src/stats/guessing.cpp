#include "stats/guessing.h"

#include <algorithm>
#include <cmath>

#include "stats/moments.h"

namespace whichfirst::stats {

Guessing guessing_of_accuracy(double largest_share, double images) {
  return {.value = 100 * largest_share,
          .image_error = 100 * std::sqrt(largest_share * (1 - largest_share) / images),
          .step = 100 / images};
}

bool beats_guessing(std::span<const double> values, const Guessing& guessing) {
  if (values.empty()) return false;
  constexpr double kStandardErrors = 2;
  const Moments moments = moments_of(values);
  const double sign = guessing.direction == Direction::higher_is_better ? 1 : -1;
  const double seed_error = moments.sd.value_or(0) / std::sqrt(static_cast<double>(moments.count));
  const double error = std::hypot(seed_error, guessing.image_error);
  return sign * (*moments.mean - guessing.value) > std::max(kStandardErrors * error, guessing.step);
}

}  // namespace whichfirst::stats
