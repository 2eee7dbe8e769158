// The words of the notation: which stage a word and its options make.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "notation/arguments.h"
#include "notation/sequence.h"
#include "notation/syntax.h"

namespace whichfirst::notation {

/// A word where it stands.
struct PlacedWord {
  std::string_view text;  // the whole text
  std::string_view word;
  std::size_t offset = 0;
};

/// The stage. Throws SyntaxError: an unknown word with a suggestion, a word that may not stand in
/// this context, options that the stage has not.
Stage make_stage(const PlacedWord& place, Context context, std::vector<Argument> arguments);

/// The letters of a word such as `cbrp`, as the words they stand for (conv, bn, relu, maxpool);
/// empty where the word is none of this dialect.
std::vector<std::string_view> spell_out(std::string_view word);

/// The word of an activation.
std::string_view activation_word(ActivationKind kind);
std::string_view group_word(GroupKind kind);

}  // namespace whichfirst::notation
