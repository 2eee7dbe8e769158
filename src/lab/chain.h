// An order alone, without network and classifier: its stages built and run on values in double
// precision.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "network/network.h"
#include "notation/sequence.h"
#include "reference/pass.h"

namespace whichfirst::lab {

/// What running stages once takes. Counted as doubles, which no absurd order overflows.
struct Work {
  double numbers = 0;  ///< that the stages make, their parameters included
  double flops = 0;    ///< multiplications and additions
};

/// What the stages' parameters are. Lists hold one number for all channels, or one for each.
struct ChainParameters {
  std::uint64_t seed = 0;      ///< of weights and dropout
  std::vector<double> scale;   ///< of every normaliser; empty: 1
  std::vector<double> offset;  ///< likewise; empty: 0
  std::optional<double> eps;   ///< of every normaliser, instead of its own; above 0
  /// Where either is given, bn normalises by these instead of the batch's own and drop drops
  /// nothing, as a trained network at test time. Empty: 0 and 1.
  std::vector<double> given_mean;
  std::vector<double> given_variance;

  bool has_given_statistics() const { return !given_mean.empty() || !given_variance.empty(); }
};

struct Chain {
  network::Network network;       ///< `classes` means nothing here
  reference::Arrays values = {};  ///< of its parameters
  reference::Mode mode = reference::Mode::training;
  network::DropoutStep step;
};

/// The stages of a parsed order for `images`, of which count and shape are read: a conv keeps the
/// number of channels, `pool` is maxpool(2). Throws Error naming the stage that cannot be built.
network::Network build_stages(const notation::Sequence& order, const reference::Tensor& images,
                              const ChainParameters& parameters);

Work work_of(const network::Network& network, int images);

/// build_stages() with parameters. Throws Error as it does, and for a list that has another number
/// of entries than a normaliser has channels.
Chain build_chain(const notation::Sequence& order, const reference::Tensor& images,
                  const ChainParameters& parameters);

/// Throws Error where a bn has a single value a channel.
reference::ForwardPass run_chain(const Chain& chain, const reference::Tensor& images);

}  // namespace whichfirst::lab
