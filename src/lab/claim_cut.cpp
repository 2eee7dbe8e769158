#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "lab/claims.h"

namespace whichfirst::lab {
namespace {

const Tensor& output_of(const OrderRun& run, const Tensor& input, int stage) {
  return stage == network::kInput ? input : run.pass.outputs[static_cast<std::size_t>(stage)];
}

/// The first relu of an order on what it reads of the order's input.
struct Cut {
  std::vector<bool> is_cut = {};  // of each number that it reads
  Shape shape;
  /// x is cut up to its channel's threshold (from there on where the slope is negative). Missing
  /// where more than bn stands before the relu, or a slope is 0.
  std::optional<std::vector<double>> thresholds = {};
  std::size_t falling = 0;  // channels with a negative slope
  bool has_nan = false;     // relu reads NaN, which it neither cuts nor keeps

  std::int64_t count() const { return std::count(is_cut.begin(), is_cut.end(), true); }
};

/// slope x + offset by channel, what the bn stages between the input and a stage make of x.
struct ChannelLines {
  std::vector<double> slopes;
  std::vector<double> offsets;
};

void follow(const OrderRun& run, std::size_t i, ChannelLines& lines) {
  const Stage& stage = run.chain.network.stages[i];
  const double eps = network::as<network::BatchNorm>(stage)->eps;
  const bool is_batch = run.chain.mode == Mode::training;
  for (std::size_t c = 0; c < lines.slopes.size(); ++c) {
    const double mean = is_batch ? run.pass.batch_mean[i][c]
                                 : parameter_of(run, stage, ParameterKind::running_mean, c, 0);
    const double variance = is_batch
                                ? run.pass.batch_variance[i][c]
                                : parameter_of(run, stage, ParameterKind::running_variance, c, 1);
    const double slope =
        parameter_of(run, stage, ParameterKind::scale, c, 1) / std::sqrt(variance + eps);
    lines.slopes[c] *= slope;
    lines.offsets[c] =
        slope * (lines.offsets[c] - mean) + parameter_of(run, stage, ParameterKind::offset, c, 0);
  }
}

std::optional<Cut> find_cut(const OrderRun& run, const Tensor& input) {
  const auto channels = static_cast<std::size_t>(input.shape.channels);
  ChannelLines lines{.slopes = std::vector(channels, 1.0), .offsets = std::vector(channels, 0.0)};
  bool is_followed = true;
  for (std::size_t i = 0; i < run.own_stages; ++i) {
    const Stage& stage = run.chain.network.stages[i];
    if (network::is_activation(stage, network::ActivationKind::relu)) {
      Cut cut{.shape = stage.input};
      for (const double x : output_of(run, input, stage.source).values) {
        cut.is_cut.push_back(x <= 0);
        cut.has_nan = cut.has_nan || std::isnan(x);
      }
      const bool has_thresholds =
          is_followed && std::all_of(lines.slopes.begin(), lines.slopes.end(), [](double slope) {
            return std::isfinite(slope) && slope != 0;
          });
      if (has_thresholds) cut.thresholds.emplace();
      for (std::size_t c = 0; has_thresholds && c < channels; ++c) {
        // That is mean - offset x deviation / scale.
        cut.thresholds->push_back(0 - lines.offsets[c] / lines.slopes[c]);
        cut.falling += lines.slopes[c] < 0;
      }
      return cut;
    }
    is_followed = is_followed && network::is<network::BatchNorm>(stage) &&
                  stage.source == static_cast<int>(i) - 1;
    if (is_followed) follow(run, i, lines);
  }
  return std::nullopt;
}

std::string cut_words(const OrderRun& run, const Cut& cut) {
  std::string words =
      fmt::format("{} cuts {} of {} values", run.name, cut.count(), cut.is_cut.size());
  if (!cut.thresholds) return words;
  const auto [least, largest] = std::minmax_element(cut.thresholds->begin(), cut.thresholds->end());
  const bool is_rising = cut.falling == 0;
  const bool is_falling = cut.falling == cut.thresholds->size();
  words += is_rising ? ", those up to " : is_falling ? ", those from " : ", those on one side of ";
  words += fmt::format("{:.4g}", *least);
  if (*least != *largest) words += fmt::format(" to {:.4g} by channel", *largest);
  return is_falling ? words + " on" : words;
}

}  // namespace

std::optional<Claim> claim_same_cut(const OrderRun& a, const OrderRun& b, const Tensor& input) {
  const auto cut_a = find_cut(a, input);
  const auto cut_b = find_cut(b, input);
  if (!cut_a || !cut_b || !(cut_a->shape == cut_b->shape)) return std::nullopt;
  std::int64_t different = 0;
  for (std::size_t i = 0; i < cut_a->is_cut.size(); ++i) {
    different += cut_a->is_cut[i] != cut_b->is_cut[i];
  }
  Claim claim{
      .a = a.name,
      .b = b.name,
      .about = "same-cut",
      .question = fmt::format("Does relu cut the same values in {} and {}?", a.name, b.name),
      .answer = different == 0,
      .text = fmt::format("{}; {}; {} {} cut by only one of them", cut_words(a, *cut_a),
                          cut_words(b, *cut_b), different, different == 1 ? "is" : "are"),
      .numbers = {{"cut_a", static_cast<double>(cut_a->count())},
                  {"cut_b", static_cast<double>(cut_b->count())},
                  {"cut_by_one", static_cast<double>(different)},
                  {"values", static_cast<double>(cut_a->is_cut.size())}}};
  if (cut_a->has_nan || cut_b->has_nan) {
    claim.answer = std::nullopt;
    claim.text = "there are NaN among the values";
  }
  const auto add_thresholds = [&](const std::optional<std::vector<double>>& thresholds,
                                  const std::string& name) {
    if (!thresholds) return;
    const auto [least, largest] = std::minmax_element(thresholds->begin(), thresholds->end());
    claim.numbers.emplace_back(name + "_least", *least);
    claim.numbers.emplace_back(name + "_largest", *largest);
  };
  add_thresholds(cut_a->thresholds, "threshold_a");
  add_thresholds(cut_b->thresholds, "threshold_b");
  return claim;
}

}  // namespace whichfirst::lab
