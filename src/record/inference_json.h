// What an order costs at inference, to and from JSON. Internal to record.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "record/inference_record.h"
#include "record/json_reader.h"

namespace whichfirst::record {

/// null where there is none.
nlohmann::ordered_json document(const std::optional<InferenceRecord>& record);
nlohmann::ordered_json document(const std::optional<InferenceTimings>& timings);
/// A list without the times, and the times alone, which stand under "timings".
nlohmann::ordered_json document(const std::vector<InferenceResult>& results);
nlohmann::ordered_json timings_document(const std::vector<InferenceResult>& results);

// All throw Error naming the place of what does not fit. Texts are such as may reach a terminal.

std::optional<InferenceRecord> inference_from(const JsonValue& json);
std::optional<InferenceTimings> inference_timings_from(const JsonValue& json);
/// The results and, one for each, their times.
std::vector<InferenceResult> inference_results_from(const JsonValue& results,
                                                    const JsonValue& timings);

}  // namespace whichfirst::record
