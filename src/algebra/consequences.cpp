#include "algebra/consequences.h"

#include <algorithm>
#include <numbers>
#include <vector>

#include "algebra/rules.h"
#include "network/lookup.h"

namespace whichfirst::algebra {
namespace {

using network::Activation;
using network::ActivationKind;
using network::Add;
using network::as;
using network::AveragePool;
using network::BatchNorm;
using network::Conv;
using network::Dropout;
using network::Flatten;
using network::GlobalAveragePool;
using network::GroupNorm;
using network::is;
using network::is_activation;
using network::MaxPool;
using network::Network;
using network::ParameterKind;
using network::Stage;

/// A network with the readers of each stage.
class Graph {
 public:
  explicit Graph(const Network& network) : network_(network), readers_(network.stages.size()) {
    for (std::size_t i = 0; i < network.stages.size(); ++i) {
      add_reader(network.stages[i].source, i);
      if (network.stages[i].shortcut) add_reader(*network.stages[i].shortcut, i);
    }
  }

  /// The stage that `stage` reads; nullptr for the picture.
  const Stage* source(const Stage& stage) const {
    return stage.source == network::kInput ? nullptr : &stage_at(network_, stage.source);
  }
  /// The only stage that reads `stage`; nullptr where there are none or several.
  const Stage* reader(const Stage& stage) const {
    const auto& readers = readers_[static_cast<std::size_t>(&stage - network_.stages.data())];
    return readers.size() == 1 ? &network_.stages[readers[0]] : nullptr;
  }
  /// The first stage before `stage` that is not skipped, all between read by one stage alone.
  template <class Skipped>
  const Stage* find_source(const Stage& stage, Skipped skipped) const {
    const Stage* found = source(stage);
    while (found != nullptr && reader(*found) != nullptr && skipped(*found)) found = source(*found);
    return found != nullptr && reader(*found) != nullptr ? found : nullptr;
  }
  template <class Skipped>
  const Stage* find_reader(const Stage& stage, Skipped skipped) const {
    const Stage* found = reader(stage);
    while (found != nullptr && skipped(*found)) found = reader(*found);
    return found;
  }
  bool has(const Stage& stage, ParameterKind kind) const {
    return network_.find_parameter(stage, kind).has_value();
  }

 private:
  void add_reader(int place, std::size_t reader) {
    if (place != network::kInput) readers_[static_cast<std::size_t>(place)].push_back(reader);
  }

