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

bool have_one_shape(const Tensor& a, const Tensor& b) {
  return a.count == b.count && a.shape == b.shape;
}

/// Where two orders are compared: the values, and each channel sorted and standardised once for all
/// pairs.
struct End {
  const Tensor* values = nullptr;
  std::vector<std::size_t> finite_counts = {};                  // by channel, as the next
  std::vector<std::optional<std::vector<double>>> scaled = {};  // missing where there is no spread
};

/// The worst of all channels.
struct Likeness {
  double residual_share = 0;
  double ks = 0;
  double wasserstein = 0;
  int channels = 0;    // compared
  int constant = 0;    // constant in one of the two only
  int falling = 0;     // with a negative slope
  int not_finite = 0;  // with NaN or infinities in one of the two
  int few = 0;         // with fewer pairs than can tell
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

End describe_end(const Tensor& values) {
  End end{.values = &values};
  for (int c = 0; c < values.shape.channels; ++c) {
    const std::vector<double> sorted = measure::sort_finite(channel_values(values, c));
    end.finite_counts.push_back(sorted.size());
    end.scaled.push_back(standardise_to_rounding(sorted));
  }
  return end;
}

/// Whether there are three different pairs: a line goes through any two.
bool can_tell_a_line(const std::vector<double>& x, const std::vector<double>& y) {
  const auto differ = [&](std::size_t i, std::size_t j) { return x[i] != x[j] || y[i] != y[j]; };
  std::size_t second = 0;
  for (std::size_t i = 1; i < x.size(); ++i) {
    if (!differ(i, 0)) continue;
    if (second == 0) second = i;
    if (differ(i, second)) return true;
  }
  return false;
}

Likeness compare_channels(const End& a, const End& b) {
  Likeness likeness;
  for (int channel = 0; channel < a.values->shape.channels; ++channel) {
    const auto c = static_cast<std::size_t>(channel);
    const std::vector<double> x = channel_values(*a.values, channel);
    const std::vector<double> y = channel_values(*b.values, channel);
    if (a.finite_counts[c] < x.size() || b.finite_counts[c] < y.size()) {
      ++likeness.not_finite;
      continue;
    }
    const auto& scaled_x = a.scaled[c];
    const auto& scaled_y = b.scaled[c];
    const auto fit = measure::fit_affine(x, y);
    if (!scaled_x || !scaled_y || !fit) {
      likeness.constant += scaled_x.has_value() != scaled_y.has_value();
      continue;
    }
    if (!can_tell_a_line(x, y)) {
      ++likeness.few;
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

/// `claim` has its orders and its question and gets its answer.
Claim claim_only_scale(Claim claim, const End& a, const End& b) {
  if (!have_one_shape(*a.values, *b.values)) {
    claim.answer = false;
    claim.text = "the two end with different shapes";
    return claim;
  }
  const int channels = a.values->shape.channels;
  const Likeness likeness = compare_channels(a, b);
  if (likeness.channels == 0) {
    if (likeness.constant > 0) claim.answer = false;
    claim.text = likeness.constant > 0 ? "a channel is constant in only one of the two"
                 : likeness.few > 0    ? "no channel has three different pairs of values, and a "
                                         "line goes through any two"
                 : likeness.not_finite > 0 ? "there are NaN or infinities in every channel"
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
      claim.b, likeness.first.slope, likeness.first.offset < 0 ? '-' : '+',
      std::abs(likeness.first.offset), channels > 1 ? " in the first channel" : "",
      100 * likeness.residual_share, likeness.ks, likeness.wasserstein);
  if (channels > 1) {
    claim.text += fmt::format("; the worst of {} channels each time", likeness.channels);
  }
  if (likeness.falling > 0) claim.text += "; high and low are swapped in some channels";
  if (likeness.constant > 0) claim.text += "; some channels are constant in one of the two only";
  if (likeness.not_finite > 0) claim.text += "; channels with NaN or infinities are left out";
  if (likeness.few > 0) claim.text += "; channels without three different pairs are left out";
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
      .text = "there is no finite value"};
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
  const auto* array = find_array(run.chain.network, run.chain.values, stage, kind);
  return array ? (*array)[c] : missing;
}

std::vector<Claim> measure_claims(const Question& question, const std::vector<OrderRun>& runs) {
  std::vector<Claim> claims;
  const auto add = [&](std::optional<Claim> claim) {
    if (claim) claims.push_back(std::move(*claim));
  };
  const std::string then = notation::print(question.then);
  std::vector<End> ends;       // of the orders
  std::vector<End> last_ends;  // of what follows them
  if (runs.size() > 1) {
    for (const OrderRun& run : runs) {
      ends.push_back(describe_end(run.pass.outputs[run.own_stages - 1]));
      if (!then.empty()) last_ends.push_back(describe_end(run.pass.outputs.back()));
    }
  }
  const auto ask_only_scale = [&](std::size_t i, std::size_t j, const std::vector<End>& at,
                                  const std::string& where) {
    const std::string& a = runs[i].name;
    const std::string& b = runs[j].name;
    return claim_only_scale(
        {.a = a,
         .b = b,
         .about = "only-scale-differs",
         .question = fmt::format("Do {} and {} differ in scale and offset only{}?", a, b, where)},
        at[i], at[j]);
  };
  for (std::size_t i = 0; i < runs.size(); ++i) {
    for (std::size_t j = i + 1; j < runs.size(); ++j) {
      add(ask_only_scale(i, j, ends, ""));
      if (!then.empty()) add(ask_only_scale(i, j, last_ends, ", after " + then));
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
