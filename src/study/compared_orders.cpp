#include "study/compared_orders.h"

#include <algorithm>
#include <map>

#include "stats/paired_tests.h"

namespace whichfirst::study {
namespace {

/// What a ranking makes of two orders. One that never trained stands below one that did, though no
/// pair of theirs is complete.
stats::Verdict ranking_verdict(const record::ComparisonResult& result,
                               const std::map<std::string, bool>& has_trained) {
  const bool has_a = has_trained.at(result.a);
  const bool has_b = has_trained.at(result.b);
  if (has_a != has_b) return has_a ? stats::Verdict::better : stats::Verdict::worse;
  return result.comparison.verdict;
}

}  // namespace

record::ComparisonResult compare_orders(const record::OrderResult& a, const record::OrderResult& b,
                                        stats::Referee& referee, const Wanted& wanted,
                                        const std::vector<stats::Gate>& gates) {
  record::ComparisonResult result{
      .a = a.name,
      .b = b.name,
      .comparison = stats::compare(a.values, b.values, {.diverged = a.diverged, .failed = a.failed},
                                   {.diverged = b.diverged, .failed = b.failed}, referee, gates),
      .interval_images = {},
      .images_standard_error = {},
      .images_floor = {},
      .p_holm = {},
      .more_core_hours_needed = {},
      .sentence = {}};
  const stats::Rule& rule = referee.rule();
  const stats::Comparison& comparison = result.comparison;
  const std::optional<double> difference = wanted.difference ? wanted.difference : rule.margin;
  const bool is_visible = difference && *difference >= rule.resolution;
  if (is_visible && comparison.sd_diff.value_or(0) > 0) {
    result.prospect = stats::prospect_of({.mean = *difference, .sd = *comparison.sd_diff},
                                         wanted.power, comparison.pairs, rule);
  }
  result.warnings = stats::warnings_of(comparison, rule);
  return result;
}

void compare_comparisons(record::VerdictRecord& verdict) {
  std::vector<std::optional<double>> p;
  for (const auto& result : verdict.comparisons) p.push_back(result.comparison.p_t);
  const auto adjusted = stats::holm_adjusted(p);
  for (std::size_t i = 0; i < adjusted.size(); ++i) verdict.comparisons[i].p_holm = adjusted[i];

  std::map<std::string, bool> has_trained;
  for (const record::OrderResult& order : verdict.orders) {
    has_trained[order.name] = order.mean.has_value();
  }
  std::map<std::string, record::RankedOrder> ranked;
  for (const record::ComparisonResult& result : verdict.comparisons) {
    if (result.shared_lr) continue;
    for (const std::string& name : {result.a, result.b}) ranked[name].name = name;
    const stats::Verdict found = ranking_verdict(result, has_trained);
    ranked[result.a].rank += found == stats::Verdict::worse ? 1 : 0;
    ranked[result.b].rank += found == stats::Verdict::better ? 1 : 0;
  }
  if (ranked.size() < 3) return;
  for (const record::ComparisonResult& result : verdict.comparisons) {
    if (result.shared_lr) continue;
    const stats::Verdict found = ranking_verdict(result, has_trained);
    if (found == stats::Verdict::better || found == stats::Verdict::worse) continue;
    record::RankedOrder& a = ranked[result.a];
    record::RankedOrder& b = ranked[result.b];
    if (a.rank == b.rank) a.is_tied = b.is_tied = true;
  }
  for (const record::OrderResult& order : verdict.orders) {
    const auto found = ranked.find(order.name);
    if (found != ranked.end()) verdict.ranking.push_back(found->second);
  }
  std::stable_sort(verdict.ranking.begin(), verdict.ranking.end(),
                   [](const auto& x, const auto& y) { return x.rank < y.rank; });
}

}  // namespace whichfirst::study
