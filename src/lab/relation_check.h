// Holds what algebra says of two orders against numbers: random small networks in double precision.
//
// Values of both signs, equal pixels, padded borders, odd sizes; an answer that the numbers do not
// bear out is contradicted, with the case in which it fails.
#pragma once

#include <cstdint>
#include <vector>

#include "algebra/explain.h"
#include "base/shape.h"
#include "notation/sequence.h"

namespace whichfirst::lab {

struct CheckedOrders {
  notation::Sequence a;
  notation::Sequence b;
  Shape input;    // whether the orders read pictures or vectors, and a size that fits
  int units = 1;  // of the stack (algebra::build_stack)
};

struct CheckOptions {
  int cases = 1000;
  std::uint64_t seed = 1;
  algebra::Scales scales = algebra::Scales::any;  // of bn; the rules' own assumption
  /// Operations after which no further case is begun.
  double most_flops = 4e9;
};

using algebra::DifferingCase;
using algebra::RelationCheck;

/// Checks `answer`, which `rules` give for the two orders:
///   same_training        logits, loss, running statistics, gradients equal bit for bit
///   same_function        the same within rounding; gradients where no two pixels are equal
///   same_at_inference    logits at inference
///   same_function_class  logits at inference of the one, and of the other with the first one's
///                        parameters carried over (algebra::transfer), both ways
///   different            a witness is found
/// Throws Error where no small network of these orders can be built.
RelationCheck check_relation(const CheckedOrders& orders, algebra::Answer answer,
                             const std::vector<algebra::Rule>& rules, const CheckOptions& options);

/// Checks every answer that `explanation` gives for the orders `a` and `b`.
void check_explanation(const notation::Sequence& a, const notation::Sequence& b,
                       algebra::Explanation& explanation);

}  // namespace whichfirst::lab
