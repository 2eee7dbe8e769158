// What a run folder holds: trials that fit their places, and how far the run is.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "record/run_folder.h"
#include "record/run_status.h"
#include "study/plan.h"

namespace whichfirst::study {

/// What in a record cannot be of this arm's trial, or contradicts itself: its file was damaged or
/// changed, and the trial is to be trained again. nullopt where all is well.
std::optional<std::string> contradiction_in(const record::TrialRecord& trial,
                                            const Experiment& experiment, const Arm& arm);

/// The trials of a folder that fit the experiment, and a message for each file that does not.
Trials load_trials(const record::RunFolder& folder, const Experiment& experiment,
                   std::vector<std::string>& damaged);

/// The arm of that name; of an order without a rate, where there are several, the arm at the rate
/// that its tuning in `folder` found best (empty: record::default_run_folder). Throws Error where
/// it is not known, with the remedy.
const Arm& arm_at_best_rate(const Experiment& experiment, const std::string& name,
                            const std::filesystem::path& folder);

/// Throws Error where it is no run.
record::RunDetails status_of_run(const std::filesystem::path& folder);

/// The runs that lie in `folder`, latest first. What is no run is passed over; Error where the
/// folder does not read.
std::vector<record::RunStatus> list_runs(const std::filesystem::path& folder);

}  // namespace whichfirst::study
