// The learning rate at each step of a trial.
#pragma once

#include <cstdint>

#include "record/study_file.h"

namespace whichfirst::train {

/// The rate of step `step` (from 0) out of `steps`. constant: lr. cosine: lr (1 + cos(pi step /
/// steps)) / 2, which starts at lr and would reach 0 one step after the last.
/// Source: Loshchilov and Hutter 2017, arXiv:1608.03983, without restarts.
double learning_rate(record::Schedule schedule, double lr, std::int64_t step, std::int64_t steps);

}  // namespace whichfirst::train
