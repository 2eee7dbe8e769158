#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "network/expand.h"
#include "network/lookup.h"
#include "network/network.h"

namespace whichfirst::network {
namespace {

using notation::Item;
using notation::Sequence;

/// Whether an item is weights, or a residual or repetition that holds some.
bool holds_weight(const Item& item) {
  const Sequence alone{{item}};
  return contains<notation::Conv>(alone) || contains<notation::FullyConnected>(alone);
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

constexpr auto normalises = is<notation::BatchNorm, notation::GroupNorm>;

/// Whether what leaves a unit was normalised last, by the order's own last stage; where a unit
/// pools does not matter.
bool ends_normalised(const Sequence& order) {
  for (auto item = order.items.rbegin(); item != order.items.rend(); ++item) {
    if (!is<notation::PoolPlace>(item->stage)) return normalises(item->stage);
  }
  return false;
}

bool holds_unit(const Item& item) { return has_unit(Sequence{{item}}); }

/// The body with a bn behind its last unit, where the head does not read normalised values or a sum
/// anyway.
Sequence with_final_norm(Sequence body) {
  const auto last = std::find_if(body.items.rbegin(), body.items.rend(), holds_unit);
  if (last == body.items.rend() || is<notation::Residual>(last->stage)) return body;
  for (auto item = last.base(); item != body.items.end() && !holds_weight(*item); ++item) {
    if (normalises(item->stage)) return body;
  }
  body.items.insert(last.base(), Item{notation::BatchNorm{}, 0});
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

/// Adds the places of `network` at which a stage that `counts` may have a parameter of this kind,
/// and whether it has one in any network so far.
template <class Counts>
void add_places(const Network& network, Counts counts, ParameterKind kind,
                std::map<Place, bool>& places) {
  std::map<std::pair<int, RoleKind>, int> numbers;
  for (const Stage& stage : network.stages) {
    const std::optional<RoleKind> counted = counts(stage);
    if (!counted) continue;
    const int unit = stage.unit.value_or(Place::kBody);
    const Place place{.unit = unit, .kind = *counted, .number = numbers[{unit, *counted}]++};
    places[place] |= network.find_parameter(stage, kind).has_value();
  }
}

std::optional<RoleKind> weight_kind(const Stage& stage) {
  if (!has_weights(stage) || stage.role->kind == RoleKind::projection) return std::nullopt;
  return stage.role->kind;
}

std::optional<RoleKind> normaliser_kind(const Stage& stage) {
  return is_normaliser(stage) ? std::optional(RoleKind::bn) : std::nullopt;
}

}  // namespace

Sequence begin_with_weights(const Sequence& order) {
  Sequence result = unrolled(order);
  const auto first = std::find_if(result.items.begin(), result.items.end(), holds_weight);
  if (first != result.items.end()) std::rotate(result.items.begin(), first, result.items.end());
  return result;
}

std::vector<Network> build_matched(std::vector<Blueprint> blueprints, const Match& match) {
  if (match.ends) match_ends(blueprints);
  std::vector<Network> networks;
  for (const Blueprint& blueprint : blueprints) networks.push_back(build(blueprint));
  if (!match.bias && !match.affine) return networks;

  std::map<Place, bool> biased;
  std::map<Place, bool> affine;
  for (const Network& network : networks) {
    add_places(network, weight_kind, ParameterKind::bias, biased);
    add_places(network, normaliser_kind, ParameterKind::scale, affine);
  }
  networks.clear();
  for (Blueprint& blueprint : blueprints) {
    if (match.bias) blueprint.biased = biased;
    if (match.affine) blueprint.affine = affine;
    networks.push_back(build(blueprint));
  }
  return networks;
}

}  // namespace whichfirst::network
