// The version that every record carries.
#pragma once

#include <string_view>

namespace whichfirst::record {

/// The program's version, as in CMakeLists.txt.
inline constexpr std::string_view kProgramVersion = "0.1.0";

/// The form of trial and verdict files. It grows when a field changes its meaning; files of another
/// form are refused.
inline constexpr int kFormatVersion = 1;

}  // namespace whichfirst::record
