// What became of a bn when a network was folded.
#pragma once

#include <string>
#include <string_view>

namespace whichfirst::fold {

enum class Fate {
  backward,  // into the weights before it
  forward,   // into the weights after it
  kept,
};

/// The word as people read it.
std::string_view name(Fate fate);

/// What became of one bn.
struct BnFate {
  std::string stage;  ///< its path
  Fate fate = Fate::kept;
  std::string into = {};        ///< path of the weights that absorbed it; empty where kept
  bool needs_bias_map = false;  ///< forward into padding: the bias there differs by position
  std::string reason = {};      ///< of a kept one: "it reads a sum, and relu reads it"
  bool operator==(const BnFate&) const = default;
};

}  // namespace whichfirst::fold
