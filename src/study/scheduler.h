// Trials side by side: what is to be done with them, on so many threads.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>

#include "record/trial_record.h"
#include "study/plan.h"
#include "train/trial.h"

namespace whichfirst::study {

/// All but `run` are called by one thread at a time. What any of them throws ends the whole run:
/// results must not be lost silently.
struct Work {
  /// The next trial, or nothing more. What to run may depend on what has ended: a trial is kept
  /// before the next is asked for.
  std::function<std::optional<TrialId>()> next;
  /// Trains it, telling `observe`; nothing where it was interrupted. A trial that fails is a record
  /// that says so.
  std::function<std::optional<record::TrialRecord>(const TrialId&, const train::Observer& observe)>
      run;
  std::function<void(const TrialId&, const train::Progress&)> progress;
  /// The trial has ended.
  std::function<void(const TrialId&, record::TrialRecord)> keep;
};

/// Works on `jobs` threads, which end before it returns: when nothing is left to run or, after a
/// request to stop, when the trials under way have ended. Rethrows what was thrown first.
void run_trials(const Work& work, int jobs, const std::stop_token& stop);

}  // namespace whichfirst::study
