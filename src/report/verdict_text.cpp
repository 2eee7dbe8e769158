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

std::string comparison_lines(const record::ComparisonResult& result, const MetricWords& words) {
  const stats::Comparison& c = result.comparison;
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
  text += fmt::format("  sign-flip p {}, t p {}, Wilcoxon p {}, equivalence (TOST) p {}\n",
                      p_value(c.p_permutation), p_value(c.p_t), p_value(c.p_wilcoxon),
                      p_value(c.p_equivalence));
  text += fmt::format(
      "  {} has the better value in {} of {} pairs (ties half); correlation of the "
      "pairs {}\n",
      result.a, c.wins_share ? fmt::format("{:g}", *c.wins_share * c.pairs) : kMissing, c.pairs,
      number(c.correlation, 2));
  if (c.failure_rate_bound) {
    text += fmt::format("  no trial was lost; failure rates up to {:.0f} % are still possible\n",
                        100 * *c.failure_rate_bound);
  }
  const bool is_skewed = c.skewness && c.skewness_standard_error &&
                         std::abs(*c.skewness) > 2 * *c.skewness_standard_error;
  if (is_skewed && c.guarded_interval) {
    text += fmt::format(
        "  warning: the differences are skewed ({:.2f}, more than 2 standard errors of {:.2f}); "
        "the "
        "skewness-guarded interval is {} to {}\n",
        *c.skewness, *c.skewness_standard_error,
        signed_number(c.guarded_interval->lower, words.decimals),
        signed_number(c.guarded_interval->upper, words.decimals));
  }
  return text;
}

std::string ledger_table(const record::VerdictRecord& verdict) {
  if (verdict.ledger.empty()) return "  nothing: the networks are alike in all that is listed\n";
  std::vector<std::string> header = {""};
  std::vector<Align> alignment = {Align::left};
  for (const record::OrderResult& order : verdict.orders) {
    header.push_back(order.name);
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
  text += "\nEvery pair\n" + seeds_table(verdict, words);
  text += verdict.table ? dropped_pairs(*verdict.table)
                        : "\nWhat else differs between the orders\n" + ledger_table(verdict);
  for (const record::ComparisonResult& result : verdict.comparisons) {
    text += "\n" + comparison_lines(result, words);
  }
  text += "\n";
  for (const record::ComparisonResult& result : verdict.comparisons) {
    text += fmt::format("{}\n", result.sentence);
  }
  return text;
}

}  // namespace whichfirst::report
