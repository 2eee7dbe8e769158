#include "algebra/relation.h"

#include <algorithm>

#include "base/error.h"

namespace whichfirst::algebra {
namespace {

using network::Activation;
using network::AveragePool;
using network::BatchNorm;
using network::is;
using network::MaxPool;

/// Applies one rule wherever it applies, and returns how often it did.
int exhaust(const Rule& rule, Terms& terms) {
  int uses = 0;
  for (std::size_t i = 0; i < terms.size();) {
    if (rule.rewrite(terms, i)) {
      ++uses;
      if (i > 0) --i;  // what stands before may have got a new neighbour
    } else {
      ++i;
    }
  }
  return uses;
}

/// Rewrites by the rules that uphold `answer`; returns how often each was used.
std::vector<int> reduce(Terms& terms, const std::vector<Rule>& rules, Answer answer) {
  std::vector<int> uses(rules.size());
  const std::size_t most_rounds = rules.size() * (terms.size() * terms.size() + 2);
  for (std::size_t round = 0, r = 0; r < rules.size(); ++round) {
    check(round < most_rounds, "rewriting ends");
    const int used = rules[r].upholds <= answer ? exhaust(rules[r], terms) : 0;
    uses[r] += used;
    r = used > 0 && r > 0 ? 0 : r + 1;
  }
  return uses;
}

bool are_alike(Terms a, Terms b, const std::vector<Rule>& rules, Answer answer) {
  reduce(a, rules, answer);
  reduce(b, rules, answer);
  return a == b;
}

/// Whether a normaliser reads what `place` makes, pools between them or not.
bool is_normalised(const Terms& terms, std::size_t place) {
  std::size_t i = place + 1;
  while (i < terms.size() && is<MaxPool, AveragePool>(terms[i])) ++i;
  return i < terms.size() && is<BatchNorm, network::GroupNorm>(terms[i]);
}

/// What keeps the two from being alike after all rules: from what is left, pair by pair.
std::vector<Reason> find_obstacles(const Terms& a, const Terms& b) {
  std::vector<Reason> obstacles;
  const auto add = [&](const char* number, const char* says) {
    const bool is_known = std::any_of(obstacles.begin(), obstacles.end(),
                                      [&](const Reason& other) { return other.says == says; });
    if (is_known) return;
    obstacles.push_back(
        {.rule = {}, .number = number, .upholds = Answer::different, .says = says, .source = {}});
  };
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    if (a[i].text != b[i].text || a[i].has_bias == b[i].has_bias) continue;
    if (!is_normalised(a[i].has_bias ? b : a, i)) {
      add("D8", "only one of the two has a bias as a trained threshold");
    } else if (a[i].is_masked || b[i].is_masked) {
      add("D8", "a bias that dropout masks before a normaliser is not a constant");
    }
  }
  for (const Terms* terms : {&a, &b}) {
    for (std::size_t i = 0; i + 1 < terms->size(); ++i) {
      const Term& term = (*terms)[i];
      const Term& next = (*terms)[i + 1];
      if (is<BatchNorm>(term) && next.is_weights() && next.pads()) {
        add("D10",
            "weights that pad read a bn: they see its offset inside the picture and 0 beyond its "
            "edge, which their bias cannot make up for; only inside can the two be made equal");
      }
      if (is<BatchNorm>(term) && next.is_weights() && !next.pads() && !next.has_bias &&
          !is_normalised(*terms, i + 1)) {
        add("D2", "weights without a bias after bn: they have nothing to absorb its offset");
      }
      if (is<MaxPool>(term) && is<BatchNorm>(next)) {
        add("D7", "a negative scale of a bn after a max-pool turns it into a min-pool");
      }
      const auto* activation = network::as<Activation>(term);
      if (activation != nullptr && !is_monotone(*activation) && is<MaxPool>(next)) {
        add("D7",
            "the activation decreases somewhere, so the largest number need not remain the "
            "largest");
      }
      if (is<BatchNorm>(term) && !network::as<BatchNorm>(term)->affine && is<Activation>(next)) {
        add("D19",
            "bn without affine sets mean and deviation of what the activation reads: no threshold "
            "is trained there");
      }
    }
  }
  return obstacles;
}

}  // namespace

Relation relate(const network::Network& a, const network::Network& b,
                const std::vector<Rule>& rules) {
  const Terms start_a = terms_of(a);
  const Terms start_b = terms_of(b);
  for (int level = 0;; ++level) {
    const auto answer = static_cast<Answer>(level);
    Relation relation{.answer = answer, .reasons = {}, .a = start_a, .b = start_b};
    const std::vector<int> uses_a = reduce(relation.a, rules, answer);
    const std::vector<int> uses_b = reduce(relation.b, rules, answer);
    if (answer != Answer::different && relation.a != relation.b) continue;
    if (answer == Answer::different) {
      relation.reasons = find_obstacles(relation.a, relation.b);
      return relation;
    }
    std::vector<Rule> needed;
    for (std::size_t r = 0; r < rules.size(); ++r) {
      if (uses_a[r] + uses_b[r] > 0) needed.push_back(rules[r]);
    }
    for (std::size_t r = needed.size(); r-- > 0;) {  // without the ones that are not needed
      std::vector<Rule> fewer = needed;
      fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(r));
      if (are_alike(start_a, start_b, fewer, answer)) needed = std::move(fewer);
    }
    for (const Rule& rule : needed) {
      relation.reasons.push_back({.rule = rule.name,
                                  .number = rule.number,
                                  .upholds = rule.upholds,
                                  .says = rule.says,
                                  .source = rule.source});
    }
    return relation;
  }
}

}  // namespace whichfirst::algebra
