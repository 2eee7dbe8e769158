// How the lab writes a number, on its page and in a terminal.
#pragma once

#include <optional>
#include <string>

namespace whichfirst::report {

/// Four digits; what rounding leaves of a mean after bn is "0", a missing number "-".
std::string lab_number(const std::optional<double>& value);

/// A share in [0, 1] as "44.44 %", a missing one as "-".
std::string lab_percent(const std::optional<double>& share);

}  // namespace whichfirst::report
