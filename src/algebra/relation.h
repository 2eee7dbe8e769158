// How two networks are related: rewrites both by the rules until they are alike, if they ever are.
#pragma once

#include <string>
#include <vector>

#include "algebra/answer.h"
#include "algebra/rules.h"
#include "algebra/term.h"
#include "network/network.h"

namespace whichfirst::algebra {

struct Reason {
  std::string rule;    // its name; empty of what stands in the way
  std::string number;  // "D7", or empty
  Answer upholds = Answer::same_training;
  std::string says;
  std::string source;  // or empty
};

/// The strongest answer for which the rules suffice.
struct Relation {
  Answer answer = Answer::different;
  /// The rules that were needed, in the order of their answers; of `different`: what stands in the
  /// way, as far as it is known.
  std::vector<Reason> reasons;
  /// What each network becomes: alike, unless the answer is `different`.
  Terms a;
  Terms b;
};

Relation relate(const network::Network& a, const network::Network& b,
                const std::vector<Rule>& rules);

}  // namespace whichfirst::algebra
