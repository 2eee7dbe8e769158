// What a run folder holds.
#pragma once

#include <optional>
#include <string>

#include "study/plan.h"

namespace whichfirst::study {

/// What in a record cannot be of this arm's trial, or contradicts itself: its file was damaged or
/// changed, and the trial is to be trained again. nullopt where all is well.
std::optional<std::string> contradiction_in(const record::TrialRecord& trial,
                                            const Experiment& experiment, const Arm& arm);

}  // namespace whichfirst::study
