// What a run folder holds, read without training and without the data: an unfinished run's verdict
// so far, how far it is, the rates that its tuning found.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "record/run_folder.h"
#include "record/run_status.h"
#include "study/conclude.h"
#include "study/expectation.h"
#include "study/plan.h"

namespace whichfirst::study {

/// What in a record cannot be of this arm's trial, or contradicts itself: its file was damaged or
/// changed, and the trial is to be trained again. nullopt where all is well.
std::optional<std::string> contradiction_in(const record::TrialRecord& trial,
                                            const Experiment& experiment, const Arm& arm);

/// The trials of a folder that fit the experiment, and a message for each file that does not.
Trials load_trials(const record::RunFolder& folder, const Experiment& experiment,
                   std::vector<std::string>& damaged);

/// What the trials of a run say, with its ledger and sentences. Where learning rates are still
/// being tried there are no comparisons.
record::VerdictRecord conclude_run(const Experiment& experiment, const Trials& trials,
                                   Ending ending, const Wanted& wanted,
                                   const std::filesystem::path& folder,
                                   const std::vector<Expectation>& expectations = {});

/// The verdict of a run folder: verdict.json where it is finished, else of what there is, as of a
/// run that was stopped. Throws Error where it is no run.
record::VerdictRecord verdict_of_run(const std::filesystem::path& folder);

/// Throws Error where it is no run.
record::RunDetails status_of_run(const std::filesystem::path& folder);

/// The runs that lie in `folder`, latest first. What is no run is passed over; Error where the
/// folder does not read.
std::vector<record::RunStatus> list_runs(const std::filesystem::path& folder);

}  // namespace whichfirst::study
