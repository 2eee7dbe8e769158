#include "network/preset.h"

#include <array>

namespace whichfirst::network {
namespace {

constexpr std::array kPresets = {
    Preset{"article-15",
           "2*unit(16) unit(16, pool=2) 3*unit(32) unit(32, pool=2) 3*unit(64) unit(64, pool=2) "
           "4*unit(64) gap fc(classes)",
           "the plain network of 15 convolutions from the article that started this project"},
};

}  // namespace

std::span<const Preset> presets() { return kPresets; }

const Preset* find_preset(std::string_view name) {
  for (const Preset& preset : kPresets) {
    if (preset.name == name) return &preset;
  }
  return nullptr;
}

}  // namespace whichfirst::network
