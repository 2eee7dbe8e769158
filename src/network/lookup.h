// What is asked of a network again and again: of which kind a stage is, and where its arrays are.
#pragma once

#include <cmath>
#include <cstddef>
#include <variant>
#include <vector>

#include "network/network.h"

namespace whichfirst::network {

/// `is<MaxPool, AveragePool>(stage)`: whether a stage is of one of these kinds; of anything with an
/// operation, of an operation, or of a notation::Stage. Can be passed on as a predicate.
template <class... Kinds>
struct Is {
  template <class... Alternatives>
  bool operator()(const std::variant<Alternatives...>& operation) const {
    return (std::holds_alternative<Kinds>(operation) || ...);
  }
  bool operator()(const auto& stage) const { return (*this)(stage.operation); }
};
template <class... Kinds>
inline constexpr Is<Kinds...> is;

/// The options of a stage of this kind; nullptr for another.
template <class Kind, class... Alternatives>
const Kind* as(const std::variant<Alternatives...>& operation) {
  return std::get_if<Kind>(&operation);
}
template <class Kind>
const Kind* as(const auto& stage) {
  return as<Kind>(stage.operation);
}

bool is_activation(const auto& stage, ActivationKind kind) {
  const auto* activation = as<Activation>(stage);
  return activation != nullptr && activation->kind == kind;
}

/// Whether a stage is a normaliser that subtracts each channel's own mean.
bool centres_channels(const auto& stage) {
  const auto* group = as<GroupNorm>(stage);
  return is<BatchNorm>(stage) || (group != nullptr && group->kind == notation::GroupKind::instance);
}

inline const Stage& stage_at(const Network& network, int place) {
  return network.stages[static_cast<std::size_t>(place)];
}

/// The stage's array of this kind among `arrays`, of which each parameter has one; else nullptr.
template <class Arrays>
auto find_array(const Network& network, Arrays& arrays, const Stage& stage, ParameterKind kind)
    -> decltype(arrays.data()) {
  const auto place = network.find_parameter(stage, kind);
  return place ? &arrays[*place] : nullptr;
}

/// y = factor x + shift, by channel of a picture or by number of a vector.
struct Affine {
  std::vector<double> factor;
  std::vector<double> shift;
};

/// What a bn does at inference, whose arrays are among `arrays`.
template <class Arrays>
Affine affine_of(const Network& network, const Arrays& arrays, const Stage& bn) {
  const auto array = [&](ParameterKind kind) { return find_array(network, arrays, bn, kind); };
  const auto& mean = *array(ParameterKind::running_mean);
  const auto& variance = *array(ParameterKind::running_variance);
  const auto* scale = array(ParameterKind::scale);
  const auto* offset = array(ParameterKind::offset);
  Affine map;
  for (std::size_t c = 0; c < mean.size(); ++c) {
    map.factor.push_back((scale ? double{(*scale)[c]} : 1) /
                         std::sqrt(double{variance[c]} + as<BatchNorm>(bn)->eps));
    map.shift.push_back((offset ? double{(*offset)[c]} : 0) - map.factor[c] * mean[c]);
  }
  return map;
}

}  // namespace whichfirst::network
