// The learning rate at each step of a trial.
#pragma once

#include <cstdint>

#include "record/study_file.h"

namespace whichfirst::train {

/// How many steps there are, and how many of them warm up.
struct ScheduleSpan {
  std::int64_t steps = 0;
  std::int64_t warmup_steps = 0;  // below `steps`
};

/// The rate of step `step` (from 0).
///
/// constant: lr. step: lr, a tenth of it from half of the way on, a hundredth from three quarters
/// on (He et al. 2016, arXiv:1603.05027). cosine: lr (1 + cos(pi share)) / 2, which starts at lr
/// and would reach 0 one step after the last (Loshchilov and Hutter 2017, arXiv:1608.03983, without
/// restarts). one-cycle: by cosines from lr / 25 up to lr in the first 30 % and down to lr /
/// 250,000 at the last step (Smith and Topin 2018, arXiv:1708.07120; torch's OneCycleLR without its
/// cycle of the momentum).
///
/// Warm-up: the first warmup_steps rise linearly to the schedule's first rate, which the last of
/// them has; the schedule spans the others.
double learning_rate(record::Schedule schedule, double lr, std::int64_t step,
                     const ScheduleSpan& span);

}  // namespace whichfirst::train
