// A network as terms in a row, on which rules work: stages, and marks where two ways part and meet.
//
// A stage reads the one before it; a rule that moves or removes neighbours is therefore right where
// no mark stands between them.
#pragma once

#include <string>
#include <vector>

#include "network/lookup.h"

namespace whichfirst::algebra {

/// fork: two or more stages read what stands before it. shortcut: what follows up to the `add`
/// reads what stands before the fork (a projection). add: the two ways meet.
enum class Mark { stage, fork, shortcut, add };

/// One stage of a network, and what rules have folded into it.
struct Term {
  Mark mark = Mark::stage;
  network::Operation operation = network::Add{};  // Add of marks
  int stage = -1;                                 // its place in Network::stages; -1 of marks
  int channels = 0;                               // that it makes
  std::string text;  // in notation, without the bias of weights; compared

  // Of weights:
  bool has_bias = false;   // adds a free number to each channel it makes; compared. Where the stage
                           // has a bias and the term has not, what reads it takes it over.
  bool is_masked = false;  // dropout behind them was taken away: in training it masks a bias too
  std::vector<int> before;  // stages: normalisers that these weights take over from before them,
  std::vector<int> after;   // and from behind them, in the order in which they run

  bool is_weights() const { return network::is<network::Conv, network::FullyConnected>(operation); }
  /// Whether weights look beyond the edge of the picture.
  bool pads() const {
    const auto* conv = network::as<network::Conv>(operation);
    return conv != nullptr && conv->padding > 0;
  }

  /// Whether two terms compute alike; which stages they come from does not count.
  bool operator==(const Term& other) const {
    return mark == other.mark && text == other.text && has_bias == other.has_bias;
  }
};

using Terms = std::vector<Term>;

Terms terms_of(const network::Network& network);

/// In notation, with "[" and "]" around a residual's sequence: "conv(3, bias=on) relu gap".
std::string print_terms(const Terms& terms);

}  // namespace whichfirst::algebra
