// Sequence -> text, in the one canonical form: parse(print(s)) == s.
#pragma once

#include <string>

#include "notation/sequence.h"

namespace whichfirst::notation {

/// Options that have their default value are left out; stages are separated by one space.
std::string print(const Sequence& sequence);
std::string print(const Stage& stage);

/// The stage's word without options: "conv", "bn", ...; "*" for a repetition.
std::string_view word(const Stage& stage);

}  // namespace whichfirst::notation
