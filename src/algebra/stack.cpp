#include "algebra/explain.h"
#include "network/expand.h"

namespace whichfirst::algebra {

notation::Sequence stack_body(const notation::Sequence& order, const Shape& input, int units) {
  const notation::Unit unit{
      .width = input.channels,
      .pool = {},
      .kernel = {},
      .padding = {},
      .weight = input.is_vector ? notation::WeightKind::fc : notation::WeightKind::conv};
  notation::Sequence body;
  for (int i = 0; i < units; ++i) body.items.push_back({unit});
  if (!network::makes_vectors(order, input)) body.items.push_back({notation::GlobalAveragePool{}});
  body.items.push_back({notation::FullyConnected{.features = kStackClasses}});
  return body;
}

network::Network build_stack(const notation::Sequence& order, const Shape& input, int units) {
  return network::build({.body = stack_body(order, input, units),
                         .order = order,
                         .input = input,
                         .classes = kStackClasses});
}

}  // namespace whichfirst::algebra
