// The end of a comparison as text for a terminal or a log.
#pragma once

#include <string>

#include "record/verdict_record.h"

namespace whichfirst::report {

/// Table of the orders, table of the pairs (every seed is on the page), what else differs or which
/// pairs of a table were left out, and the verdicts in plain sentences.
std::string print_verdict(const record::VerdictRecord& verdict);

}  // namespace whichfirst::report
