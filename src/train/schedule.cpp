#include <cmath>
#include <numbers>

#include "base/error.h"
#include "train/trial.h"

namespace whichfirst::train {
namespace {

/// From `from` to `to` along half a cosine; share in [0, 1].
double along_cosine(double from, double to, double share) {
  return to + (from - to) * 0.5 * (1.0 + std::cos(std::numbers::pi * share));
}

double one_cycle(double lr, std::int64_t step, std::int64_t steps) {
  constexpr double kRising = 0.3;
  constexpr double kFirstDivisor = 25;
  constexpr double kLastDivisor = 1e4;
  const double first = lr / kFirstDivisor;
  const auto at = static_cast<double>(step);
  const double top = kRising * static_cast<double>(steps) - 1;  // the step of the largest rate
  const double end = static_cast<double>(steps) - 1;
  if (at <= top) return along_cosine(first, lr, top > 0 ? at / top : 1);
  return along_cosine(lr, first / kLastDivisor, end > top ? (at - top) / (end - top) : 1);
}

}  // namespace

double learning_rate(record::Schedule schedule, double lr, std::int64_t step,
                     const ScheduleSpan& span) {
  check(step >= 0 && step < span.steps && span.warmup_steps >= 0 && span.warmup_steps < span.steps,
        "a step is one of the trial's, and the warm-up leaves some");
  if (step < span.warmup_steps) {
    const double share = static_cast<double>(step + 1) / static_cast<double>(span.warmup_steps);
    return share * learning_rate(schedule, lr, 0, {.steps = span.steps - span.warmup_steps});
  }
  const std::int64_t at = step - span.warmup_steps;
  const std::int64_t steps = span.steps - span.warmup_steps;
  const double share = static_cast<double>(at) / static_cast<double>(steps);
  switch (schedule) {
    case record::Schedule::constant:
      return lr;
    case record::Schedule::step:
      return share < 0.5 ? lr : share < 0.75 ? lr / 10 : lr / 100;
    case record::Schedule::cosine:
      return along_cosine(lr, 0, share);
    case record::Schedule::one_cycle:
      return one_cycle(lr, at, steps);
  }
  check(false, "the schedule is one of the above");
  return lr;
}

}  // namespace whichfirst::train
