// How two networks are related: rewrites both by the rules until they are alike, if they ever are.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "algebra/rules.h"
#include "algebra/term.h"
#include "base/shape.h"
#include "network/network.h"

namespace whichfirst::algebra {

struct Reason {
  std::string rule;    // its name; empty of what stands in the way
  std::string number;  // "D7", or empty
  Answer upholds = Answer::same_training;
  std::string says;
  std::string source;  // or empty
};

/// A case in which two numbers differ that were compared.
struct DifferingCase {
  int number = 0;  // of the case, from 0: with the seed it can be made again
  Shape input;
  int images = 0;
  std::string what;  // "logits in training", "output of the last unit at inference"
  double a = 0;
  double b = 0;
};

struct RelationCheck {
  int cases = 0;  // in which something was compared; 0 where no network is small enough
  /// Over all numbers that the answer says are equal: of |a - b| / max(1, largest |a|).
  double largest_difference = 0;
  /// The answer is wrong here. Of `different`: outputs never differed, and `what` says so.
  std::optional<DifferingCase> contradiction;
  /// Of answers below `same function`: with the same parameters, those of a normaliser that one
  /// alone has at scale 1 and offset 0, logits or units' outputs differ here, in training first.
  std::optional<DifferingCase> witness;
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
  RelationCheck check = {};  ///< lab::check_relation
};

Relation relate(const network::Network& a, const network::Network& b,
                const std::vector<Rule>& rules);

/// One array for each of Network::parameters, in those layouts.
using Arrays = std::vector<std::vector<double>>;

/// Two networks that a relation made alike.
struct Ways {
  const network::Network& from;
  const Terms& from_terms;
  const network::Network& to;
  const Terms& to_terms;
};

/// Parameters and running statistics of `to` with which it makes, at inference, the logits that
/// `from` makes with `values`; in training too where both terms are stages as they stand. `start`
/// gives the numbers of `to` that do not matter or are not free: biases that a normaliser
/// subtracts, statistics without affine. Folds `values` by D9 (docs/orders.md), then solves for
/// `to` with its free bn at scale 1 and offset 0.
Arrays transfer(const Ways& ways, const Arrays& values, Arrays start);

}  // namespace whichfirst::algebra
