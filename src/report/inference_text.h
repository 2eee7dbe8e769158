// What an order costs after training, for a person: as trained, and with its bn folded away.
#pragma once

#include <string>
#include <vector>

#include "record/verdict_record.h"
#include "report/table.h"

namespace whichfirst::report {

/// "Inference on one core: as trained -> with bn folded into the weights".
extern const char* const kInferenceTitle;

/// One row an order: bn folded, time of a picture, pictures a second, memory, the largest
/// difference of a logit; "-" where missing. Without rows where nothing was folded.
Table inference_table(const record::VerdictRecord& verdict);

/// A sentence for each order that needs a bias by position, and for each that keeps bn, with why.
std::vector<std::string> inference_remarks(const record::VerdictRecord& verdict);

/// Title, table and remarks for a terminal; empty where nothing was folded.
std::string inference_part(const record::VerdictRecord& verdict);

}  // namespace whichfirst::report
