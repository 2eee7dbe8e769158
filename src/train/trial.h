// One trial: a network trained by a recipe on one replicate's data order, then tested once.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>

#include "network/network.h"
#include "record/inference_record.h"
#include "record/study_file.h"
#include "record/trial_record.h"
#include "train/material.h"

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

/// How far a trial is.
struct Progress {
  int epoch = 0;     // completed ones
  double share = 0;  // of all steps, in [0, 1]
  /// At the end of an epoch: its metrics.
  std::optional<record::EpochMetrics> finished_epoch;
};
using Observer = std::function<void(const Progress&)>;

struct Result {
  /// Complete but for arm, order, initial-weights hash, machine, version and study, which the
  /// caller knows.
  record::TrialRecord record;
  /// The parameters after the last step; empty unless the trial is `done`.
  network::Values values;
  /// The caller asked to stop: the record is of no use.
  bool is_interrupted = false;
};

/// Trains and tests on the calling thread, which it obliges to run alone (engine/platform.h).
/// A number that is not finite ends the trial as `diverged`: that is a result. The observer is
/// called some times a second and after every epoch, on this thread. Stops within one step of a
/// request. Throws Error as engine::Trainer does.
Result run_trial(const Task& task, const std::stop_token& stop, const Observer& observe);

/// Pictures of a batch, where speed in batches is asked.
inline constexpr int kInferenceBatch = 100;

struct InferenceCosts {
  record::InferenceRecord record;
  record::InferenceTimings timings;  // medians of interleaved runs
};

/// Folds a network of these values, shows it and the network as trained the first test pictures, at
/// most kInferenceBatch, and times both on the calling thread, in fp32, for at most about 0.15 s
/// but 3 runs each at least. Throws Error as engine::Inference does.
InferenceCosts measure_inference(const network::Network& network, const network::Values& values,
                                 const Material& material);

/// About how long `run_trial` takes on a core that is free, by its first steps: trains for
/// `budget` seconds, or one step. What is thrown is as there.
double estimate_seconds(const Task& task, double budget);

}  // namespace whichfirst::train
