// Which kernel computes an activation, and what its backward reads.
#pragma once

#include <optional>

#include "engine/compile/onednn.h"
#include "network/network.h"

namespace whichfirst::engine {

enum class BackwardReads { source, result };

struct ActivationKernel {
  /// oneDNN's functions for forward and backward; empty where the kernel is our own
  /// (elementwise.h).
  std::optional<Elementwise> primitive;
  std::optional<Elementwise> backward_primitive;
  BackwardReads backward_reads = BackwardReads::source;
};

ActivationKernel kernel_of(const network::Activation& activation);

}  // namespace whichfirst::engine
