#include "notation/print.h"

#include <fmt/format.h>

#include <vector>

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
  const Conv defaults;
  if (conv.channels) arguments.push_back(std::to_string(*conv.channels));
  if (conv.kernel != defaults.kernel) arguments.push_back(fmt::format("k={}", conv.kernel));
  if (conv.stride != defaults.stride) arguments.push_back(fmt::format("s={}", conv.stride));
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

std::vector<std::string> arguments_of(const MaxPool& pool) {
  std::vector<std::string> arguments = {std::to_string(pool.kernel)};
  if (pool.stride) arguments.push_back(fmt::format("s={}", *pool.stride));
  if (pool.padding != 0) arguments.push_back(fmt::format("p={}", pool.padding));
  return arguments;
}

std::vector<std::string> arguments_of(const FullyConnected& fc) {
  std::vector<std::string> arguments = {fc.features ? std::to_string(*fc.features) : "classes"};
  add_bias(arguments, fc.bias);
  return arguments;
}

std::vector<std::string> arguments_of(const Unit& unit) {
  std::vector<std::string> arguments = {std::to_string(unit.width)};
  if (unit.pool) arguments.push_back(fmt::format("pool={}", *unit.pool));
  return arguments;
}

template <class Plain>
std::vector<std::string> arguments_of(const Plain&) {
  return {};
}

}  // namespace

std::string_view word(const Stage& stage) {
  return std::visit(
      Overload{[](const Conv&) { return "conv"; }, [](const BatchNorm&) { return "bn"; },
               [](const Relu&) { return "relu"; }, [](const Tanh&) { return "tanh"; },
               [](const MaxPool&) { return "maxpool"; },
               [](const GlobalAveragePool&) { return "gap"; },
               [](const Flatten&) { return "flatten"; }, [](const FullyConnected&) { return "fc"; },
               [](const PoolPlace&) { return "pool"; }, [](const Unit&) { return "unit"; },
               [](const Repeat&) { return "*"; }},
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
