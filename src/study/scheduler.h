// Trials side by side: what is to be done with them, on so many threads.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>

#include "record/trial_record.h"
#include "study/plan.h"
#include "train/trial.h"

namespace whichfirst::study {

/// What a thread does next: train `trial`; or, where all that is left is under way in other
/// processes, `wait` and ask again; or neither, and it ends.
struct Next {
  std::optional<TrialId> trial = {};
  bool wait = false;
};

/// All but `run` are called by one thread at a time. What any of them throws ends the whole run:
/// results must not be lost silently.
struct Work {
  /// What to run may depend on what has ended: a trial is kept before the next is asked for.
  std::function<Next()> next;
  /// Trains it, telling `observe`; nothing where it was interrupted. A trial that fails is a record
  /// that says so.
  std::function<std::optional<record::TrialRecord>(const TrialId&, const train::Observer& observe)>
      run;
  std::function<void(const TrialId&, const train::Progress&)> progress;
  /// The trial has ended.
  std::function<void(const TrialId&, record::TrialRecord)> keep;
};

/// Works on `jobs` threads, which end before it returns: when nothing is left to run or, after a
/// request to stop or a throw, when the trials under way have ended. Rethrows what was thrown
/// first.
void run_trials(const Work& work, int jobs, const std::stop_token& stop);

}  // namespace whichfirst::study
