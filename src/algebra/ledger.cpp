#include "algebra/ledger.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>

#include "algebra/consequences.h"
#include "network/lookup.h"

namespace whichfirst::algebra {
namespace {

using network::is;
using network::Network;
using network::Stage;

std::string_view word_of(const Stage& stage) {
  return std::string_view(stage.text).substr(0, stage.text.find('('));
}

/// What the stage `index` reads since the weights, the sum or the picture before it: "bn relu",
/// "the weights before", "bn relu of the sum", "the picture".
std::string read_by(const Network& network, std::size_t index) {
  std::vector<std::string_view> between;
  int at = network.stages[index].source;
  std::string_view origin = "the picture";
  for (; at != network::kInput; at = stage_at(network, at).source) {
    const Stage& stage = stage_at(network, at);
    const bool is_sum = is<network::Add>(stage);
    if (is_sum || has_weights(stage)) {
      origin = is_sum ? "the sum" : "";
      break;
    }
    if (is<network::Flatten>(stage)) continue;
    between.insert(between.begin(), word_of(stage));
  }
  if (between.empty()) return origin.empty() ? "the weights before" : std::string(origin);
  std::string text = fmt::format("{}", fmt::join(between, " "));
  return origin.empty() ? text : fmt::format("{} of {}", text, origin);
}

/// "3 of 15" stages of this kind with a bias; a fully connected layer of the head counts too.
std::string biases(const Network& network, network::RoleKind kind) {
  int stages = 0;
  int with_bias = 0;
  for (const Stage& stage : network.stages) {
    if (!stage.role || stage.role->kind != kind) continue;
    ++stages;
    with_bias += network.find_parameter(stage, network::ParameterKind::bias) ? 1 : 0;
  }
  return fmt::format("{} of {}", with_bias, stages);
}

std::string values_of_statistics(const Network& network) {
  std::int64_t sum = 0;
  for (const Stage& stage : network.stages) {
    if (is<network::BatchNorm>(stage)) sum += stage.input.pixels();
  }
  return sum == 0 ? "no bn" : fmt::format("{}", sum);
}

/// The places of the stages with weights.
std::vector<std::size_t> weight_stages(const Network& network) {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < network.stages.size(); ++i) {
    if (has_weights(network.stages[i])) places.push_back(i);
  }
  return places;
}

std::string first_reads(const Network& network) {
  const auto places = weight_stages(network);
  return places.empty() ? "no weights" : read_by(network, places.front());
}

std::string later_read(const Network& network) {
  const auto places = weight_stages(network);
  std::vector<std::string> distinct;
  for (std::size_t i = 1; i + 1 < places.size(); ++i) {
    std::string read = read_by(network, places[i]);
    if (std::find(distinct.begin(), distinct.end(), read) == distinct.end()) {
      distinct.push_back(std::move(read));
    }
  }
  return distinct.empty() ? "none" : fmt::format("{}", fmt::join(distinct, " | "));
}

std::string classifier_reads(const Network& network) {
  const auto places = weight_stages(network);
  return places.empty() ? "no weights" : read_by(network, places.back());
}

std::string words(const Count& count) { return fmt::format("{} of {}", count.some, count.all); }

std::string folding_words(const Network& network) {
  const Folding folding = fold_normalisers(network);
  std::vector<std::string> parts;
  const auto add = [&](int count, const std::string& where) {
    if (count > 0) parts.push_back(fmt::format("{} {}", count, where));
  };
  add(folding.into_weights_before, "into the weights before");
  add(folding.into_weights_behind, "into the weights after");
  add(folding.with_border_bias,
      fmt::format("into padded ones, {:.1f} % of outputs with a bias by position",
                  100 * folding.border_share));
  add(folding.behind_max_pool, "through a max-pool if no scale is negative");
  add(folding.not_foldable, "not");
  return parts.empty() ? "no bn" : fmt::format("{}", fmt::join(parts, "; "));
}

std::string variance_shift_words(const Network& network) {
  const auto shift = largest_variance_shift(network);
  if (!shift) return "no dropout before bn";
  return fmt::format("{:.3f}{}", shift->ratio, shift->is_least ? " or more" : "");
}

struct Fact {
  std::string what;
  std::function<std::string(const Network&)> value;
};

}  // namespace

std::vector<LedgerRow> compare_networks(const std::vector<Network>& networks) {
  const bool has_convolutions =
      std::any_of(networks.begin(), networks.end(), [](const Network& network) {
        return std::any_of(network.stages.begin(), network.stages.end(), is<network::Conv>);
      });
  const std::string weights = has_convolutions ? "convolution" : "fully connected layer";
  const std::vector<Fact> facts = {
      {"convolutions with a bias",
       [](const Network& n) { return biases(n, network::RoleKind::conv); }},
      {"fully connected layers with a bias",
       [](const Network& n) { return biases(n, network::RoleKind::fc); }},
      {"trained parameters",
       [](const Network& n) { return fmt::format("{}", n.parameter_count()); }},
      {"forward FLOPs per image",
       [](const Network& n) { return fmt::format("{}", n.flops_per_image()); }},
      {has_convolutions ? "pixels per image in all bn statistics"
                        : "numbers per image in all bn statistics",
       values_of_statistics},
      {"activations with a trained threshold",
       [](const Network& n) { return words(count_thresholds(n)); }},
      {"redundant parameters",
       [](const Network& n) { return fmt::format("{}", count_redundant_numbers(n)); }},
      {"weights whose scale the loss ignores",
       [](const Network& n) { return words(count_scale_invariant(n)); }},
      {"bn's that fold at inference", folding_words},
      {"variance in training over inference, after dropout", variance_shift_words},
      {fmt::format("the first {} reads", weights), first_reads},
      {fmt::format("later {}s read", weights), later_read},
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
