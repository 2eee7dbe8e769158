#include "network/preset.h"

namespace whichfirst::network {
namespace {

constexpr std::array kPresets = {
    Preset{"article-15",
           "2*unit(16) unit(16, pool=2) 3*unit(32) unit(32, pool=2) 3*unit(64) unit(64, pool=2) "
           "4*unit(64) gap fc(classes)",
           "the plain network of 15 convolutions from the article that started this project"},
    Preset{"lenet",
           "unit(6, pool=2, k=5, p=2) unit(16, pool=2, k=5, p=0) flatten unit(120, weight=fc) "
           "unit(84, weight=fc) fc(classes)",
           "LeNet-5's widths: two 5x5 convolutions that pool, three fully connected layers"},
    Preset{"vgg-small",
           "unit(32) unit(32, pool=2) unit(64) unit(64, pool=2) unit(128) unit(128, pool=2) "
           "flatten unit(128, weight=fc) fc(classes)",
           "three blocks of two 3x3 convolutions, then one hidden layer"},
    Preset{"resnet-20",
           "conv(16) 3*unit(16) unit(32, s=2) 2*unit(32) unit(64, s=2) 2*unit(64) bn relu gap "
           "fc(classes)",
           "the residual network of 20 layers for small pictures; its orders are residual units",
           kResidualOrders},
    Preset{"resnet-110",
           "conv(16) 18*unit(16) unit(32, s=2) 17*unit(32) unit(64, s=2) 17*unit(64) bn relu gap "
           "fc(classes)",
           "the same with 54 units: deep enough for the place of bn to decide", kResidualOrders},
    Preset{"wrn-16-4",
           "conv(16) 2*unit(64) unit(128, s=2) unit(128) unit(256, s=2) unit(256) bn relu gap "
           "fc(classes)",
           "the wide residual network of 16 layers, four times as wide", kResidualOrders},
    Preset{"mlp-3", "flatten 3*unit(256, weight=fc) fc(classes)",
           "three hidden layers of 256 on the picture's pixels"},
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
