// Networks with a name.
#pragma once

#include <array>
#include <span>
#include <string_view>
#include <utility>

namespace whichfirst::network {

/// Name and chain: the question that everybody argues about.
inline constexpr std::array<std::pair<std::string_view, std::string_view>, 2> kPlainOrders = {
    {{"bn-first", "conv bn relu"}, {"act-first", "conv relu bn"}}};
/// The residual unit as published first, and with its activations moved before the weights.
/// Source: He et al. 2015, arXiv:1512.03385; He et al. 2016, arXiv:1603.05027.
inline constexpr std::array<std::pair<std::string_view, std::string_view>, 2> kResidualOrders = {
    {{"post-act", "res(conv bn relu conv bn) relu"},
     {"pre-act", "res(bn relu conv bn relu conv)"}}};

struct Preset {
  std::string_view name;
  std::string_view body;   // in notation
  std::string_view about;  // one line for the help
  /// The orders that a study compares where it names none.
  std::array<std::pair<std::string_view, std::string_view>, 2> orders = kPlainOrders;
};

std::span<const Preset> presets();
const Preset* find_preset(std::string_view name);

}  // namespace whichfirst::network
