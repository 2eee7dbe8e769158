// What may be rewritten without a change: each rule with the strongest answer that it upholds.
//
// Numbers such as D7 count the exact relations of docs/orders.md, which derives each of them. The
// numbers of a rule are held against src/reference by src/lab and its tests.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "algebra/term.h"

namespace whichfirst::algebra {

/// From the strongest to the weakest; each implies those below it.
///
///   same_training        values and gradients are equal bit for bit, so that training is too
///   same_function        equal maps for the same parameters, in training and at inference;
///   gradients
///                        may be rounded otherwise, or routed otherwise between equal values
///   same_at_inference    equal maps for the same parameters and the same statistics of bn
///   same_function_class  at inference each map of one is a map of the other, with other parameters
///   different            none of this could be proved
enum class Answer {
  same_training,
  same_function,
  same_at_inference,
  same_function_class,
  different,
};

/// "same training", ..., "different".
constexpr std::string_view answer_words(Answer answer) {
  constexpr std::string_view kWords[] = {"same training", "same function", "same at inference",
                                         "same function class", "different"};
  return kWords[static_cast<std::size_t>(answer)];
}

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
