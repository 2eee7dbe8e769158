#include "notation/print.h"

#include <fmt/format.h>

#include <vector>

#include "notation/stages.h"

namespace whichfirst::notation {
namespace {

/// "word", or "word(a, b=1)" where there are arguments.
std::string call(std::string_view name, const std::vector<std::string>& arguments) {
  if (arguments.empty()) return std::string(name);
  return fmt::format("{}({})", name, fmt::join(arguments, ", "));
}

void add_bias(std::vector<std::string>& arguments, BiasRule bias) {
  if (bias == BiasRule::automatic) return;
  arguments.push_back(bias == BiasRule::on ? "bias=on" : "bias=off");
}

std::vector<std::string> arguments_of(const Conv& conv) {
  std::vector<std::string> arguments;
  if (conv.channels) arguments.push_back(std::to_string(*conv.channels));
  if (conv.kernel) arguments.push_back(fmt::format("k={}", *conv.kernel));
  if (conv.stride != 1) arguments.push_back(fmt::format("s={}", conv.stride));
  if (conv.padding) arguments.push_back(fmt::format("p={}", *conv.padding));
  add_bias(arguments, conv.bias);
  return arguments;
}

std::vector<std::string> arguments_of(const BatchNorm& bn) {
  std::vector<std::string> arguments;
  const BatchNorm defaults;
  if (!bn.affine) arguments.push_back("affine=off");
  if (bn.eps != defaults.eps) arguments.push_back(fmt::format("eps={}", bn.eps));
  if (bn.momentum != defaults.momentum) {
    arguments.push_back(fmt::format("momentum={}", bn.momentum));
  }
  return arguments;
}

std::vector<std::string> arguments_of(const GroupNorm& norm) {
  std::vector<std::string> arguments;
  if (norm.kind == GroupKind::group) arguments.push_back(std::to_string(norm.groups));
  if (!norm.affine) arguments.push_back("affine=off");
  if (norm.eps != GroupNorm{}.eps) arguments.push_back(fmt::format("eps={}", norm.eps));
  return arguments;
}

std::vector<std::string> arguments_of(const Activation& activation) {
  if (activation.alpha == default_alpha(activation.kind)) return {};
  return {fmt::format("{}", activation.alpha)};
}

template <class Pool>
std::vector<std::string> arguments_of_pool(const Pool& pool) {
  std::vector<std::string> arguments = {std::to_string(pool.kernel)};
  if (pool.stride) arguments.push_back(fmt::format("s={}", *pool.stride));
  if (pool.padding != 0) arguments.push_back(fmt::format("p={}", pool.padding));
  return arguments;
}

std::vector<std::string> arguments_of(const MaxPool& pool) { return arguments_of_pool(pool); }
std::vector<std::string> arguments_of(const AveragePool& pool) { return arguments_of_pool(pool); }

std::vector<std::string> arguments_of(const Dropout& drop) {
  return {fmt::format("{}", drop.rate)};
}

std::vector<std::string> arguments_of(const FullyConnected& fc) {
  std::vector<std::string> arguments = {fc.features ? std::to_string(*fc.features) : "classes"};
  add_bias(arguments, fc.bias);
  return arguments;
}

std::vector<std::string> arguments_of(const Unit& unit) {
  std::vector<std::string> arguments = {std::to_string(unit.width)};
  if (unit.pool) arguments.push_back(fmt::format("pool={}", *unit.pool));
  if (unit.stride != 1) arguments.push_back(fmt::format("s={}", unit.stride));
  if (unit.kernel) arguments.push_back(fmt::format("k={}", *unit.kernel));
  if (unit.padding) arguments.push_back(fmt::format("p={}", *unit.padding));
  if (unit.weight == WeightKind::fc) arguments.push_back("weight=fc");
  return arguments;
}

std::vector<std::string> arguments_of(const Residual& residual) { return {print(residual.body)}; }

template <class Plain>
std::vector<std::string> arguments_of(const Plain&) {
  return {};
}

}  // namespace

std::string_view word(const Stage& stage) {
  return std::visit(
      Overload{[](const Conv&) -> std::string_view { return "conv"; },
               [](const BatchNorm&) -> std::string_view { return "bn"; },
               [](const GroupNorm& norm) { return group_word(norm.kind); },
               [](const Activation& activation) { return activation_word(activation.kind); },
               [](const MaxPool&) -> std::string_view { return "maxpool"; },
               [](const AveragePool&) -> std::string_view { return "avgpool"; },
               [](const GlobalAveragePool&) -> std::string_view { return "gap"; },
               [](const Dropout&) -> std::string_view { return "drop"; },
               [](const Flatten&) -> std::string_view { return "flatten"; },
               [](const FullyConnected&) -> std::string_view { return "fc"; },
               [](const PoolPlace&) -> std::string_view { return "pool"; },
               [](const Unit&) -> std::string_view { return "unit"; },
               [](const Repeat&) -> std::string_view { return "*"; },
               [](const Residual&) -> std::string_view { return "res"; }},
      stage);
}

std::string print(const Stage& stage) {
  if (const auto* repeat = std::get_if<Repeat>(&stage)) {
    const std::string body = print(repeat->body);
    const bool is_one_stage = repeat->body.items.size() == 1 &&
                              !std::holds_alternative<Repeat>(repeat->body.items[0].stage);
    return is_one_stage ? fmt::format("{}*{}", repeat->times, body)
                        : fmt::format("{}*({})", repeat->times, body);
  }
  return std::visit(
      [&](const auto& alternative) { return call(word(stage), arguments_of(alternative)); }, stage);
}

std::string print(const Sequence& sequence) {
  std::string text;
  for (const Item& item : sequence.items) {
    if (!text.empty()) text += ' ';
    text += print(item.stage);
  }
  return text;
}

}  // namespace whichfirst::notation
