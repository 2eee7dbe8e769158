#include "algebra/ledger.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <variant>

namespace whichfirst::algebra {
namespace {

using network::Network;
using network::Stage;

bool has_weights(const Stage& stage) {
  return std::holds_alternative<network::Conv>(stage.operation) ||
         std::holds_alternative<network::FullyConnected>(stage.operation);
}

std::string_view word_of(const Stage& stage) {
  return std::string_view(stage.text).substr(0, stage.text.find('('));
}

/// The stages between the weight stage before `index` and it: "bn relu"; "the picture" before all.
std::string read_by(const Network& network, std::size_t index) {
  std::size_t begin = index;
  while (begin > 0 && !has_weights(network.stages[begin - 1])) --begin;
  std::string between;
  for (std::size_t i = begin; i < index; ++i) {
    if (std::holds_alternative<network::Flatten>(network.stages[i].operation)) continue;
    if (!between.empty()) between += ' ';
    between += word_of(network.stages[i]);
  }
  if (begin > 0) return between.empty() ? "the weights before" : between;
  return between.empty() ? "the picture" : between + " of the picture";
}

void add_distinct(std::vector<std::string>& list, std::string value) {
  if (std::find(list.begin(), list.end(), value) == list.end()) list.push_back(std::move(value));
}

std::string biases(const Network& network) {
  int convolutions = 0;
  int with_bias = 0;
  for (const Stage& stage : network.stages) {
    if (const auto* conv = std::get_if<network::Conv>(&stage.operation)) {
      ++convolutions;
      with_bias += conv->bias ? 1 : 0;
    }
  }
  return fmt::format("{} of {}", with_bias, convolutions);
}

std::string values_of_statistics(const Network& network) {
  std::int64_t sum = 0;
  for (const Stage& stage : network.stages) {
    if (std::holds_alternative<network::BatchNorm>(stage.operation)) sum += stage.input.pixels();
  }
  return sum == 0 ? "no bn" : fmt::format("{}", sum);
}

std::string first_reads(const Network& network) {
  for (std::size_t i = 0; i < network.stages.size(); ++i) {
    if (has_weights(network.stages[i])) return read_by(network, i);
  }
  return "no weights";
}

std::string later_read(const Network& network) {
  std::vector<std::string> distinct;
  bool is_first = true;
  std::size_t last = 0;
  for (std::size_t i = 0; i < network.stages.size(); ++i) {
    if (has_weights(network.stages[i])) last = i;
  }
  for (std::size_t i = 0; i < last; ++i) {
    if (!has_weights(network.stages[i])) continue;
    if (!is_first) add_distinct(distinct, read_by(network, i));
    is_first = false;
  }
  return distinct.empty() ? "none" : fmt::format("{}", fmt::join(distinct, " | "));
}

std::string classifier_reads(const Network& network) {
  for (std::size_t i = network.stages.size(); i-- > 0;) {
    if (has_weights(network.stages[i])) return read_by(network, i);
  }
  return "no weights";
}

struct Fact {
  std::string what;
  std::function<std::string(const Network&)> value;
};

}  // namespace

std::vector<LedgerRow> compare_networks(const std::vector<Network>& networks) {
  const std::vector<Fact> facts = {
      {"convolutions with a bias", biases},
      {"trained parameters",
       [](const Network& n) { return fmt::format("{}", n.parameter_count()); }},
      {"forward FLOPs an image",
       [](const Network& n) { return fmt::format("{}", n.flops_per_image()); }},
      {"pixels of an image behind all bn statistics", values_of_statistics},
      {"the first convolution reads", first_reads},
      {"later convolutions read", later_read},
      {"the classifier reads", classifier_reads},
  };
  std::vector<LedgerRow> rows;
  for (const Fact& fact : facts) {
    LedgerRow row{.what = fact.what, .values = {}};
    for (const Network& network : networks) row.values.push_back(fact.value(network));
    const bool differ = std::any_of(row.values.begin(), row.values.end(),
                                    [&](const auto& value) { return value != row.values.front(); });
    if (differ) rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace whichfirst::algebra
