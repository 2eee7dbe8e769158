// Networks with a name.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace whichfirst::network {

struct Preset {
  std::string_view name;
  std::string_view body;   // in notation
  std::string_view about;  // one line for the help
};

std::span<const Preset> presets();
const Preset* find_preset(std::string_view name);

}  // namespace whichfirst::network
