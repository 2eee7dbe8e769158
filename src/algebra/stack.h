// Two orders outside of a study: a few units between a picture and a classifier.
#pragma once

#include "network/network.h"
#include "notation/sequence.h"

namespace whichfirst::algebra {

/// Classes of the classifier of a stack.
inline constexpr int kStackClasses = 10;
/// Numbers of a picture that a stack reads, at most.
inline constexpr std::int64_t kMaxStackInput = std::int64_t{1} << 24;

/// `order` `units` times, as wide as what it reads has channels, then `gap fc(10)`; on vectors with
/// fully connected weights and `fc(10)` alone. Throws Error naming the stage that cannot be built.
network::Network build_stack(const notation::Sequence& order, const Shape& input, int units);

/// The network's body in notation: "2*unit(3) gap fc(10)".
notation::Sequence stack_body(const notation::Sequence& order, const Shape& input, int units);

}  // namespace whichfirst::algebra
