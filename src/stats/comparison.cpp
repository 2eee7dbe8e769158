#include "stats/comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/words.h"
#include "stats/moments.h"
#include "stats/paired_tests.h"
#include "stats/rank_interval.h"
#include "stats/student.h"
#include "stats/watch.h"

namespace whichfirst::stats {
namespace {

struct Pairs {
  std::vector<double> a, b, differences;
};

Pairs complete_pairs(std::span<const std::optional<double>> a,
                     std::span<const std::optional<double>> b) {
  Pairs pairs;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!is_measured(a[i]) || !is_measured(b[i])) continue;
    pairs.a.push_back(*a[i]);
    pairs.b.push_back(*b[i]);
    pairs.differences.push_back(*a[i] - *b[i]);
  }
  return pairs;
}

Losses with_unmeasured(Losses losses, std::span<const std::optional<double>> values) {
  check(losses.diverged >= 0 && losses.failed >= 0, "losses are counts");
  const auto unmeasured =
      std::count_if(values.begin(), values.end(),
                    [](const std::optional<double>& v) { return v && !is_measured(v); });
  losses.diverged = std::max(losses.diverged, static_cast<int>(unmeasured));
  return losses;
}

/// +1 where a larger metric is good, -1 where it is bad.
double good_sign(const Rule& rule) {
  return rule.direction == Direction::higher_is_better ? 1 : -1;
}

std::optional<Posterior> posterior_of(const Moments& moments, const Rule& rule) {
  if (moments.count < 2) return std::nullopt;
  const double sd = deciding_sd(moments, rule);
  if (sd == 0) return std::nullopt;
  const double standard_error = sd / std::sqrt(static_cast<double>(moments.count));
  const double gain = good_sign(rule) * *moments.mean;
  const double margin = rule.margin.value_or(0);
  Posterior posterior{
      .better = student_upper_tail((margin - gain) / standard_error, moments.count - 1),
      .worse = student_upper_tail((margin + gain) / standard_error, moments.count - 1)};
  if (rule.margin) {
    posterior.within_margin = std::max(0.0, 1 - posterior.better - posterior.worse);
  }
  return posterior;
}

std::optional<double> share_of_wins(std::span<const double> differences, const Rule& rule) {
  if (differences.empty()) return std::nullopt;
  double wins = 0;
  for (const double d : differences) {
    wins += d == 0 ? 0.5 : (d * good_sign(rule) > 0 ? 1.0 : 0.0);
  }
  return wins / static_cast<double>(differences.size());
}

/// Of the values of both orders.
std::optional<double> mean_magnitude(const Pairs& pairs) {
  if (pairs.a.empty()) return std::nullopt;
  double sum = 0;
  for (std::size_t i = 0; i < pairs.a.size(); ++i)
    sum += std::abs(pairs.a[i]) + std::abs(pairs.b[i]);
  return sum / 2 / static_cast<double>(pairs.a.size());
}

int count_distinct(std::vector<double> differences) {
  if (differences.empty()) return 0;
  std::sort(differences.begin(), differences.end());
  const double tolerance =
      kTieShare * std::max(std::abs(differences.front()), std::abs(differences.back()));
  int distinct = 1;
  for (std::size_t i = 1; i < differences.size(); ++i) {
    distinct += differences[i] - differences[i - 1] > tolerance ? 1 : 0;
  }
  return distinct;
}

std::string confidence_text(const Rule& rule) {
  std::string text = fmt::format("{:g} % confidence", 100 * rule.confidence);
  if (rule.comparisons > 1) text += fmt::format(" over {} comparisons", rule.comparisons);
  return text;
}

std::string pairs_text(int pairs) {
  return pairs == 0 ? "no complete pair" : counted(pairs, "complete pair");
}

std::string_view rank_word(Location location) {
  return location == Location::median ? "sign" : "signed-rank";
}

