// How far runs are, for a terminal.
#pragma once

#include <string>
#include <vector>

#include "record/run_status.h"

namespace whichfirst::report {

/// A line for each run; says where `folder` holds none.
std::string print_runs(const std::vector<record::RunStatus>& runs, const std::string& folder);

std::string print_status(const record::RunDetails& details);

}  // namespace whichfirst::report
