// What an order costs at inference, over its trials.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "record/inference_record.h"
#include "record/trial_record.h"

namespace whichfirst::study {

/// Of the trials that were folded, the others are passed over; nullopt where none was.
std::optional<record::InferenceResult> summarise_inference(
    std::string order, const std::vector<const record::TrialRecord*>& trials);

}  // namespace whichfirst::study
