#include "network/match.h"

#include <algorithm>

namespace whichfirst::network {
namespace {

using notation::Item;
using notation::Sequence;

bool is_weight(const notation::Stage& stage) {
  return std::holds_alternative<notation::Conv>(stage) ||
         std::holds_alternative<notation::FullyConnected>(stage);
}

/// Repetitions written out at the top level, so that an order can be cut anywhere.
Sequence unrolled(const Sequence& sequence) {
  Sequence result;
  for (const Item& item : sequence.items) {
    if (const auto* repeat = std::get_if<notation::Repeat>(&item.stage)) {
      const Sequence body = unrolled(repeat->body);
      for (int i = 0; i < repeat->times; ++i) {
        result.items.insert(result.items.end(), body.items.begin(), body.items.end());
      }
    } else {
      result.items.push_back(item);
    }
  }
  return result;
}

bool normalises(const notation::Stage& stage) {
  return std::holds_alternative<notation::BatchNorm>(stage) ||
         std::holds_alternative<notation::GroupNorm>(stage);
}

/// Whether what leaves a unit was normalised last, by the order's own last stage; where a unit
/// pools does not matter.
bool ends_normalised(const Sequence& order) {
  for (auto item = order.items.rbegin(); item != order.items.rend(); ++item) {
    if (!std::holds_alternative<notation::PoolPlace>(item->stage)) return normalises(item->stage);
  }
  return false;
}

bool holds_unit(const Item& item) {
  if (const auto* repeat = std::get_if<notation::Repeat>(&item.stage)) {
    return std::any_of(repeat->body.items.begin(), repeat->body.items.end(), holds_unit);
  }
  if (const auto* residual = std::get_if<notation::Residual>(&item.stage)) {
    return std::any_of(residual->body.items.begin(), residual->body.items.end(), holds_unit);
  }
  return std::holds_alternative<notation::Unit>(item.stage);
}

/// The body with a bn behind its last unit.
Sequence with_final_norm(Sequence body) {
  const auto last = std::find_if(body.items.rbegin(), body.items.rend(), holds_unit);
  if (last != body.items.rend()) body.items.insert(last.base(), Item{notation::BatchNorm{}, 0});
  return body;
}

void match_ends(std::vector<Blueprint>& blueprints) {
  bool any_ends_normalised = false;
  for (Blueprint& blueprint : blueprints) {
    blueprint.order = begin_with_weights(complete_order(blueprint.order));
    any_ends_normalised |= ends_normalised(blueprint.order);
  }
  if (!any_ends_normalised) return;
  for (Blueprint& blueprint : blueprints) {
    if (!ends_normalised(blueprint.order)) blueprint.body = with_final_norm(blueprint.body);
  }
}

/// For each stage that `counts`, whether it has a parameter of this kind.
template <class Counts>
std::vector<bool> having(const Network& network, Counts counts, ParameterKind kind) {
  std::vector<bool> result;
  for (const Stage& stage : network.stages) {
    if (!counts(stage)) continue;
    result.push_back(std::any_of(stage.parameters.begin(), stage.parameters.end(), [&](int index) {
      return network.parameters[static_cast<std::size_t>(index)].kind == kind;
    }));
  }
  return result;
}

std::vector<bool> either(std::vector<bool> a, const std::vector<bool>& b) {
  if (a.size() < b.size()) a.resize(b.size());
  for (std::size_t i = 0; i < b.size(); ++i) a[i] = a[i] || b[i];
  return a;
}

bool is_counted_weight(const Stage& stage) {
  return has_weights(stage) && stage.role && stage.role->kind != RoleKind::projection;
}

}  // namespace

Sequence begin_with_weights(const Sequence& order) {
  Sequence result = unrolled(order);
  const auto first = std::find_if(result.items.begin(), result.items.end(), [](const Item& item) {
    return is_weight(item.stage) || std::holds_alternative<notation::Residual>(item.stage);
  });
  if (first != result.items.end()) std::rotate(result.items.begin(), first, result.items.end());
  return result;
}

std::vector<Network> build_matched(std::vector<Blueprint> blueprints, const Match& match) {
  if (match.ends) match_ends(blueprints);
  std::vector<Network> networks;
  for (const Blueprint& blueprint : blueprints) networks.push_back(build(blueprint));
  if (!match.bias && !match.affine) return networks;

  std::vector<bool> biased;
  std::vector<bool> affine;
  for (const Network& network : networks) {
    biased = either(std::move(biased), having(network, is_counted_weight, ParameterKind::bias));
    affine = either(std::move(affine), having(network, is_normaliser, ParameterKind::scale));
  }
  networks.clear();
  for (Blueprint& blueprint : blueprints) {
    if (match.bias) blueprint.biased_weights = biased;
    if (match.affine) blueprint.affine_norms = affine;
    networks.push_back(build(blueprint));
  }
  return networks;
}

}  // namespace whichfirst::network
