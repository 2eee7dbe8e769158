// What a trained network becomes for inference: without the bn that neighbouring weights absorb.
//
// In evaluation a bn is y = a x + b for each channel, a = scale / sqrt(running variance + eps),
// b = offset - a running mean. Backward, into the weights W, c whose output it reads: a W, a c + b;
// exact for any padding. Forward, into the weights that read it: W a, c + W b, where only the taps
// inside of the picture count: with zero padding that bias differs by output position.
// Derived as D9, D10 and D18 in docs/orders.md.
#pragma once

#include <vector>

#include "fold/bn_fate.h"
#include "network/network.h"

namespace whichfirst::fold {

struct Folded {
  /// Stages and parameters as of network::build, with the paths that they had; a convolution may
  /// have Conv::has_bias_map. For inference only.
  network::Network network;
  network::Values values;
  std::vector<BnFate> fates;  ///< one a bn, in the order of the network
};

/// The network, which computes the same in evaluation, with every bn folded that can be: backward
/// where possible, else forward, through stages that commute with it (dropout, average pools, gap,
/// flatten forward, max-pools where no scale of it is negative) and have one reader. Computes in
/// double and rounds once. `values` holds one array for each of network.parameters.
Folded fold(const network::Network& network, const network::Values& values);

}  // namespace whichfirst::fold
