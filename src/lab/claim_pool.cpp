#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "base/error.h"
#include "lab/claims.h"
#include "measure/summary.h"

namespace whichfirst::lab {
namespace {

using network::Network;

double largest_difference(const Tensor& a, const Tensor& b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.values.size(); ++i) {
    const bool is_same =
        a.values[i] == b.values[i] || (std::isnan(a.values[i]) && std::isnan(b.values[i]));
    // The difference to NaN is NaN, which counts as the largest.
    if (!is_same) largest = std::max(std::abs(a.values[i] - b.values[i]), largest);
    if (std::isnan(a.values[i]) != std::isnan(b.values[i]))
      largest = std::numeric_limits<double>::infinity();
  }
  return largest;
}

/// Gives the n-th bn of `chain` the batch statistics of the n-th bn of `run`.
void copy_statistics(const OrderRun& run, Chain& chain) {
  chain.mode = Mode::evaluation;
  std::vector<std::size_t> measured;
  for (std::size_t i = 0; i < run.pass.batch_mean.size(); ++i) {
    if (!run.pass.batch_mean[i].empty()) measured.push_back(i);
  }
  std::size_t next = 0;
  for (const Stage& stage : chain.network.stages) {
    if (!network::is<network::BatchNorm>(stage)) continue;
    const std::size_t i = measured.at(next++);
    const auto array = [&](ParameterKind kind) -> std::vector<double>& {
      return *find_array(chain.network, chain.values, stage, kind);
    };
    array(ParameterKind::running_mean) = run.pass.batch_mean[i];
    array(ParameterKind::running_variance) = run.pass.batch_variance[i];
  }
}

bool has_dropout(const Network& network) {
  return std::any_of(network.stages.begin(), network.stages.end(), network::is<network::Dropout>);
}

/// The first stage that `sequence` builds; a repetition and a residual begin with their body's.
const notation::Item& first_item(const notation::Sequence& sequence) {
  const notation::Item& item = sequence.items.front();
  if (const auto* repeat = std::get_if<notation::Repeat>(&item.stage)) {
    return first_item(repeat->body);
  }
  if (const auto* residual = std::get_if<notation::Residual>(&item.stage)) {
    return first_item(residual->body);
  }
  return item;
}

/// A chain with the pool first, or nothing where it does not fit there.
std::optional<Chain> pool_first(const Question& question, const OrderRun& run) {
  try {
    const notation::Sequence pool{.items = {first_item(question.then)}};
    Chain chain = build_chain(join(pool, run.order), question.input.values, question.parameters);
    const Shape& made = chain.network.stages.back().output;
    if (made == run.chain.network.stages[run.own_stages].output) return chain;
  } catch (const Error&) {
    // The pooled picture is too small for the order, or the order ends with vectors.
  }
  return std::nullopt;
}

}  // namespace

std::optional<Claim> claim_pool(const Question& question, const OrderRun& run) {
  const Stage* pool = run.own_stages < run.chain.network.stages.size()
                          ? &run.chain.network.stages[run.own_stages]
                          : nullptr;
  if (pool == nullptr || !network::is<network::MaxPool>(*pool)) return std::nullopt;
  auto chain = pool_first(question, run);
  if (!chain || has_dropout(chain->network)) return std::nullopt;
  const std::int64_t left = std::int64_t{question.input.values.count} *
                            run.chain.network.stages[run.own_stages].output.pixels();
  if (left < 2 && chain->mode == Mode::training) return std::nullopt;  // no bn of a single value
  const Tensor& last = run.pass.outputs[run.own_stages];
  const auto run_first = [&] { return run_chain(*chain, question.input.values).outputs.back(); };
  const Tensor first = run_first();
  const measure::Summary summary{std::span<const double>(last.values)};
  const double size = std::max(
      {std::abs(summary.least().value_or(0)), std::abs(summary.largest().value_or(0)), 1e-300});
  const double own = largest_difference(last, first);
  Claim claim{
      .a = run.name,
      .about = "pool-commutes",
      .question = fmt::format("Does {} after {} give the same as before it?", pool->text, run.name),
      .text = "there is no finite value"};
  if (summary.count() == 0 &&
      measure::Summary{std::span<const double>(first.values)}.count() == 0) {
    return claim;
  }
  claim.answer = own <= kRoundingShare * size;
  claim.numbers = {{"largest_difference", own}};
  claim.text = fmt::format("the largest difference is {:.4g}", own);
  const bool has_batch_statistics =
      std::any_of(run.pass.batch_mean.begin(), run.pass.batch_mean.end(),
                  [](const auto& mean) { return !mean.empty(); });
  if (has_batch_statistics) {
    copy_statistics(run, *chain);
    const double same = largest_difference(last, run_first());
    claim.text += fmt::format(", and {:.4g} if bn keeps the same mean and deviation: {}", same,
                              same <= kRoundingShare * size
                                  ? "all of it comes from bn seeing other values"
                                  : "not all of it comes from bn seeing other values");
    claim.numbers.emplace_back("largest_difference_same_statistics", same);
  }
  return claim;
}

}  // namespace whichfirst::lab
