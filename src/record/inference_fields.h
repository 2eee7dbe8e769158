// What an order costs at inference, as lists of fields. Internal to record.
#pragma once

#include "json/fields.h"
#include "record/inference_record.h"

namespace whichfirst::record {

extern const json::Fields<InferenceRecord> kInferenceFields;
extern const json::Fields<InferenceTimings> kInferenceTimings;
/// Without `timings`, which stand under the verdict's "timings".
extern const json::Fields<InferenceResult> kInferenceResult;

}  // namespace whichfirst::record
