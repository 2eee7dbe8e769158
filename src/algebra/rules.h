// What may be rewritten without a change: each rule with the strongest answer that it upholds.
//
// Numbers such as D7 count the exact relations of docs/orders.md, which derives each of them. The
// numbers of a rule are held against src/reference by src/lab and its tests.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "algebra/answer.h"
#include "algebra/term.h"

namespace whichfirst::algebra {

struct Rule {
  std::string name;         // "relu and maxpool"
  std::string number = {};  // "D7"; empty where it needs none
  Answer upholds = Answer::same_training;
  std::string says;         // one plain sentence with its conditions
  std::string source = {};  // where it was published; empty where it is derived in docs/orders.md
  /// Rewrites at `place` and returns true, or returns false where it does not apply there. Every
  /// rule moves something to the right, takes something away or gives it another name for good, so
  /// that rewriting ends.
  std::function<bool(Terms&, std::size_t place)> rewrite;
};

/// What may be assumed of a bn's scales. Nothing: they may be negative, and max-pooling becomes
/// min-pooling then.
enum class Scales { any, positive };

/// The rules in the order of their answers, and of their use.
std::vector<Rule> make_rules(Scales scales);

/// Whether an activation never falls: it passes through a maximum.
bool is_monotone(const network::Activation& activation);
/// Whether f(k x) = k f(x) for all k > 0.
bool is_homogeneous(const network::Activation& activation);

}  // namespace whichfirst::algebra
