// How often the verdict is right and wrong, by simulation: the tables of docs/statistics.md, in
// Markdown. The same numbers on every machine.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stats/simulated_study.h"

namespace whichfirst::stats {
namespace {

constexpr int kStudies = 20'000;
constexpr std::uint64_t kSeed = 20250;
constexpr std::array<double, 3> kRatios = {0.4, 1, 2};  // sd over margin
constexpr std::array<Law, 11> kLaws = {Law::normal,      Law::student3,   Law::skewed_arms,
                                       Law::counts,      Law::few_counts, Law::one_image,
                                       Law::failures,    Law::gamma4,     Law::exponential,
                                       Law::chi_square1, Law::a_fails};

Rates simulate(const Rule& rule, Law law, double mean) {
  return simulate(rule, law, mean, kStudies, kSeed);
}

std::string percent(double share) { return fmt::format("{:.1f}", 100 * share); }

/// Student's interval of a fixed number, looked at after every pair all the same.
Rates simulate_peeking(const Rule& rule, Law law, double mean) {
  Rule fixed = rule;
  fixed.stopping = Stopping::fixed;
  CriticalValues students(fixed, error_share(rule) / 2);
  const int first_look = minimum_pairs(rule.confidence);
  std::vector<double> criticals(static_cast<std::size_t>(rule.max_pairs) + 1);
  for (int n = first_look; n <= rule.max_pairs; ++n) {
    criticals[static_cast<std::size_t>(n)] = students.standard_errors(n);
  }
  RandomSequence random(RandomKey{.seed = kSeed, .stream = Stream::resampling});
  Rates rates;
  for (int study = 0; study < kStudies; ++study) {
    std::vector<double> differences;
    Verdict verdict = Verdict::undecided;
    for (int n = 1; n <= rule.max_pairs && verdict == Verdict::undecided; ++n) {
      differences.push_back(mean + draw(law, random));
      if (n < first_look) continue;
      const Moments moments = moments_of(differences);
      if (deciding_sd(moments, rule) == 0) continue;
      verdict =
          decide(intervals_at(moments, criticals[static_cast<std::size_t>(n)], rule).plain, rule);
    }
    rates.better += verdict == Verdict::better ? 1.0 / kStudies : 0;
    rates.worse += verdict == Verdict::worse ? 1.0 / kStudies : 0;
    rates.equivalent += verdict == Verdict::equivalent ? 1.0 / kStudies : 0;
  }
  return rates;
}

using Simulation = Rates (*)(const Rule&, Law, double mean);

/// Called equivalent though the mean is the margin: upper or lower, whichever misleads more.
double false_equivalence(Rule rule, Law law, double margin, Simulation run = simulate) {
  rule.margin = margin;
  const double above = run(rule, law, margin).equivalent;
  return is_symmetric(law) ? above : std::max(above, run(rule, law, -margin).equivalent);
}

double worst_equivalence(const Rule& rule, Law law, Simulation run = simulate) {
  double worst = 0;
  for (const double ratio : kRatios) {
    worst = std::max(worst, false_equivalence(rule, law, facts_of(law).sd / ratio, run));
  }
  return worst;
}

/// Beside the default rule of the first table.
void print_options() {
  fmt::print(
      "\n### Options of automatic stopping, at most 30 pairs\n\n"
      "| d | full share: worst eq | signed rank: b/w | worst eq | plain t at each look: b/w | "
      "worst "
      "eq |\n| --- | --- | --- | --- | --- | --- |\n");
  for (const Law law : kLaws) {
    const Rule rule{
        .resolution = facts_of(law).resolution, .stopping = Stopping::automatic, .max_pairs = 30};
    Rule full = rule;
    full.equivalence_share = EquivalenceShare::full;
    Rule ranks = rule;
    ranks.location = Location::pseudo_median;
    fmt::print("| {} | {} | {} | {} | {} | {} |\n", facts_of(law).name,
               percent(worst_equivalence(full, law)), percent(simulate(ranks, law, 0).apart()),
               percent(worst_equivalence(ranks, law)),
               percent(simulate_peeking(rule, law, 0).apart()),
               percent(worst_equivalence(rule, law, simulate_peeking)));
    std::fflush(stdout);
  }
}

void print_other_maxima() {
  fmt::print(
      "\n### Other maxima: b/w, and b/w with guard\n\n| d | 12 | 20 | 60 |\n"
      "| --- | --- | --- | --- |\n");
  for (const Law law : {Law::normal, Law::gamma4, Law::exponential}) {
    std::string row = fmt::format("| {}", facts_of(law).name);
    for (const int most : {12, 20, 60}) {
      Rule rule{.stopping = Stopping::automatic, .max_pairs = most};
      const double plain = simulate(rule, law, 0).apart();
      rule.guard = Guard::decides;
      row += fmt::format(" | {}, {}", percent(plain), percent(simulate(rule, law, 0).apart()));
    }
    fmt::print("{} |\n", row);
    std::fflush(stdout);
  }
}

void print_three_arms() {
  fmt::print(
      "\n### Three arms, three comparisons, normal; sd of a difference 1\n\n"
      "| means | m | at most | any wrong verdict | trials |\n| --- | --- | --- | --- | --- |\n");
  struct Case {
    std::array<double, 3> means;
    std::optional<double> margin;
    int most;
  };
  for (const Case& c : {Case{{0, 0, 0}, std::nullopt, 30}, Case{{0, 0, 0}, std::nullopt, 60},
                        Case{{0, 0, 0}, 1, 30}, Case{{0, 0, 0}, 1, 60}, Case{{0, 1, 2}, 1, 30},
                        Case{{0, 1, 1}, 1, 30}}) {
    const Rule rule{.margin = c.margin, .stopping = Stopping::automatic, .max_pairs = c.most};
    const ThreeArms arms = simulate_arms(c.means, rule, kStudies);
    fmt::print("| {}, {}, {} | {} | {} | {} | {:.0f} of {} |\n", c.means[0], c.means[1], c.means[2],
               c.margin ? fmt::format("{}", *c.margin) : "-", c.most, percent(arms.wrong),
               arms.trials, 3 * c.most);
    std::fflush(stdout);
  }
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
      const Verdict verdict = referee.look(differences).verdict;
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

void print_learning() {
  fmt::print(
      "\n### Nothing learnt, nothing said: margin 1 point\n\n"
      "| points above guessing: a | b | pairs | may speak | right without the rule | with it | "
      "wrong "
      "without | with | right made wrong |\n"
      "| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n");
  for (const auto& [a, b] : {std::pair{0.0, 0.0},
                             {1.0, 0.0},
                             {1.0, 1.0},
                             {2.0, 0.0},
                             {2.0, 2.0},
                             {4.0, 0.0},
                             {4.0, 4.0},
                             {10.0, 0.0},
                             {10.0, 8.0},
                             {50.0, 50.0}}) {
    for (const Stopping stopping : {Stopping::fixed, Stopping::automatic}) {
      const bool is_fixed = stopping == Stopping::fixed;
      const Rule rule{
          .margin = 1, .resolution = 0.05, .stopping = stopping, .max_pairs = is_fixed ? 6 : 30};
      const LearningRates rates = simulate_learning(a, b, rule, kStudies);
      fmt::print("| {} | {} | {} | {} | {} | {} | {} | {} | {} |\n", a, b,
                 is_fixed ? "6" : "auto, 30", percent(rates.learnt), percent(rates.right),
                 percent(rates.right_with), percent(rates.wrong), percent(rates.wrong_with),
                 rates.turned);
      std::fflush(stdout);
    }
  }
}

/// How often a gate is answered wrongly where the mean is its bound, so that both answers are.
void print_gate_errors() {
  fmt::print(
      "\n### A gate whose bound is the mean, at most 30 pairs\n\n"
      "| d | holds | fails | guard: holds | fails |\n| --- | --- | --- | --- | --- |\n");
  for (const Law law : kLaws) {
    const LawFacts facts = facts_of(law);
    std::string row = fmt::format("| {}", facts.name);
    for (const Guard guard : {Guard::shown, Guard::decides}) {
      const Rule rule{.resolution = facts.resolution,
                      .guard = guard,
                      .stopping = Stopping::automatic,
                      .max_pairs = 30};
      const Gate gate{.kind = Gate::Kind::better_by, .by = facts.sd};
      const GateRates rates = simulate_gate(rule, gate, law, facts.sd, kStudies, kSeed);
      row += fmt::format(" | {} | {}", percent(rates.holds), percent(rates.fails));
    }
    fmt::print("{} |\n", row);
    std::fflush(stdout);
  }
}

/// What a gate saves: the same studies until the verdict, and until the gate is answered.
void print_gates(int most) {
  fmt::print(
      "\n### Stopping at the answer of a gate, normal differences, at most {} pairs\n\n"
      "| gate | m/sd | mean/sd | pairs | holds | fails | undecided | verdict wrong | until the "
      "verdict: pairs | holds | fails | verdict wrong |\n"
      "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n",
      most);
  for (const auto kind : {Gate::Kind::not_worse_by, Gate::Kind::better_by}) {
    const bool is_better = kind == Gate::Kind::better_by;
    for (const double m : {0.5, 1.0}) {
      const double bound = is_better ? m : -m;
      for (const double beyond : {-1.0, 0.0, 0.5, 1.0, 2.0}) {  // the bound, in margins
        const double mean = bound + beyond * m;
        const Rule rule{.margin = m, .stopping = Stopping::automatic, .max_pairs = most};
        const Gate gate{.kind = kind, .by = m};
        const GateRates gated = simulate_gate(rule, gate, Law::normal, mean, kStudies, kSeed);
        const GateRates plain =
            simulate_gate(rule, gate, Law::normal, mean, kStudies, kSeed, StopsAt::verdict);
        fmt::print("| {} | {} | {} | {:.1f} | {} | {} | {} | {} | {:.1f} | {} | {} | {} |\n",
                   is_better ? "better-by=m" : "not-worse-by=m", m, mean, gated.mean_pairs,
                   percent(gated.holds), percent(gated.fails),
                   percent(1 - gated.holds - gated.fails), percent(gated.wrong_verdict),
                   plain.mean_pairs, percent(plain.holds), percent(plain.fails),
                   percent(plain.wrong_verdict));
        std::fflush(stdout);
      }
    }
  }
}

void print_tables() {
  fmt::print("{} studies a case, seed {}; shares in %.\n", kStudies, kSeed);
  print_errors("Automatic stopping, at most 30 pairs",
               {.stopping = Stopping::automatic, .max_pairs = 30});
  print_options();
  print_other_maxima();
  print_three_arms();
  for (const int n : {6, 10, 20}) {
    print_errors(fmt::format("A fixed number of {} pairs", n), {.max_pairs = n});
  }
  for (const int most : {30, 60}) print_power(most);
  print_learning();
  print_gate_errors();
  print_gates(30);
}

}  // namespace
}  // namespace whichfirst::stats

/// With the argument "gates" the tables of gates alone.
int main(int count, char** words) {
  if (count > 1 && std::string_view(words[1]) == "gates") {
    whichfirst::stats::print_gate_errors();
    whichfirst::stats::print_gates(30);
    return 0;
  }
  whichfirst::stats::print_tables();
}
