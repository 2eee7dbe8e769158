// Orders that differ in their order alone: takes away what else differs between them.
//
// Published comparisons of orders differ in biases, in scale and offset, and in what stands at the
// network's ends; docs/notation.md ("match") says what each word does.
#pragma once

#include <vector>

#include "network/network.h"

namespace whichfirst::network {

/// bias: the n-th convolution (or fc) of a unit has a bias where that of any order has it.
/// affine: likewise scale and offset of its n-th normaliser.
/// ends: every order begins with its first weight stage (what stands before it, outside of a
/// residual with weights, moves to the order's end: the same cycle, cut elsewhere), so that the
/// first weights read the picture in all; and where some orders end with a normaliser, the others
/// get a bn behind the last unit, so that the head reads normalised values in all - unless the body
/// normalises there anyway, or the last unit stands in a residual of the body, whose sum the head
/// reads in all.
struct Match {
  bool bias = false;
  bool affine = false;
  bool ends = false;
  bool operator==(const Match&) const = default;
};

/// The networks of `blueprints`, which differ in their orders, matched. Throws as build() does;
/// `place` of what is thrown is lost, so build() each alone first to name the order at fault.
std::vector<Network> build_matched(std::vector<Blueprint> blueprints, const Match& match);

/// The order that `ends` makes of a complete one: with its first weight stage in front.
notation::Sequence begin_with_weights(const notation::Sequence& order);

}  // namespace whichfirst::network