  const Network& network_;
  std::vector<std::vector<std::size_t>> readers_;
};

/// What a x + b on each channel passes at inference.
constexpr auto passes_affine = is<AveragePool, GlobalAveragePool, Dropout>;
constexpr auto passes_affine_forward = is<AveragePool, GlobalAveragePool, Dropout, Flatten>;
constexpr auto is_pool = is<MaxPool, AveragePool>;

bool pads(const Stage& stage) { return is<Conv>(stage) && as<Conv>(stage)->padding > 0; }

bool is_homogeneous_stage(const Stage& stage) {
  return is<Activation>(stage) && is_homogeneous(*as<Activation>(stage));
}

bool has_threshold(const Graph& graph, const Stage& stage) {
  const Stage* at = graph.source(stage);
  while (at != nullptr && is<MaxPool, AveragePool, Dropout, Flatten>(*at)) at = graph.source(*at);
  if (at == nullptr) return false;
  if (is<Add>(*at)) return true;  // the stream carries shifts of the units before
  return graph.has(*at, ParameterKind::bias) || graph.has(*at, ParameterKind::offset);
}

/// How many outputs along one side have their window inside.
int inside_along(const Conv& conv, int input, int output) {
  int inside = 0;
  for (int p = 0; p < output; ++p) {
    const int first = p * conv.stride - conv.padding;
    inside += first >= 0 && first + conv.kernel <= input ? 1 : 0;
  }
  return inside;
}

/// A bn whose scale is redundant, up to its sign, behind an activation that passes scales on.
bool scale_passes_activation(const Graph& graph, const Stage& bn) {
  const Stage* next = graph.reader(bn);
  if (next == nullptr || !is_homogeneous_stage(*next)) return false;
  const Stage* reader =
      graph.find_reader(*next, is<MaxPool, AveragePool, GlobalAveragePool, Dropout, Flatten>);
  return reader != nullptr && has_weights(*reader);
}

/// Whether each channel's own mean is subtracted from what the weights make.
bool is_centred(const Graph& graph, const Stage& weights) {
  const Stage* next = graph.find_reader(weights, is_pool);
  const auto* group = next ? as<GroupNorm>(*next) : nullptr;
  return next != nullptr &&
         (is<BatchNorm>(*next) || (group != nullptr && group->groups == next->input.channels));
}

std::int64_t redundant_numbers_of(const Graph& graph, const Stage& stage) {
  if (has_weights(stage) && graph.has(stage, ParameterKind::bias)) {
    return is_centred(graph, stage) ? stage.output.channels : 0;
  }
  if (!is<BatchNorm>(stage) || !graph.has(stage, ParameterKind::scale)) return 0;
  const Stage* reader = graph.find_reader(stage, passes_affine_forward);
  if (reader != nullptr && has_weights(*reader)) {
    const bool takes_offset =
        !pads(*reader) && (graph.has(*reader, ParameterKind::bias) || is_centred(graph, *reader));
    return stage.output.channels * (takes_offset ? 2 : 1);
  }
  return scale_passes_activation(graph, stage) ? stage.output.channels : 0;
}

}  // namespace

Count count_thresholds(const Network& network) {
  const Graph graph(network);
  Count count;
  for (const Stage& stage : network.stages) {
    if (!is<Activation>(stage)) continue;
    ++count.all;
    count.some += has_threshold(graph, stage) ? 1 : 0;
  }
  return count;
}

double border_share(const Conv& conv, const Shape& input, const Shape& output) {
  const double inside = static_cast<double>(inside_along(conv, input.height, output.height)) *
                        inside_along(conv, input.width, output.width);
  return 1 - inside / static_cast<double>(output.pixels());
}

Folding fold_normalisers(const Network& network) {
  const Graph graph(network);
  Folding folding;
  for (const Stage& stage : network.stages) {
    if (!is<BatchNorm>(stage)) continue;
    const Stage* before = graph.find_source(stage, passes_affine);
    const Stage* behind = graph.find_reader(stage, passes_affine_forward);
    const Stage* behind_pools =
        graph.find_reader(stage, is<MaxPool, AveragePool, GlobalAveragePool, Dropout, Flatten>);
    if (before != nullptr && has_weights(*before)) {
      ++folding.into_weights_before;
    } else if (behind_pools == nullptr || !has_weights(*behind_pools)) {
      ++folding.not_foldable;
    } else if (behind != behind_pools) {
      ++folding.behind_max_pool;
    } else if (!pads(*behind)) {
      ++folding.into_weights_behind;
    } else {
      ++folding.with_border_bias;
      folding.border_share = std::max(
          folding.border_share, border_share(*as<Conv>(*behind), behind->input, behind->output));
    }
  }
  return folding;
}

std::int64_t count_redundant_numbers(const Network& network) {
  const Graph graph(network);
  std::int64_t numbers = 0;
  for (const Stage& stage : network.stages) numbers += redundant_numbers_of(graph, stage);
  return numbers;
}

Count count_scale_invariant(const Network& network) {
  const Graph graph(network);
  Count count;
  for (const Stage& stage : network.stages) {
    if (!has_weights(stage)) continue;
    ++count.all;
    const Stage* next = graph.find_reader(stage, [](const Stage& between) {
      return is<MaxPool, AveragePool, Dropout, Flatten>(between) || is_homogeneous_stage(between);
    });
    count.some += next != nullptr && is_normaliser(*next) ? 1 : 0;
  }
  return count;
}

std::optional<VarianceShift> largest_variance_shift(const Network& network) {
  // Of relu of a standard normal: E x^2 / Var x = (1/2) / (1/2 - 1/(2 pi)).
  constexpr double kReluRatio = std::numbers::pi / (std::numbers::pi - 1);
  const Graph graph(network);
  std::optional<VarianceShift> largest;
  for (const Stage& stage : network.stages) {
    if (!is<Dropout>(stage)) continue;
    const Stage* next = graph.find_reader(
        stage, [](const Stage& between) { return has_weights(between) || is<Flatten>(between); });
    if (next == nullptr || !is<BatchNorm>(*next)) continue;
    const double rate = as<Dropout>(stage)->rate;
    const Stage* read = graph.source(stage);
    const bool reads_relu = read != nullptr && is_activation(*read, ActivationKind::relu) &&
                            graph.source(*read) != nullptr && is<BatchNorm>(*graph.source(*read));
    const bool reads_bn = read != nullptr && is<BatchNorm>(*read);
    const VarianceShift shift{.ratio = 1 + rate / (1 - rate) * (reads_relu ? kReluRatio : 1),
                              .is_least = !reads_relu && !reads_bn};
    if (!largest || shift.ratio > largest->ratio) largest = shift;
  }
  return largest;
}

}  // namespace whichfirst::algebra
