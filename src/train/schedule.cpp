#include "train/schedule.h"

#include <cmath>
#include <numbers>

#include "base/error.h"

namespace whichfirst::train {

double learning_rate(record::Schedule schedule, double lr, std::int64_t step, std::int64_t steps) {
  check(step >= 0 && step < steps, "a step is one of the trial's");
  switch (schedule) {
    case record::Schedule::constant:
      return lr;
    case record::Schedule::cosine: {
      const double share = static_cast<double>(step) / static_cast<double>(steps);
      return lr * 0.5 * (1.0 + std::cos(std::numbers::pi * share));
    }
  }
  check(false, "the schedule is one of the above");
  return lr;
}

}  // namespace whichfirst::train
