// Taps to and from JSON. Internal to record.
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "record/json_reader.h"
#include "record/tap_record.h"

namespace whichfirst::record {

nlohmann::ordered_json document(const std::vector<EpochTaps>& taps);

/// Throws Error naming the place of what does not fit.
std::vector<EpochTaps> taps_from(const JsonValue& json);

/// count, mean, sd, ...; null for numbers that do not exist.
nlohmann::ordered_json document(const measure::Moments& moments);
measure::Moments moments_from(const JsonValue& json);

/// {"first": bin, "counts": [...]}: from the first bin that holds something to the last.
nlohmann::ordered_json document(const measure::FloatHistogram& histogram);
measure::FloatHistogram histogram_from(const JsonValue& json);

}  // namespace whichfirst::record
