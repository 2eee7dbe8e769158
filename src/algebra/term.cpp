#include "algebra/term.h"

namespace whichfirst::algebra {
namespace {

using network::Network;
using network::Stage;

std::string text_without_bias(Stage stage) {
  if (auto* conv = std::get_if<network::Conv>(&stage.operation)) conv->bias = false;
  if (auto* fc = std::get_if<network::FullyConnected>(&stage.operation)) fc->bias = false;
  std::string text = describe_operation(stage);
  constexpr std::string_view kBias = ", bias=off";
  const std::size_t place = text.find(kBias);
  if (place != std::string::npos) text.erase(place, kBias.size());
  return text;
}

Term mark_term(Mark mark, std::string text) {
  Term term;
  term.mark = mark;
  term.text = std::move(text);
  return term;
}

Term term_of(const Stage& stage, int place) {
  Term term;
  term.operation = stage.operation;
  term.stage = place;
  term.channels = stage.output.channels;
  term.text = text_without_bias(stage);
  if (const auto* conv = network::as<network::Conv>(stage)) term.has_bias = conv->bias;
  if (const auto* fc = network::as<network::FullyConnected>(stage)) term.has_bias = fc->bias;
  return term;
}

}  // namespace

Terms terms_of(const Network& network) {
  // Counted at once: a network has thousands of stages.
  std::vector<int> readers(network.stages.size() + 1);
  for (const Stage& stage : network.stages) {
    ++readers[static_cast<std::size_t>(stage.source + 1)];
    if (stage.shortcut) ++readers[static_cast<std::size_t>(*stage.shortcut + 1)];
  }
  Terms terms;
  const auto add_fork = [&](std::size_t place) {
    if (readers[place] > 1) terms.push_back(mark_term(Mark::fork, std::to_string(readers[place])));
  };
  add_fork(0);
  for (std::size_t i = 0; i < network.stages.size(); ++i) {
    const Stage& stage = network.stages[i];
    if (stage.role && stage.role->kind == network::RoleKind::projection) {
      terms.push_back(mark_term(Mark::shortcut, ""));
    }
    terms.push_back(network::is<network::Add>(stage) ? mark_term(Mark::add, "")
                                                     : term_of(stage, static_cast<int>(i)));
    add_fork(i + 1);
  }
  return terms;
}

std::string print_terms(const Terms& terms) {
  std::string text;
  for (const Term& term : terms) {
    if (!text.empty()) text += ' ';
    switch (term.mark) {
      case Mark::fork:
        text += '[';
        break;
      case Mark::shortcut:
        text += "| shortcut:";
        break;
      case Mark::add:
        text += ']';
        break;
      case Mark::stage:
        text += term.text;
        if (term.is_weights() && term.has_bias) text.insert(text.size() - 1, ", bias=on");
        break;
    }
  }
  return text;
}

}  // namespace whichfirst::algebra
