#include "report/verdict_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

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

std::string orders_table(const record::VerdictRecord& verdict, const MetricWords& words) {
  Table table({"order", "stages", words.name, "sd", "trained", "diverged", "failed"},
              {Align::left, Align::left, Align::right, Align::right, Align::right, Align::right,
               Align::right});
  for (const record::OrderResult& order : verdict.orders) {
    const auto trained = std::count_if(order.values.begin(), order.values.end(),
                                       [](const auto& value) { return value.has_value(); });
    table.add({order.name, order.order, number(order.mean, words.decimals),
               number(order.sd, words.decimals), fmt::format("{}", trained),
               fmt::format("{}", order.diverged), fmt::format("{}", order.failed)});
  }
  return table.print(2);
}

/// Every replicate's value, so that a reader can check the verdict by hand.
std::string seeds_table(const record::VerdictRecord& verdict, const MetricWords& words) {
  constexpr std::size_t kMostShown = 40;
  std::vector<std::string> header = {"replicate"};
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
  for (std::size_t r = 0; r < std::min(replicates, kMostShown); ++r) {
    std::vector<std::string> row = {fmt::format("{}", r + 1)};
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
  if (replicates > kMostShown) {
    text += fmt::format("  ... and {} more in verdict.json\n", replicates - kMostShown);
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
  const MetricWords words = metric_words(verdict.metric);
  std::string text = orders_table(verdict, words);
  text += "\nEvery pair\n" + seeds_table(verdict, words);
  text += "\nWhat else differs between the orders\n" + ledger_table(verdict);
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
