// Numbers that follow from where a network's bn, activations and dropout stand: material of the
// ledger (algebra/ledger.h).
#pragma once

#include <cstdint>
#include <optional>

#include "network/network.h"

namespace whichfirst::algebra {

/// Some of several.
struct Count {
  int some = 0;
  int all = 0;
};

/// Activations of which some trained number shifts what they read (a bias, or an offset of a
/// normaliser, with pools and dropout between): without it they bend at a fixed place (D8, D19).
Count count_thresholds(const network::Network& network);

/// What becomes of the bn's at inference (D9).
struct Folding {
  int into_weights_before = 0;  // exact for any padding
  int into_weights_behind = 0;  // exact: those do not pad
  int with_border_bias = 0;     // those pad: exact with a bias by position
  int behind_max_pool = 0;      // a max-pool stands between: while no scale is negative
  int not_foldable = 0;         // an activation or a residual on either side
  /// The largest share, in [0, 1], of the outputs of such padded weights whose window leaves the
  /// picture.
  double border_share = 0;
};
Folding fold_normalisers(const network::Network& network);

/// Share of a convolution's outputs, in [0, 1], whose window reaches beyond the picture `input`.
double border_share(const network::Conv& conv, const Shape& input, const Shape& output);

/// Trained numbers that could go without a map being lost: biases in front of bn or in (D8), scales
/// of bn's in front of relu or leaky whose reader has weights, up to their sign; scale and offset
/// of bn's whose reader has weights, does not pad, and has a bias or a mean subtracted behind it;
/// the scale alone of others (D19).
std::int64_t count_redundant_numbers(const network::Network& network);

/// Stages with weights whose scale, with their bias's, the loss ignores up to eps, because a bn
/// undoes it (D11).
Count count_scale_invariant(const network::Network& network);

/// For the first bn behind dropout, with weights or nothing between: the variance it learns in
/// training over the one it meets at inference, expected at the start (D13): 1 / (1 - rate) at
/// least, more where dropout reads bn relu (mean square / variance = 1.4669). Nothing where dropout
/// stands in front of no bn.
struct VarianceShift {
  double ratio = 1;
  bool is_least = false;  // the ratio is a lower end
};
std::optional<VarianceShift> largest_variance_shift(const network::Network& network);

}  // namespace whichfirst::algebra
