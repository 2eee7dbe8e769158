// Taps as lists of fields. Internal to record.
#pragma once

#include "json/fields.h"
#include "record/tap_record.h"

namespace whichfirst::record {

extern const json::Fields<EpochTaps> kEpochTaps;
/// Numbers that do not exist (no values, no spread) are null, and 0 when they are read.
extern const json::Fields<measure::Moments> kMoments;

/// {"first": bin, "counts": [...]}: from the first bin that holds something to the last.
struct HistogramForm {
  static void write(const measure::FloatHistogram& histogram, json::Writer& writer);
  static measure::FloatHistogram read(const json::Value& value);
  static std::string type() { return "object"; }
};

}  // namespace whichfirst::record
