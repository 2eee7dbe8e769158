// What is known about two orders beside the answer: the cycle they are cut from, and exact
// relations that tell how they differ.
#pragma once

#include <string>
#include <vector>

#include "notation/sequence.h"

namespace whichfirst::algebra {

/// One relation of docs/orders.md that bears on the two orders.
struct Note {
  std::string number;       // "D1"
  std::string says;         // one or two plain sentences
  std::string source = {};  // where it was published; empty where it is derived in docs/orders.md
};

/// A plain stack of one order is a cycle that is cut somewhere: `conv bn relu`, `bn relu conv` and
/// `relu conv bn` differ at the ends of the network alone. The order, cut before its first weights.
std::string cycle_of(const notation::Sequence& order);

/// Whether two orders are one cycle, cut at different places or at the same.
bool is_same_cycle(const notation::Sequence& a, const notation::Sequence& b);

/// Empty where the orders are alike.
std::vector<Note> find_notes(const notation::Sequence& a, const notation::Sequence& b);

}  // namespace whichfirst::algebra
