// The arithmetic of folding: weights take in a map by channel that stands before or behind them.
// In double, on plain arrays. Internal to fold.
#pragma once

#include <cstddef>
#include <vector>

#include "network/network.h"

namespace whichfirst::fold {

/// y = factor x + shift, by channel of a picture or by number of a vector.
struct Affine {
  std::vector<double> factor;
  std::vector<double> shift;
};

/// Of a convolution or a fully connected stage.
struct Weights {
  std::vector<double> weight;  // KCRS or KC
  std::vector<double> bias;    // K, or K x P x Q by output position; empty: none

  /// Whether the bias of `stage`, whose weights these are, is K x P x Q.
  bool is_by_position(const network::Stage& stage) const {
    return bias.size() > static_cast<std::size_t>(stage.output.channels);
  }
};

/// The map of a picture's channels as that of the flattened picture: each entry `pixels` times.
void repeat_each(std::size_t pixels, Affine& map);

/// The map of what the weights make: K entries.
void absorb_backward(const Affine& map, Weights& weights);

/// The map of what `stage`, whose weights these are, reads: C entries. Gives a convolution a bias
/// by position where the taps inside of the picture are not the same everywhere.
void absorb_forward(const Affine& map, const network::Stage& stage, Weights& weights);

}  // namespace whichfirst::fold
