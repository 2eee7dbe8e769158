#include "lab/inspect.h"

#include <algorithm>
#include <map>
#include <span>

#include "base/error.h"
#include "lab/claims.h"
#include "notation/print.h"

namespace whichfirst::lab {
namespace {

using network::Network;

StageValues describe_stage(std::string tap, std::string text, Tensor values) {
  StageValues stage{.tap = std::move(tap), .text = std::move(text)};
  const int channels = values.shape.channels;
  std::vector<std::vector<double>> parts;  // by channel, or all where there are too many
  if (channels > 1 && channels <= kMostDescribedChannels) {
    for (int c = 0; c < channels; ++c) parts.push_back(channel_values(values, c));
  } else {
    parts.push_back(values.values);
  }
  std::vector<Description> described(parts.size());
  for (std::size_t i = 0; i < parts.size(); ++i) {
    described[i].summary = measure::Summary(std::span<const double>(parts[i]));
    stage.all.summary.merge(described[i].summary);
  }
  const std::vector<double> edges =
      measure::even_edges(stage.all.summary.least().value_or(0),
                          stage.all.summary.largest().value_or(0), kHistogramBins);
  stage.all.histogram = measure::count_between(edges, std::span<const double>());
  for (std::size_t i = 0; i < parts.size(); ++i) {
    described[i].quantiles = measure::quantiles(parts[i], kQuantileShares);
    described[i].histogram = measure::count_between(edges, std::span<const double>(parts[i]));
    measure::merge(stage.all.histogram, described[i].histogram);
  }
  if (parts.size() == 1) stage.all.quantiles = described[0].quantiles;
  if (channels <= kMostDescribedChannels) stage.channels = std::move(described);
  stage.values = std::move(values);
  return stage;
}

/// "bn" for the only one of its word, else "bn.0", "bn.1", from "body.bn.0".
std::vector<std::string> name_taps(const Network& network) {
  std::map<std::string, int> totals;
  std::vector<std::string> words;
  for (const network::Stage& stage : network.stages) {
    const std::size_t begin = stage.path.find('.') + 1;
    words.push_back(stage.path.substr(begin, stage.path.rfind('.') - begin));
    ++totals[words.back()];
  }
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (totals[words[i]] == 1) continue;
    words[i] += network.stages[i].path.substr(network.stages[i].path.rfind('.'));
  }
  return words;
}

/// What `action` does with an order; its Error begins with the order's name.
template <class Action>
auto name_in_errors(const notation::Sequence& order, Action action) {
  try {
    return action();
  } catch (const Error& error) {
    throw Error("order '{}': {}", notation::print(order), error.what());
  }
}

OrderRun run_order(const Question& question, const notation::Sequence& order) {
  const ChainParameters& parameters = question.parameters;
  const Tensor& images = question.input.values;
  OrderRun run{.name = notation::print(order), .order = order};
  run.own_stages = build_stages(order, images, parameters).stages.size();
  run.chain = build_chain(join(order, question.then), images, parameters);
  run.pass = run_chain(run.chain, images);
  return run;
}

/// A list that nothing takes was meant for something.
void refuse_unused(const ChainParameters& parameters, const std::vector<OrderRun>& runs) {
  for (const auto& [kind, list, what] : lists_of(parameters)) {
    const auto has_kind = [kind = kind](const OrderRun& run) {
      const auto& all = run.chain.network.parameters;
      return std::any_of(all.begin(), all.end(), [&](const auto& one) { return one.kind == kind; });
    };
    if (list->empty() || std::any_of(runs.begin(), runs.end(), has_kind)) continue;
    throw Error("{}: no order has a stage that takes it", what);
  }
}

}  // namespace

std::vector<double> channel_values(const Tensor& tensor, int channel) {
  std::vector<double> values;
  const auto pixels = static_cast<std::ptrdiff_t>(tensor.shape.pixels());
  for (int n = 0; n < tensor.count; ++n) {
    const auto first =
        tensor.values.begin() + static_cast<std::ptrdiff_t>(tensor.index(n, channel, 0, 0));
    values.insert(values.end(), first, first + pixels);
  }
  return values;
}

notation::Sequence join(notation::Sequence first, const notation::Sequence& second) {
  first.items.insert(first.items.end(), second.items.begin(), second.items.end());
  return first;
}

void require_buildable(const Question& question) {
  check(!question.orders.empty(), "the lab looks at an order or more");
  if (question.orders.size() > kMostOrders) {
    throw Error("--orders: expected at most {}, found {}", kMostOrders, question.orders.size());
  }
  const Tensor& images = question.input.values;
  Work sum;
  for (const notation::Sequence& order : question.orders) {
    const Work work = name_in_errors(order, [&] {
      return work_of(build_stages(join(order, question.then), images, question.parameters),
                     images.count);
    });
    sum.numbers += work.numbers;
    sum.flops += work.flops;
  }
  if (sum.numbers <= kMostWork.numbers && sum.flops <= kMostWork.flops) return;
  throw Error(
      "--orders: expected stages that together make at most {:.0f} numbers with {:.0f} "
      "multiplications and additions, found {:.0f} with {:.0f}; give fewer orders, or "
      "take fewer or smaller images",
      kMostWork.numbers, kMostWork.flops, sum.numbers, sum.flops);
}

Inspection inspect(const Question& question) {
  require_buildable(question);
  Inspection inspection{.input_name = question.input.name,
                        .input = describe_stage("input", "", question.input.values),
                        .then = notation::print(question.then)};
  std::vector<OrderRun> runs;
  for (const notation::Sequence& order : question.orders) {
    runs.push_back(name_in_errors(order, [&] { return run_order(question, order); }));
  }
  refuse_unused(question.parameters, runs);
  inspection.claims = measure_claims(question, runs);
  for (OrderRun& run : runs) {
    OrderValues values{.name = run.name, .own_stages = run.own_stages};
    const std::vector<std::string> taps = name_taps(run.chain.network);
    for (std::size_t i = 0; i < taps.size(); ++i) {
      values.stages.push_back(describe_stage(taps[i], run.chain.network.stages[i].text,
                                             std::move(run.pass.outputs[i])));
    }
    inspection.orders.push_back(std::move(values));
  }
  std::size_t offset = inspection.input.values.values.size();
  for (OrderValues& order : inspection.orders) {
    for (StageValues& stage : order.stages) {
      stage.offset = offset;
      offset += stage.values.values.size();
    }
  }
  return inspection;
}

}  // namespace whichfirst::lab
