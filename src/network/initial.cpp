#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/hash.h"
#include "network/lookup.h"

namespace whichfirst::network {
namespace {

std::uint64_t key_of(const Role& role) {
  return (static_cast<std::uint64_t>(role.kind) << 32) | static_cast<std::uint64_t>(role.number);
}

/// The parameter with random initial values of the stage that plays `role`, or nullptr.
const Parameter* random_weight(const Network& network, const Role& role) {
  for (const Parameter& parameter : network.parameters) {
    if (parameter.kind == ParameterKind::weight &&
        stage_at(network, parameter.stage).role == role) {
      return &parameter;
    }
  }
  return nullptr;
}

/// Where every number of `parameter` begins that is not drawn.
float constant_of(const Network& network, const Parameter& parameter) {
  const ParameterKind kind = parameter.kind;
  if (kind == ParameterKind::slope) {
    return static_cast<float>(as<Activation>(stage_at(network, parameter.stage))->alpha);
  }
  const bool is_one = kind == ParameterKind::scale || kind == ParameterKind::running_variance;
  return is_one ? 1.0F : 0.0F;
}

}  // namespace

Values initial_values(const Network& network, std::uint64_t seed, std::uint64_t replicate) {
  Values values;
  values.reserve(network.parameters.size());
  for (const Parameter& parameter : network.parameters) {
    std::vector<float>& array = values.emplace_back(static_cast<std::size_t>(parameter.size()),
                                                    constant_of(network, parameter));
    if (parameter.kind != ParameterKind::weight) continue;
    const Stage& stage = stage_at(network, parameter.stage);
    check(stage.role.has_value(), "a stage with weights has a role");
    const auto fan_in =
        static_cast<double>(parameter.size()) / static_cast<double>(parameter.dimensions[0]);
    const double gain = is<Conv>(stage) ? 2.0 : 1.0;
    const double deviation = std::sqrt(gain / fan_in);
    const RandomKey key{
        .seed = seed, .replicate = replicate, .stream = Stream::init, .role = key_of(*stage.role)};
    for (std::size_t i = 0; i < array.size(); ++i) {
      array[i] = static_cast<float>(deviation * normal(key, i));
    }
  }
  return values;
}

RandomKey dropout_key(const Stage& stage, const DropoutStep& step) {
  check(stage.role && stage.role->kind == RoleKind::drop, "the stage is a dropout");
  return {.seed = step.seed,
          .replicate = step.replicate,
          .stream = Stream::dropout,
          .role = static_cast<std::uint64_t>(stage.role->number),
          .epoch = step.step};
}

std::vector<Role> shared_roles(const std::vector<Network>& networks) {
  std::vector<Role> shared;
  if (networks.empty()) return shared;
  for (const Stage& stage : networks[0].stages) {
    if (!stage.role) continue;
    const Parameter* first = random_weight(networks[0], *stage.role);
    if (first == nullptr) continue;
    const bool in_all = std::all_of(networks.begin(), networks.end(), [&](const Network& other) {
      const Parameter* weight = random_weight(other, *stage.role);
      return weight != nullptr && weight->dimensions == first->dimensions;
    });
    if (in_all) shared.push_back(*stage.role);
  }
  return shared;
}

std::string hash_weights(const Network& network, const Values& values,
                         const std::vector<Role>& roles) {
  check(values.size() == network.parameters.size(), "there is one array for each parameter");
  Hasher hasher;
  for (const Role& role : roles) {
    const Parameter* weight = random_weight(network, role);
    check(weight != nullptr, "a shared role has weights in this network");
    hasher.add(std::as_bytes(
        std::span(values[static_cast<std::size_t>(weight - network.parameters.data())])));
  }
  return hasher.hex();
}

}  // namespace whichfirst::network