/// Why there is no verdict, or what is odd about the one there is; nothing in the usual case.
std::optional<std::string> reason_for(const Comparison& comparison, const Moments& moments,
                                      const Referee& referee) {
  const Rule& rule = referee.rule();
  const int needed = minimum_pairs(rule.confidence);
  if (comparison.pairs < needed) {
    return fmt::format("{}, and {} are needed at {:g} % confidence", pairs_text(comparison.pairs),
                       needed, 100 * rule.confidence);
  }
  const bool is_of_mean = rule.location == Location::mean;
  if ((is_of_mean ? deciding_sd(moments, rule) : *moments.sd) == 0) {
    const std::string equal =
        fmt::format("all {} differences are equal: the seed does not seem to change anything",
                    comparison.pairs);
    if (comparison.interval) return equal;
    return fmt::format("{}, and {} are needed to decide by their sign at {}", equal,
                       referee.pairs_for_equal_signs(), confidence_text(rule));
  }
  if (!comparison.interval) {
    return fmt::format("{}, and a {} interval needs {} at {}", pairs_text(comparison.pairs),
                       rank_word(rule.location), referee.pairs_for_equal_signs(),
                       confidence_text(rule));
  }
  if (comparison.verdict != Verdict::undecided) return std::nullopt;
  const std::string holds =
      is_of_mean ? "the interval contains 0"
                 : fmt::format("the {} interval contains 0", rank_word(rule.location));
  if (!rule.margin) return holds + ", and without a margin nothing is equivalent";
  return comparison.equivalence_interval
             ? holds + ", and the one for equivalence does not lie inside the margin"
             : holds + " and does not lie inside the margin";
}

std::string losses_text(const Losses& losses) {
  return fmt::format("{} ({} diverged, {} failed)", losses.total(), losses.diverged, losses.failed);
}

/// The trials that count against a verdict.
struct Lost {
  int a = 0;
  int b = 0;
  std::string text;
};

Lost lost_of(const Comparison& comparison, const std::optional<Watch>& watch) {
  constexpr const char* kText = "a lost {} of its trials and b {}";
  if (watch) {
    return {.a = watch->lost_a(),
            .b = watch->lost_b(),
            .text = fmt::format(kText, watch->lost_a(), watch->lost_b())};
  }
  return {.a = comparison.a.total(),
          .b = comparison.b.total(),
          .text = fmt::format(kText, losses_text(comparison.a), losses_text(comparison.b))};
}

std::string_view claim_of(Verdict verdict) {
  if (verdict == Verdict::equivalent) return "are equivalent";
  return verdict == Verdict::better ? "favour a" : "favour b";
}

/// What stands beside the verdict.
void describe(Comparison& comparison, const Pairs& pairs, const Moments& moments,
              const Rule& rule) {
  comparison.pairs = moments.count;
  comparison.mean_diff = moments.mean;
  comparison.location = rule.location;
  comparison.center = moments.mean;
  if (rule.location != Location::mean && moments.count > 0) {
    std::vector<double> sorted = pairs.differences;
    std::sort(sorted.begin(), sorted.end());
    comparison.center = rank_center(sorted, rule.location);
  }
  comparison.sd_diff = moments.sd;
  if (const auto student = student_intervals(moments, rule)) {
    comparison.student_interval = student->plain;
  }
  comparison.p_t = t_test(moments);
  if (const auto permutation = permutation_test(pairs.differences)) {
    comparison.p_permutation = permutation->p;
    comparison.p_permutation_error = permutation->monte_carlo_error;
  }
  comparison.p_wilcoxon = wilcoxon_test(pairs.differences);
  comparison.p_equivalence = equivalence_test(moments, rule);
  comparison.posterior = posterior_of(moments, rule);
  comparison.wins_share = share_of_wins(pairs.differences, rule);
  comparison.correlation = correlation(pairs.a, pairs.b);
  comparison.mean_size = mean_magnitude(pairs);
  comparison.distinct = count_distinct(pairs.differences);
  comparison.skewness = moments.skewness;
  if (moments.skewness) comparison.skewness_standard_error = skewness_standard_error(moments.count);
  if (moments.sd.value_or(0) > 0) {
    comparison.effect_size = *moments.mean / *moments.sd;
    const double spread_a = *moments_of(pairs.a).sd / *moments.sd;
    const double spread_b = *moments_of(pairs.b).sd / *moments.sd;
    comparison.pairing_gain = spread_a * spread_a + spread_b * spread_b;
  }
  if (moments.count > 0 && comparison.a.total() == 0 && comparison.b.total() == 0) {
    comparison.failure_rate_bound = 1 - std::pow(0.05, 1.0 / moments.count);
  }
}

