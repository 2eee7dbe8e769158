#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include "lab/claims.h"
#include "measure/summary.h"

namespace whichfirst::lab {
namespace {

// A theory is of infinitely many values; from so many a channel on it is compared with.
constexpr std::int64_t kFewestForTheory = 1000;
// And so many of them are to pass the relu: of few, a channel may hold none, which bn then makes 0.
constexpr double kFewestKept = 50;

/// The one number that all channels of a parameter have; nothing where they differ.
std::optional<double> common_number(const OrderRun& run, const Stage& stage, ParameterKind kind,
                                    double missing) {
  const double first = parameter_of(run, stage, kind, 0, missing);
  for (int c = 1; c < stage.output.channels; ++c) {
    if (parameter_of(run, stage, kind, static_cast<std::size_t>(c), missing) != first) {
      return std::nullopt;
    }
  }
  return first;
}

std::optional<TheoreticalValues> predict_bn(const OrderRun& run, const Stage& stage,
                                            const TheoreticalValues& values) {
  const auto scale = common_number(run, stage, ParameterKind::scale, 1);
  const auto offset = common_number(run, stage, ParameterKind::offset, 0);
  const auto mean = common_number(run, stage, ParameterKind::running_mean, 0);
  const auto variance = common_number(run, stage, ParameterKind::running_variance, 1);
  if (!scale || !offset || !mean || !variance) return std::nullopt;
  TheoreticalBatchNorm bn{
      .scale = *scale, .offset = *offset, .eps = network::as<network::BatchNorm>(stage)->eps};
  if (run.chain.mode == Mode::evaluation) {
    bn.mean = mean;
    bn.variance = variance;
  }
  return normalise(values, bn);
}

std::optional<TheoreticalValues> predict(const OrderRun& run, std::size_t i,
                                         const TheoreticalValues& values) {
  const Stage& stage = run.chain.network.stages[i];
  if (stage.source != static_cast<int>(i) - 1) return std::nullopt;
  if (network::is_activation(stage, network::ActivationKind::relu)) return rectify(values);
  if (network::is<network::BatchNorm>(stage)) return predict_bn(run, stage, values);
  return std::nullopt;
}

/// Why `output` cannot tell whether `theory` holds; empty where it can.
std::string find_obstacle(const TheoreticalValues& theory, const measure::Summary& seen,
                          const Tensor& output) {
  const std::int64_t per_channel = std::int64_t{output.count} * output.shape.pixels();
  if (!seen.mean() || !seen.sd()) return "the values leave the range of numbers";
  if (per_channel < kFewestForTheory) {
    return fmt::format("a channel has fewer than {} values, too few to judge", kFewestForTheory);
  }
  if (theory.kept_share() * static_cast<double>(per_channel) < kFewestKept) {
    return fmt::format(
        "fewer than {} values per channel are expected to pass relu, too few to judge",
        kFewestKept);
  }
  for (const double moment :
       {theory.mean(), theory.variance(), theory.skewness(), theory.kurtosis()}) {
    if (!std::isfinite(moment)) return "what theory says leaves the range of numbers";
  }
  return {};
}

}  // namespace

std::optional<Claim> claim_theory(const OrderRun& run, const Input& input) {
  if (!input.gaussian) return std::nullopt;
  TheoreticalValues theory{.normal = *input.gaussian};
  std::size_t stages = 0;
  while (stages < run.own_stages) {
    const auto next = predict(run, stages, theory);
    if (!next) break;
    theory = *next;
    ++stages;
  }
  if (stages == 0) return std::nullopt;
  const Tensor& output = run.pass.outputs[stages - 1];
  const measure::Summary seen{std::span<const double>(output.values)};
  const bool is_whole = stages == run.own_stages;
  Claim claim{.a = run.name,
              .about = "as-in-theory",
              .question = fmt::format("Does {} do to normal values what theory says{}?", run.name,
                                      is_whole ? "" : fmt::format(" (up to stage {})", stages))};
  const std::pair<const char*, std::pair<std::optional<double>, double>> rows[] = {
      {"zero_share", {seen.zero_share(), theory.zero_share()}},
      {"negative_share", {seen.negative_share(), theory.negative_share()}},
      {"mean", {seen.mean(), theory.mean()}},
      {"sd", {seen.sd(), std::sqrt(theory.variance())}},
      {"skewness", {seen.skewness(), theory.skewness()}},
      {"kurtosis", {seen.kurtosis(), theory.kurtosis()}}};
  for (const auto& [what, pair] : rows) {
    if (!pair.first || !std::isfinite(pair.second)) continue;
    claim.text +=
        fmt::format("{}{} {:.4g} (theory {:.4g})", claim.text.empty() ? "" : ", ", what,
                    std::abs(*pair.first) < kRoundingShare ? 0.0 : *pair.first, pair.second);
    claim.numbers.emplace_back(what, *pair.first);
    claim.numbers.emplace_back(fmt::format("{}_theory", what), pair.second);
  }
  std::replace(claim.text.begin(), claim.text.end(), '_', ' ');
  if (theory.atom() && *theory.atom() != 0 && std::isfinite(*theory.atom())) {
    claim.text += fmt::format("; the values that relu cut become {:.4g}", *theory.atom());
    claim.numbers.emplace_back("atom_theory", *theory.atom());
  }
  const std::string obstacle = find_obstacle(theory, seen, output);
  if (!obstacle.empty()) {
    claim.text += (claim.text.empty() ? "" : "; ") + obstacle;
    return claim;
  }
  // Five standard errors: wrong once in a million.
  const auto n = static_cast<double>(seen.count());
  const auto agrees = [&](double observed, double expected, double sd) {
    return std::abs(observed - expected) <= 5 * sd / std::sqrt(n) + kRoundingShare;
  };
  // A rare kind of value comes in whole numbers, with a longer tail: three more of it are borne.
  const auto share_agrees = [&](std::optional<double> observed, double p) {
    return std::abs(*observed - p) <= (5 * std::sqrt(n * p * (1 - p)) + 3) / n;
  };
  const double sd = std::sqrt(theory.variance());
  claim.answer = share_agrees(seen.zero_share(), theory.zero_share()) &&
                 share_agrees(seen.negative_share(), theory.negative_share()) &&
                 agrees(*seen.mean(), theory.mean(), sd) &&
                 agrees(*seen.sd(), sd, sd * std::sqrt(std::max(theory.kurtosis() - 1, 0.0)) / 2);
  return claim;
}

}  // namespace whichfirst::lab
