#include "report/verdict_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "record/printable.h"
#include "report/table.h"
#include "report/wording.h"

namespace whichfirst::report {
namespace {

constexpr const char* kMissing = "-";

std::string number(const std::optional<double>& value, int decimals) {
  return value ? fmt::format("{:.{}f}", *value, decimals) : kMissing;
}

std::string p_value(const std::optional<double>& p) {
  if (!p) return kMissing;
  return *p < 0.0001 ? "< 0.0001" : fmt::format("{:.4f}", *p);
}

std::string trained(const record::OrderResult& order) {
  return fmt::format("{}", std::count_if(order.values.begin(), order.values.end(),
                                         [](const auto& value) { return value.has_value(); }));
}

std::string orders_table(const record::VerdictRecord& verdict, const MetricWords& words) {
  Table table({"order", "stages", words.name, "sd", "trained", "diverged", "failed"},
              {Align::left, Align::left, Align::right, Align::right, Align::right, Align::right,
               Align::right});
  for (const record::OrderResult& order : verdict.orders) {
    table.add({order.name, order.order.value_or(kMissing), number(order.mean, words.decimals),
               number(order.sd, words.decimals), trained(order), fmt::format("{}", order.diverged),
               fmt::format("{}", order.failed)});
  }
  return table.print(2);
}

/// The orders of a table of results, of which no more is known.
std::string named_orders_table(const record::VerdictRecord& verdict, const MetricWords& words) {
  Table table({verdict.table->by, words.name, "sd", "trained", "diverged"},
              {Align::left, Align::right, Align::right, Align::right, Align::right});
  for (const record::OrderResult& order : verdict.orders) {
    table.add({order.name, number(order.mean, words.decimals), number(order.sd, words.decimals),
               trained(order), fmt::format("{}", order.diverged)});
  }
  return table.print(2);
}

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
  Table table({results.pair, "lacks"}, {Align::right, Align::left});
  for (const record::DroppedPair& dropped : results.dropped) {
    table.add({dropped.pair, fmt::format("{}", fmt::join(dropped.missing, ", "))});
  }
  return "\nLeft out, because an order is missing\n" + table.print(2);
}

/// Every replicate's value, so that a reader can check the verdict by hand. What verdict.json holds
/// is cut; a table's pairs all stand here.
std::string seeds_table(const record::VerdictRecord& verdict, const MetricWords& words) {
  const std::size_t most_shown = verdict.table ? verdict.table->pairs.size() : 40;
  std::vector<std::string> header = {verdict.table ? verdict.table->pair : "replicate"};
  std::vector<Align> alignment = {Align::right};
  std::size_t replicates = 0;
  for (const record::OrderResult& order : verdict.orders) {
    header.push_back(order.name);
    alignment.push_back(Align::right);
    replicates = std::max(replicates, order.values.size());
  }
  const bool is_pair = verdict.orders.size() == 2;
  if (is_pair) {
    header.emplace_back("difference");
    alignment.push_back(Align::right);
  }
  Table table(header, alignment);
  for (std::size_t r = 0; r < std::min(replicates, most_shown); ++r) {
    std::vector<std::string> row = {verdict.table ? verdict.table->pairs[r]
                                                  : fmt::format("{}", r + 1)};
    std::vector<std::optional<double>> values;
    for (const record::OrderResult& order : verdict.orders) {
      values.push_back(r < order.values.size() ? order.values[r] : std::nullopt);
      row.push_back(number(values.back(), words.decimals));
    }
    if (is_pair) {
      row.push_back(values[0] && values[1] ? signed_number(*values[0] - *values[1], words.decimals)
                                           : kMissing);
    }
    table.add(row);
  }
  std::string text = table.print(2);
  if (replicates > most_shown) {
    text += fmt::format("  ... and {} more in verdict.json\n", replicates - most_shown);
  }
  return text;
}

/// Order x learning rate on the tuning replicates, the best of each order marked.
std::string tuning_table(const record::VerdictRecord& verdict) {
  if (verdict.tuning.empty()) return "";
  const MetricWords words = metric_words(verdict.tuning.front().metric);
  std::vector<std::string> header = {"lr"};
  std::vector<Align> alignment = {Align::right};
  for (const record::TunedOrder& order : verdict.tuning) {
    header.push_back(order.name);
    alignment.push_back(Align::right);
  }
  Table table(header, alignment);
  for (std::size_t i = 0; i < verdict.tuning.front().rates.size(); ++i) {
    std::vector<std::string> row = {fmt::format("{}", verdict.tuning.front().rates[i].lr)};
    for (const record::TunedOrder& order : verdict.tuning) {
      const record::TunedRate& rate = order.rates[i];
      std::string cell = number(rate.mean, words.decimals);
      if (rate.sd) cell += fmt::format(" (sd {:.{}f})", *rate.sd, words.decimals);
      if (rate.diverged + rate.failed > 0) {
        cell += fmt::format(" {} lost", rate.diverged + rate.failed);
      }
      row.push_back(cell + (rate.lr == order.best ? " *" : "  "));
    }
    table.add(row);
  }
  std::string text =
      fmt::format("\nLearning rates: {} of {} tuning replicates, * the best of an order\n{}",
                  words.name, verdict.tuning.front().rates.front().values.size(), table.print(2));
  for (const record::TunedOrder& order : verdict.tuning) {
    if (!order.is_at_low_end && !order.is_at_high_end) continue;
    text += fmt::format(
        "  {} likes the {} rate that was tried best; a wider list of recipe.lr may hold a better "
        "one\n",
        order.name, order.is_at_low_end ? "smallest" : "largest");
  }
  return text;
}

std::string comparison_lines(const record::ComparisonResult& result,
                             const record::VerdictRecord& verdict, const MetricWords& words) {
  const stats::Comparison& c = result.comparison;
  const bool is_automatic = !verdict.plan.seeds;
  std::string text;
  if (c.interval) {
    text += fmt::format("  {} - {}: mean {}, sd {}, interval {} to {}", result.a, result.b,
                        signed_number(c.mean_diff.value_or(0), words.decimals),
                        number(c.sd_diff, words.decimals),
                        signed_number(c.interval->lower, words.decimals),
                        signed_number(c.interval->upper, words.decimals));
    if (result.interval_images) {
      text += fmt::format("; over other test images too {} to {}",
                          signed_number(result.interval_images->lower, words.decimals),
                          signed_number(result.interval_images->upper, words.decimals));
    }
    text += '\n';
  }
  if (is_automatic && c.student_interval) {
    text += fmt::format("  {} looks; Student's interval of these pairs {} to {}\n", c.looks,
                        signed_number(c.student_interval->lower, words.decimals),
                        signed_number(c.student_interval->upper, words.decimals));
  }
  text += fmt::format("  sign-flip p {}, t p {}, Wilcoxon p {}, equivalence (TOST) p {}{}\n",
                      p_value(c.p_permutation), p_value(c.p_t), p_value(c.p_wilcoxon),
                      p_value(c.p_equivalence),
                      is_automatic ? " (like Student's, not corrected for looking)" : "");
  text += fmt::format(
      "  {} has the better value in {} of {} pairs (ties half); correlation of the "
      "pairs {}\n",
      result.a, c.wins_share ? fmt::format("{:g}", *c.wins_share * c.pairs) : kMissing, c.pairs,
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
  if (stats::is_skewed(c) && c.guarded_interval && !verdict.plan.guard) {
    text += fmt::format(
        "  warning: the differences are skewed ({:.2f}, more than 2 standard errors of {:.2f}); "
        "the "
        "skewness-guarded interval is {} to {}\n",
        *c.skewness, *c.skewness_standard_error,
        signed_number(c.guarded_interval->lower, words.decimals),
        signed_number(c.guarded_interval->upper, words.decimals));
  }
  if (stats::is_carried_by_few(c)) {
    text +=
        "  warning: fewer than half of the pairs lie on the verdict's side: few carry the mean\n";
  }
  return text;
}

std::string ledger_table(const record::VerdictRecord& verdict) {
  if (verdict.ledger.empty()) return "  nothing: the networks are alike in all that is listed\n";
  std::vector<std::string> header = {""};
  std::vector<Align> alignment = {Align::left};
  for (const std::string& order : verdict.ledger_orders) {
    header.push_back(order);
    alignment.push_back(Align::left);
  }
  Table table(header, alignment);
  for (const record::LedgerRow& row : verdict.ledger) {
    std::vector<std::string> cells = {row.what};
    cells.insert(cells.end(), row.values.begin(), row.values.end());
    table.add(cells);
  }
  return table.print(2);
}

}  // namespace

std::string print_verdict(const record::VerdictRecord& verdict) {
  const MetricWords words = metric_words(verdict);
  std::string text = verdict.table ? table_heading(verdict) + named_orders_table(verdict, words)
                                   : orders_table(verdict, words);
  if (!verdict.table) {
    for (const std::string& note : verdict.condition.notes) {
      text += fmt::format("  note: {}\n", record::printable(note, 400));
    }
  }
  text += tuning_table(verdict);
  text += "\nEvery pair\n" + seeds_table(verdict, words);
  text += verdict.table ? dropped_pairs(*verdict.table)
                        : "\nWhat else differs between the orders\n" + ledger_table(verdict);
  for (const record::ComparisonResult& result : verdict.comparisons) {
    text += "\n" + comparison_lines(result, verdict, words);
  }
  text += "\n";
  for (const record::ComparisonResult& result : verdict.comparisons) {
    text += fmt::format("{}\n", result.sentence);
  }
  return text;
}

}  // namespace whichfirst::report
