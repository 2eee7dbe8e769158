#include <fmt/format.h>

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "lab/inspection.h"
#include "network/expand.h"
#include "network/lookup.h"

namespace whichfirst::lab {
namespace {

using network::Network;
using network::ParameterKind;
using notation::Sequence;

/// Widths, pools and eps written in.
Sequence complete(const Sequence& order, int channels, const std::optional<double>& eps) {
  Sequence completed;
  for (notation::Item item : order.items) {
    std::visit(
        notation::Overload{
            [&](notation::Conv& conv) { conv.channels = channels; },
            [&](notation::BatchNorm& bn) { bn.eps = eps.value_or(bn.eps); },
            [&](notation::GroupNorm& norm) { norm.eps = eps.value_or(norm.eps); },
            [&](notation::Repeat& repeat) { repeat.body = complete(repeat.body, channels, eps); },
            [&](notation::Residual& residual) {
              residual.body = complete(residual.body, channels, eps);
            },
            [](auto&) {}},
        item.stage);
    if (network::is<notation::PoolPlace>(item.stage)) item.stage = notation::MaxPool{};
    completed.items.push_back(std::move(item));
  }
  return completed;
}

/// Takes the classifier off that every network ends with.
void drop_stages(Network& network, std::size_t count) {
  for (; count > 0; --count) {
    const std::size_t parameters = network.stages.back().parameters.size();
    network.parameters.resize(network.parameters.size() - parameters);
    network.stages.pop_back();
  }
}

void assign(std::vector<double>& array, const std::vector<double>& list, std::string_view what,
            const network::Stage& stage) {
  if (list.empty()) return;
  if (list.size() != 1 && list.size() != array.size()) {
    const std::string expected = array.size() == 1
                                     ? "1 number"
                                     : fmt::format("1 number or {}, one per channel", array.size());
    throw Error("{}: expected {} for {}, found {}", what, expected, stage.path, list.size());
  }
  for (std::size_t c = 0; c < array.size(); ++c) array[c] = list[list.size() == 1 ? 0 : c];
}

}  // namespace

std::array<ParameterList, 4> lists_of(const ChainParameters& parameters) {
  return {ParameterList{ParameterKind::scale, &parameters.scale, "--scale"},
          {ParameterKind::offset, &parameters.offset, "--offset"},
          {ParameterKind::running_mean, &parameters.given_mean, "--given-mean"},
          {ParameterKind::running_variance, &parameters.given_variance, "--given-variance"}};
}

Network build_stages(const Sequence& order, const reference::Tensor& images,
                     const ChainParameters& parameters) {
  const Shape& input = images.shape;
  Sequence body = complete(order, input.channels, parameters.eps);
  const bool makes_vectors = network::makes_vectors(order, input);
  if (!makes_vectors) body.items.push_back({.stage = notation::GlobalAveragePool{}});
  body.items.push_back({.stage = notation::FullyConnected{.features = 1}});
  Network network = network::build({.body = body, .order = {}, .input = input, .classes = 1});
  drop_stages(network, makes_vectors ? 1 : 2);
  return network;
}

Work work_of(const Network& network, int images) {
  Work work{.numbers = static_cast<double>(network.parameter_count()),
            .flops = static_cast<double>(network.flops_per_image()) * images};
  for (const network::Stage& stage : network.stages) {
    work.numbers += static_cast<double>(stage.output.size()) * images;
  }
  return work;
}

Chain build_chain(const Sequence& order, const reference::Tensor& images,
                  const ChainParameters& parameters) {
  Chain chain{.network = build_stages(order, images, parameters),
              .step = {.seed = parameters.seed}};
  chain.values = reference::widen(network::initial_values(chain.network, parameters.seed, 0));
  if (parameters.has_given_statistics()) chain.mode = reference::Mode::evaluation;
  for (std::size_t i = 0; i < chain.values.size(); ++i) {
    const network::Parameter& parameter = chain.network.parameters[i];
    for (const auto& [kind, list, what] : lists_of(parameters)) {
      if (parameter.kind != kind) continue;
      assign(chain.values[i], *list, what, stage_at(chain.network, parameter.stage));
    }
  }
  return chain;
}

reference::ForwardPass run_chain(const Chain& chain, const reference::Tensor& images) {
  return reference::run_forward(chain.network, chain.values, images, chain.mode, chain.step);
}

}  // namespace whichfirst::lab
