// How often the verdict is right and wrong, by simulation: the tables of docs/statistics.md, in
// Markdown. The same numbers on every machine.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "stats/simulated_study.h"

namespace whichfirst::stats {
namespace {

constexpr int kStudies = 20'000;
constexpr std::uint64_t kSeed = 20250;
constexpr std::array<double, 3> kRatios = {0.4, 1, 2};  // sd over margin
constexpr std::array<Law, 9> kLaws = {Law::normal,   Law::student3,   Law::skewed_arms,
                                      Law::counts,   Law::few_counts, Law::one_image,
                                      Law::failures, Law::gamma4,     Law::exponential};

Rates simulate(const Rule& rule, Law law, double mean) {
  return simulate(rule, law, mean, kStudies, kSeed);
}

std::string percent(double share) { return fmt::format("{:.1f}", 100 * share); }

bool is_symmetric(Law law) { return law != Law::gamma4 && law != Law::exponential; }

/// Called equivalent though the mean is the margin: upper or lower, whichever misleads more.
double false_equivalence(Rule rule, Law law, double margin) {
  rule.margin = margin;
  const double above = simulate(rule, law, margin).equivalent;
  return is_symmetric(law) ? above : std::max(above, simulate(rule, law, -margin).equivalent);
}

void print_errors(const std::string& title, Rule rule) {
  fmt::print(
      "\n### {}\n\n| d | b/w | eq, sd/m = 0.4 | 1 | 2 | guard: b/w | eq, sd/m = 0.4 | 1 | 2 | "
      "skewness warning |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n",
      title);
  for (const Law law : kLaws) {
    const LawFacts facts = facts_of(law);
    rule.resolution = facts.resolution;
    std::string row = fmt::format("| {}", facts.name);
    double warned = 0;
    for (const Guard guard : {Guard::shown, Guard::decides}) {
      rule.guard = guard;
      const Rates rates = simulate(rule, law, 0);
      if (guard == Guard::shown) warned = rates.warned;
      row += " | " + percent(rates.apart());
      for (const double ratio : kRatios) {
        row += " | " + percent(false_equivalence(rule, law, facts.sd / ratio));
      }
    }
    fmt::print("{} | {} |\n", row, percent(warned));
    std::fflush(stdout);
  }
}

/// Margin and mean, in standard deviations.
struct Effect {
  double margin;
  double mean;
};

/// All that is true of the mean counts as right.
double right_share(const Rates& rates, const Effect& effect) {
  return (effect.mean > 0 ? rates.better : 0) +
         (effect.mean < effect.margin ? rates.equivalent : 0);
}

/// The smallest fixed number of pairs whose verdict is right as often as `share` (or in 99 %):
/// studies that grow pair by pair.
std::optional<int> equal_fixed_number(const Effect& effect, double share) {
  constexpr int kMostPairs = 100;
  const double wanted = std::min(share, 0.99);
  if (wanted < 0.001) return std::nullopt;
  const Rule rule{.margin = effect.margin};
  Referee referee(rule);
  RandomSequence random(RandomKey{.seed = kSeed + 1, .stream = Stream::resampling});
  std::vector<std::vector<double>> studies(kStudies);
  for (int n = 1; n <= kMostPairs; ++n) {
    Rates rates;
    for (std::vector<double>& differences : studies) {
      differences.push_back(effect.mean + draw(Law::normal, random));
      const Verdict verdict = referee.look(moments_of(differences)).verdict;
      rates.better += verdict == Verdict::better ? 1.0 / kStudies : 0;
      rates.equivalent += verdict == Verdict::equivalent ? 1.0 / kStudies : 0;
    }
    if (right_share(rates, effect) >= wanted) return n;
  }
  return std::nullopt;
}

void print_power(int most) {
  const std::vector<Effect> effects = {
      {.25, 0}, {.25, .25}, {.25, .5}, {.25, 1}, {.25, 2}, {.25, 4}, {.5, 0}, {.5, .25}, {.5, .5},
      {1, 0},   {1, .25},   {1, .5},   {1, 1},   {2, 0},   {2, .25}, {2, .5}, {2, 1},    {2, 2}};
  fmt::print(
      "\n### Normal differences, at most {} pairs\n\n| m/sd | mean/sd | pairs | better | "
      "equivalent "
      "| undecided | worse | interval misses | equal fixed number | pairs with guard |\n"
      "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n",
      most);
  for (const Effect& effect : effects) {
    Rule rule{.margin = effect.margin, .stopping = Stopping::automatic, .max_pairs = most};
    const Rates rates = simulate(rule, Law::normal, effect.mean);
    rule.guard = Guard::decides;
    const Rates guarded = simulate(rule, Law::normal, effect.mean);
    const auto fixed = equal_fixed_number(effect, right_share(rates, effect));
    fmt::print("| {} | {} | {:.1f} | {} | {} | {} | {} | {} | {} | {:.1f} |\n", effect.margin,
               effect.mean, rates.mean_pairs, percent(rates.better), percent(rates.equivalent),
               percent(1 - rates.apart() - rates.equivalent), percent(rates.worse),
               percent(rates.missed), fixed ? fmt::format("{}", *fixed) : "-", guarded.mean_pairs);
    std::fflush(stdout);
  }
}

void print_tables() {
  fmt::print("{} studies a case, seed {}; shares in %.\n", kStudies, kSeed);
  print_errors("Automatic stopping, at most 30 pairs",
               {.stopping = Stopping::automatic, .max_pairs = 30});
  for (const int n : {6, 10, 20}) {
    print_errors(fmt::format("A fixed number of {} pairs", n), {.max_pairs = n});
  }
  for (const int most : {30, 60}) print_power(most);
}

}  // namespace
}  // namespace whichfirst::stats

int main() { whichfirst::stats::print_tables(); }