/// What the guarded intervals say.
std::optional<Verdict> guarded_verdict_of(const Look& look, const Rule& rule) {
  if (!look.intervals || !look.intervals->guarded) return std::nullopt;
  const Intervals of_equivalence = look.equivalence_intervals.value_or(*look.intervals);
  return decide(*look.intervals->guarded, *of_equivalence.guarded, rule);
}

void judge(Comparison& comparison, std::span<const double> differences, const Moments& moments,
           const std::optional<Watch>& watch, Referee& referee) {
  const Rule& rule = referee.rule();
  const Look look = referee.look(differences);
  if (look.intervals) {
    comparison.interval = deciding(*look.intervals, rule);
    comparison.critical = look.critical;
    comparison.guarded_interval = look.intervals->guarded;
    comparison.guarded_verdict = guarded_verdict_of(look, rule);
  }
  if (look.equivalence_intervals) {
    comparison.equivalence_interval = deciding(*look.equivalence_intervals, rule);
  }
  const Lost lost = lost_of(comparison, watch);
  if (losses_forbid(look.verdict, lost.a, lost.b)) {
    comparison.reason =
        fmt::format("{} {}, but {}", kForbiddenByLosses, claim_of(look.verdict), lost.text);
    return;
  }
  comparison.verdict = look.verdict;
  comparison.reason = reason_for(comparison, moments, referee);
  comparison.negligible =
      look.verdict == Verdict::equivalent && leaves_zero_out(*comparison.interval);
  const int incomplete = comparison.replicates - comparison.pairs;
  comparison.more_pairs_needed = referee.more_pairs(differences, rule.max_pairs - incomplete);
}

}  // namespace

Comparison compare(std::span<const std::optional<double>> a,
                   std::span<const std::optional<double>> b, const Losses& losses_a,
                   const Losses& losses_b, Referee& referee, const std::vector<Gate>& gates) {
  check(a.size() == b.size(), "both orders have a value or a gap for every replicate");
  Comparison comparison;
  comparison.a = with_unmeasured(losses_a, a);
  comparison.b = with_unmeasured(losses_b, b);
  comparison.replicates = static_cast<int>(a.size());
  std::optional<Watch> watch;
  if (referee.rule().stopping == Stopping::automatic) {
    watch.emplace(referee, gates);
    for (std::size_t i = 0; i < a.size() && watch->goes_on(); ++i) watch->add(a[i], b[i]);
    comparison.replicates = watch->replicates();
    comparison.looks = watch->looks();
    comparison.goes_on = watch->goes_on();
    comparison.is_ended_by_gate = watch->is_ended_by_gate();
  }
  const auto used = static_cast<std::size_t>(comparison.replicates);
  const Pairs pairs = complete_pairs(a.first(used), b.first(used));
  const Moments moments = moments_of(pairs.differences);
  describe(comparison, pairs, moments, referee.rule());
  judge(comparison, pairs.differences, moments, watch, referee);
  return comparison;
}

Comparison compare(std::span<const std::optional<double>> a,
                   std::span<const std::optional<double>> b, const Losses& losses_a,
                   const Losses& losses_b, const Rule& rule) {
  Referee referee(rule);
  return compare(a, b, losses_a, losses_b, referee);
}

void withhold(Comparison& comparison, std::string reason) {
  comparison.verdict = Verdict::undecided;
  comparison.negligible = false;
  comparison.is_ended_by_gate = false;
  comparison.more_pairs_needed.reset();
  comparison.reason = std::move(reason);
  comparison.withheld = true;
}

Standing standing_of(const Comparison& comparison) {
  return {.verdict = comparison.verdict,
          .interval = comparison.withheld ? std::nullopt : comparison.interval,
          .lost_a = comparison.a.total(),
          .lost_b = comparison.b.total()};
}

const std::optional<Interval>& deciding_interval(const Comparison& comparison) {
  const bool has_its_own =
      comparison.verdict == Verdict::equivalent && comparison.equivalence_interval;
  return has_its_own ? comparison.equivalence_interval : comparison.interval;
}

bool is_skewed(const Comparison& comparison) {
  return comparison.skewness &&
         std::abs(*comparison.skewness) > 2 * *comparison.skewness_standard_error;
}

bool is_carried_by_few(const Comparison& comparison) {
  return (comparison.verdict == Verdict::better && *comparison.wins_share < 0.5) ||
         (comparison.verdict == Verdict::worse && *comparison.wins_share > 0.5);
}

}  // namespace whichfirst::stats
