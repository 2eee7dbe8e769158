#include "lab/claims.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include "measure/distance.h"
#include "measure/summary.h"
#include "notation/print.h"

namespace whichfirst::lab {
namespace {

using network::ParameterKind;
using network::Stage;
using reference::Tensor;

bool have_one_shape(const Tensor& a, const Tensor& b) {
  return a.count == b.count && a.shape == b.shape;
}

/// The worst of all channels.
struct Likeness {
  double residual_share = 0;
  double ks = 0;
  double wasserstein = 0;
  int channels = 0;    // compared
  int constant = 0;    // constant in one of the two only
  int falling = 0;     // with a negative slope
  int not_finite = 0;  // with NaN or infinities in one of the two
  measure::AffineFit first;
};

/// Equal values stay equal, however they were computed: Kolmogorov and Smirnov's distance counts
/// them as one step.
std::optional<std::vector<double>> standardise_to_rounding(const std::vector<double>& sorted) {
  auto scaled = measure::standardise(sorted);
  if (!scaled) return scaled;
  for (double& x : *scaled) x = std::round(x / kRoundingShare) * kRoundingShare;
  return scaled;
}

Likeness compare_channels(const Tensor& a, const Tensor& b) {
  Likeness likeness;
  for (int c = 0; c < a.shape.channels; ++c) {
    const std::vector<double> x = channel_values(a, c);
    const std::vector<double> y = channel_values(b, c);
    const std::vector<double> sorted_x = measure::sort_finite(x);
    const std::vector<double> sorted_y = measure::sort_finite(y);
    if (sorted_x.size() < x.size() || sorted_y.size() < y.size()) {
      ++likeness.not_finite;
      continue;
    }
    const auto scaled_x = standardise_to_rounding(sorted_x);
    const auto scaled_y = standardise_to_rounding(sorted_y);
    const auto fit = measure::fit_affine(x, y);
    if (!scaled_x || !scaled_y || !fit) {
      likeness.constant += scaled_x.has_value() != scaled_y.has_value();
      continue;
    }
    if (likeness.channels++ == 0) likeness.first = *fit;
    likeness.falling += fit->slope < 0;
    likeness.residual_share = std::max(likeness.residual_share, fit->residual_share.value_or(0));
    likeness.ks = std::max(likeness.ks, measure::kolmogorov_smirnov(*scaled_x, *scaled_y));
    likeness.wasserstein =
        std::max(likeness.wasserstein, measure::wasserstein(*scaled_x, *scaled_y));
  }
  return likeness;
}

/// After what follows both, `then`, or where that is empty after the orders alone.
Claim claim_only_scale(const OrderRun& a, const OrderRun& b, const std::string& then) {
  const auto end_of = [&](const OrderRun& run) -> const Tensor& {
    return then.empty() ? run.pass.outputs[run.own_stages - 1] : run.pass.outputs.back();
  };
  const Tensor& x = end_of(a);
  const Tensor& y = end_of(b);
  Claim claim{.a = a.name,
              .b = b.name,
              .about = "only-scale-differs",
              .question = fmt::format("Do {} and {} differ in scale and offset only{}?", a.name,
                                      b.name, then.empty() ? "" : ", after " + then),
              .answer = {},
              .text = {},
              .numbers = {}};
  if (!have_one_shape(x, y)) {
    claim.answer = false;
    claim.text = "the two end with different shapes";
    return claim;
  }
  const Likeness likeness = compare_channels(x, y);
  if (likeness.channels == 0) {
    if (likeness.constant > 0) claim.answer = false;
    claim.text = likeness.not_finite > 0 ? "there are NaN or infinities in every channel"
                 : likeness.constant > 0 ? "a channel is constant in one of the two only"
                                         : "every channel is constant in both";
    return claim;
  }
  claim.answer =
      likeness.residual_share <= kRoundingShare && likeness.falling == 0 && likeness.constant == 0;
  claim.numbers = {{"residual_share", likeness.residual_share},
                   {"ks", likeness.ks},
                   {"wasserstein", likeness.wasserstein},
                   {"channels", likeness.channels},
                   {"slope", likeness.first.slope},
                   {"offset", likeness.first.offset}};
  claim.text = fmt::format(
      "the best line, {} = {:.4g} x {} {:.4g}{}, leaves {:.3g} % of the spread unexplained; as "
      "distributions with mean 0 and deviation 1 they are {:.3g} apart (Kolmogorov-Smirnov), "
      "{:.3g} deviations (Wasserstein)",
      b.name, likeness.first.slope, likeness.first.offset < 0 ? '-' : '+',
      std::abs(likeness.first.offset), x.shape.channels > 1 ? " in the first channel" : "",
      100 * likeness.residual_share, likeness.ks, likeness.wasserstein);
  if (x.shape.channels > 1) {
    claim.text += fmt::format("; the worst of {} channels each time", likeness.channels);
  }
  if (likeness.falling > 0) claim.text += "; high and low are swapped in some channels";
  if (likeness.constant > 0) claim.text += "; some channels are constant in one of the two only";
  if (likeness.not_finite > 0) claim.text += "; channels with NaN or infinities are left out";
  return claim;
}

Claim claim_same_zeros(const OrderRun& a, const OrderRun& b) {
  const auto zeros_of = [](const OrderRun& run) {
    const std::span<const double> values(run.pass.outputs[run.own_stages - 1].values);
    return measure::Summary(values).zero_share();
  };
  const auto zeros_a = zeros_of(a);
  const auto zeros_b = zeros_of(b);
  Claim claim{
      .a = a.name,
      .b = b.name,
      .about = "same-zeros",
      .question = fmt::format("Do {} and {} leave the same share of zeros?", a.name, b.name),
      .answer = {},
      .text = "there is no finite value",
      .numbers = {}};
  if (!zeros_a || !zeros_b) return claim;
  claim.answer = zeros_a == zeros_b;
  claim.text =
      fmt::format("{}: {:.4g} %; {}: {:.4g} %", a.name, 100 * *zeros_a, b.name, 100 * *zeros_b);
  claim.numbers = {{"zero_share_a", *zeros_a}, {"zero_share_b", *zeros_b}};
  return claim;
}

}  // namespace

double parameter_of(const OrderRun& run, const Stage& stage, ParameterKind kind, std::size_t c,
                    double missing) {
  for (const int i : stage.parameters) {
    const auto place = static_cast<std::size_t>(i);
    if (run.chain.network.parameters[place].kind == kind) return run.chain.values[place][c];
  }
  return missing;
}

bool is_relu(const Stage& stage) {
  const auto* activation = std::get_if<network::Activation>(&stage.operation);
  return activation != nullptr && activation->kind == network::ActivationKind::relu;
}

std::vector<Claim> measure_claims(const Question& question, const std::vector<OrderRun>& runs) {
  std::vector<Claim> claims;
  const auto add = [&](std::optional<Claim> claim) {
    if (claim) claims.push_back(std::move(*claim));
  };
  const std::string then = notation::print(question.then);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    for (std::size_t j = i + 1; j < runs.size(); ++j) {
      add(claim_only_scale(runs[i], runs[j], ""));
      if (!then.empty()) add(claim_only_scale(runs[i], runs[j], then));
      add(claim_same_cut(runs[i], runs[j], question.input.values));
      add(claim_same_zeros(runs[i], runs[j]));
    }
  }
  for (const OrderRun& run : runs) {
    add(claim_theory(run, question.input));
    add(claim_pool(question, run));
  }
  return claims;
}

}  // namespace whichfirst::lab
