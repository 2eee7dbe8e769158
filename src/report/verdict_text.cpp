#include "report/verdict_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "record/printable.h"
#include "report/inference_text.h"
#include "report/remarks.h"
#include "report/table.h"
#include "report/tap_tables.h"
#include "report/verdict_tables.h"
#include "report/wording.h"

namespace whichfirst::report {
namespace {

/// "results.csv: accuracy, higher is better; 8 pairs by seed".
std::string table_heading(const record::VerdictRecord& verdict) {
  const record::ResultsTable& table = *verdict.table;
  return fmt::format("{}: {}, {} is better; {} pair{} by {}\n", record::printable(table.file),
                     verdict.metric,
                     verdict.direction == stats::Direction::higher_is_better ? "higher" : "lower",
                     table.pairs.size(), table.pairs.size() == 1 ? "" : "s", table.pair);
}

std::string dropped_pairs(const record::ResultsTable& results) {
  if (results.dropped.empty()) return "";
  constexpr std::size_t kMostShown = 200;
  Table table({results.pair, "lacks"}, {Align::right, Align::left});
  for (const record::DroppedPair& dropped : results.dropped) {
    table.add({dropped.pair, fmt::format("{}", fmt::join(dropped.missing, ", "))});
    if (&dropped - results.dropped.data() + 1 == kMostShown) break;
  }
  std::string text = "\nLeft out, because an order is missing\n" + table.print(2);
  if (results.dropped.size() > kMostShown) {
    text += fmt::format("  ... and {} more\n", results.dropped.size() - kMostShown);
  }
  return text;
}

std::string tuning_part(const record::VerdictRecord& verdict) {
  if (verdict.tuning.empty()) return "";
  std::string text = fmt::format(
      "\nLearning rates: {} of {} tuning replicates, * the best of an order\n{}",
      metric_words(verdict.tuning.front().metric).name,
      verdict.tuning.front().rates.front().values.size(), tuning_table(verdict).print(2));
  for (const record::TunedOrder& order : verdict.tuning) {
    if (!order.is_at_low_end && !order.is_at_high_end) continue;
    text += fmt::format(
        "  {} likes the {} rate that was tried best; a wider list of recipe.lr may hold a better "
        "one\n",
        order.name, order.is_at_low_end ? "smallest" : "largest");
  }
  return text;
}

std::string pairs_part(const record::VerdictRecord& verdict) {
  std::string text = "\nEvery pair\n" + pairs_table(verdict).print(2);
  if (const std::size_t beyond = pairs_beyond_table(verdict); beyond > 0) {
    text += fmt::format("  ... and {} more in the JSON document\n", beyond);
  }
  return text;
}

std::string ledger_part(const record::VerdictRecord& verdict) {
  const std::string heading = "\nWhat else differs between the orders\n";
  if (verdict.ledger.empty()) {
    return heading + "  nothing: the networks are alike in all that is listed\n";
  }
  return heading + ledger_table(verdict).print(2);
}

std::string interval_lines(const record::ComparisonResult& result,
                           const record::VerdictRecord& verdict, const MetricWords& words) {
  const stats::Comparison& c = result.comparison;
  std::string text;
  const auto ends = [&](const stats::Interval& interval) {
    return fmt::format("{} to {}", signed_number(interval.lower, words.decimals),
                       signed_number(interval.upper, words.decimals));
  };
  if (c.interval) {
    text +=
        fmt::format("  {} - {}: {} {}, sd {}, interval {}", result.a, result.b,
                    stats::name(c.location), signed_number(c.center.value_or(0), words.decimals),
                    number(c.sd_diff, words.decimals), ends(*c.interval));
    if (c.equivalence_interval) {
      text += fmt::format(" (for equivalence {})", ends(*c.equivalence_interval));
    }
    if (result.interval_images) {
      text += fmt::format("; over other test images too {}", ends(*result.interval_images));
    }
    text += '\n';
  }
  if (!verdict.plan.seeds && c.student_interval) {
    text += fmt::format("  {} looks; Student's interval of these pairs {}\n", c.looks,
                        ends(*c.student_interval));
  }
  return text;
}

std::string comparison_lines(const record::ComparisonResult& result,
                             const record::VerdictRecord& verdict, const MetricWords& words) {
  const stats::Comparison& c = result.comparison;
  std::string text = interval_lines(result, verdict, words);
  text += fmt::format("  sign-flip p {}, t p {}, Wilcoxon p {}, equivalence (TOST) p {}{}\n",
                      p_value(c.p_permutation), p_value(c.p_t), p_value(c.p_wilcoxon),
                      p_value(c.p_equivalence),
                      verdict.plan.seeds ? "" : " (like Student's, not corrected for looking)");
  text += fmt::format(
      "  {} has the better value in {} of {} pairs (ties half); correlation of the "
      "pairs {}\n",
      result.a, c.wins_share ? fmt::format("{:g}", *c.wins_share * c.pairs) : "-", c.pairs,
      number(c.correlation, 2));
  if (c.effect_size && c.pairing_gain) {
    text += fmt::format(
        "  effect size {:.2f} (mean / sd); without pairing it would take {:.1f} times as many\n",
        *c.effect_size, *c.pairing_gain);
  }
  if (c.failure_rate_bound) {
    text += fmt::format("  no trial was lost; failure rates up to {:.0f} % are still possible\n",
                        100 * *c.failure_rate_bound);
  }
  for (const std::string& line : {prospect_words(result, verdict), floor_words(result, verdict)}) {
    if (!line.empty()) text += "  " + line + "\n";
  }
  for (const stats::Warning& warning : result.warnings) {
    text += "  warning: " + warning_words(warning, result, verdict) + "\n";
  }
  return text;
}

std::string taps_part(const record::ComparisonResult& result,
                      const record::VerdictRecord& verdict) {
  if (!result.taps) return "";
  return "\n" + taps_words(result, verdict) + "\n" + taps_table(result).print(2);
}

}  // namespace

std::string print_verdict(const record::VerdictRecord& verdict) {
  const MetricWords words = metric_words(verdict);
  std::string text = verdict.table ? table_heading(verdict) : "";
  text += orders_table(verdict).print(2);
  if (!verdict.table) {
    for (const std::string& note : verdict.condition.notes) {
      text += fmt::format("  note: {}\n", record::printable(note, 400));
    }
  }
  text += tuning_part(verdict);
  text += pairs_part(verdict);
  text += verdict.table ? dropped_pairs(*verdict.table) : ledger_part(verdict);
  text += inference_part(verdict);
  for (const record::ComparisonResult& result : verdict.comparisons) {
    text += "\n" + comparison_lines(result, verdict, words);
    text += taps_part(result, verdict);
  }
  if (!verdict.ranking.empty()) {
    text += fmt::format("\nRanking: {}\n{}", kRankingTitle, ranking_table(verdict).print(2));
  }
  if (const std::string cost = tap_cost_words(verdict); !cost.empty()) text += "\n" + cost + "\n";
  text += "\n" + plan_words(verdict) + "\n";
  for (const record::ComparisonResult& result : verdict.comparisons) {
    text += fmt::format("{}\n", result.sentence);
  }
  return text;
}

}  // namespace whichfirst::report
