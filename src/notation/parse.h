// Text -> sequence. docs/notation.md is the grammar for people.
//
//   sequence  = { item [ separator ] }
//   item      = stage | count "*" item | count "*" "(" sequence ")" | "res" "(" sequence ")"
//   separator = "," | "-" | "->"
//   stage     = word [ "(" [ argument { "," argument } ] ")" ]
//   argument  = value | word "=" value
#pragma once

#include <string_view>

#include "notation/sequence.h"
#include "notation/syntax.h"

namespace whichfirst::notation {

/// The sequence that `text` describes. Throws SyntaxError.
Sequence parse(std::string_view text, Context context);

}  // namespace whichfirst::notation
