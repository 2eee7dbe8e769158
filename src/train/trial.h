// One trial: a network trained by a recipe on one replicate's data order, then tested once.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>

#include "network/network.h"
#include "record/trial_record.h"
#include "train/material.h"

namespace whichfirst::train {

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

}  // namespace whichfirst::train
