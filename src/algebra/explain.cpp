#include "algebra/explain.h"

#include <fmt/format.h>

#include "base/error.h"
#include "notation/print.h"

namespace whichfirst::algebra {
namespace {

using notation::Sequence;

struct Stacks {
  network::Network a;
  network::Network b;
};

network::Network build_named(const Sequence& order, const Shape& input, int units) {
  try {
    return build_stack(order, input, units);
  } catch (const Error& error) {
    const std::string read = input.is_vector ? fmt::format("vectors of {}", input.channels)
                                             : fmt::format("pictures of {}x{}x{}", input.channels,
                                                           input.height, input.width);
    std::string text = notation::print(order);
    constexpr std::size_t kLongest = 80;
    if (text.size() > kLongest) text = text.substr(0, kLongest) + "...";
    throw Error("order '{}' on {}: {}", text, read, error.what());
  }
}

StackRelation relate_stacks(const Stacks& stacks, std::string network, int units) {
  StackRelation result{.units = units,
                       .network = std::move(network),
                       .relation = relate(stacks.a, stacks.b, make_rules(Scales::any)),
                       .with_positive_scales = {}};
  Relation positive = relate(stacks.a, stacks.b, make_rules(Scales::positive));
  if (positive.answer < result.relation.answer) result.with_positive_scales = std::move(positive);
  return result;
}

}  // namespace

Explanation explain(const Sequence& a, const Sequence& b, const Shape& input) {
  const auto build = [&](int units) {
    return Stacks{build_named(a, input, units), build_named(b, input, units)};
  };
  const auto network_of = [&](int units) { return notation::print(stack_body(a, input, units)); };
  const Stacks one = build(1);
  Explanation result{.order_a = notation::print(network::complete_order(a)),
                     .order_b = notation::print(network::complete_order(b)),
                     .input = input,
                     .unit = relate_stacks(one, network_of(1), 1),
                     .stack = {},
                     .cycle_a = cycle_of(a),
                     .cycle_b = cycle_of(b),
                     .is_same_cycle = is_same_cycle(a, b),
                     .notes = find_notes(a, b),
                     .ledger = {}};
  try {
    const Stacks two = build(2);
    result.stack = relate_stacks(two, network_of(2), 2);
    result.ledger = compare_networks({two.a, two.b});
  } catch (const Error&) {  // one unit leaves too little for a second, or a vector
    result.ledger = compare_networks({one.a, one.b});
  }
  return result;
}

}  // namespace whichfirst::algebra
