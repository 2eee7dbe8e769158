#include "report/verdict_tables.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/wording.h"

namespace whichfirst::report {
namespace {

constexpr const char* kMissing = "-";
constexpr std::size_t kMostShownPairs = 200;

std::string trained(const record::OrderResult& order) {
  return fmt::format("{}", std::count_if(order.values.begin(), order.values.end(),
                                         [](const auto& value) { return value.has_value(); }));
}

std::size_t most_replicates(const record::VerdictRecord& verdict) {
  std::size_t most = 0;
  for (const record::OrderResult& order : verdict.orders) {
    most = std::max(most, order.values.size());
  }
  return most;
}

/// The orders of a table of results, of which no more is known.
Table named_orders_table(const record::VerdictRecord& verdict, const MetricWords& words) {
  Table table({verdict.table->by, words.name, "sd", "trained", "diverged"},
              {Align::left, Align::right, Align::right, Align::right, Align::right});
  for (const record::OrderResult& order : verdict.orders) {
    table.add({order.name, number(order.mean, words.decimals), number(order.sd, words.decimals),
               trained(order), fmt::format("{}", order.diverged)});
  }
  return table;
}

std::string center_title(const record::VerdictRecord& verdict) {
  return verdict.comparisons.empty()
             ? "mean"
             : std::string(stats::name(verdict.comparisons.front().comparison.location));
}

/// "-0.30 to +0.25"; where it is not of the confidence in the heading, with its own.
std::string interval_cell(const record::VerdictRecord& verdict, const stats::Comparison& c,
                          int decimals) {
  const std::optional<stats::Interval>& interval = stats::deciding_interval(c);
  if (!interval) return kMissing;
  const std::string ends = fmt::format("{} to {}", signed_number(interval->lower, decimals),
                                       signed_number(interval->upper, decimals));
  if (!is_for_equivalence(c)) return ends;
  return fmt::format("{} ({:.4g} %)", ends, interval_percent(verdict, c));
}

/// "87.31 (sd 0.21) 1 lost *".
std::string tuned_cell(const record::TunedRate& rate, bool is_best, int decimals) {
  std::string cell = number(rate.mean, decimals);
  if (rate.sd) cell += fmt::format(" (sd {:.{}f})", *rate.sd, decimals);
  if (rate.diverged > 0) cell += fmt::format(" {} diverged", rate.diverged);
  if (rate.failed > 0) cell += fmt::format(" {} failed", rate.failed);
  return cell + (is_best ? " *" : "  ");
}

}  // namespace

std::string number(const std::optional<double>& value, int decimals) {
  return value ? fmt::format("{:.{}f}", *value, decimals) : kMissing;
}

Table orders_table(const record::VerdictRecord& verdict) {
  const MetricWords words = metric_words(verdict);
  if (verdict.table) return named_orders_table(verdict, words);
  Table table({"order", "stages", words.name, "sd", "trained", "diverged", "failed"},
              {Align::left, Align::left, Align::right, Align::right, Align::right, Align::right,
               Align::right});
  for (const record::OrderResult& order : verdict.orders) {
    table.add({order.name, order.order.value_or(kMissing), number(order.mean, words.decimals),
               number(order.sd, words.decimals), trained(order), fmt::format("{}", order.diverged),
               fmt::format("{}", order.failed)});
  }
  return table;
}

Table comparisons_table(const record::VerdictRecord& verdict) {
  const MetricWords words = metric_words(verdict);
  Table table(
      {"a - b", "pairs", center_title(verdict), "sd", interval_title(verdict), "verdict on a"},
      {Align::left, Align::right, Align::right, Align::right, Align::right, Align::left});
  for (const record::ComparisonResult& result : verdict.comparisons) {
    const stats::Comparison& c = result.comparison;
    table.add({fmt::format("{} - {}", result.a, result.b), fmt::format("{}", c.pairs),
               c.center ? signed_number(*c.center, words.decimals) : kMissing,
               number(c.sd_diff, words.decimals), interval_cell(verdict, c, words.decimals),
               std::string(stats::name(c.verdict))});
  }
  return table;
}

Table pairs_table(const record::VerdictRecord& verdict) {
  const MetricWords words = metric_words(verdict);
  std::vector<std::string> header = {verdict.table ? verdict.table->pair : "replicate"};
  for (const record::OrderResult& order : verdict.orders) header.push_back(order.name);
  const bool is_pair = verdict.orders.size() == 2;
  if (is_pair) header.emplace_back("difference");
  Table table(header, std::vector<Align>(header.size(), Align::right));
  for (std::size_t r = 0; r < std::min(most_replicates(verdict), kMostShownPairs); ++r) {
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
  return table;
}

std::size_t pairs_beyond_table(const record::VerdictRecord& verdict) {
  const std::size_t replicates = most_replicates(verdict);
  return replicates - std::min(replicates, kMostShownPairs);
}

Table tuning_table(const record::VerdictRecord& verdict) {
  std::vector<std::string> header = {"lr"};
  for (const record::TunedOrder& order : verdict.tuning) header.push_back(order.name);
  Table table(header, std::vector<Align>(header.size(), Align::right));
  if (verdict.tuning.empty()) return table;
  const int decimals = metric_words(verdict.tuning.front().metric).decimals;
  for (std::size_t i = 0; i < verdict.tuning.front().rates.size(); ++i) {
    std::vector<std::string> row = {fmt::format("{}", verdict.tuning.front().rates[i].lr)};
    for (const record::TunedOrder& order : verdict.tuning) {
      row.push_back(tuned_cell(order.rates[i], order.rates[i].lr == order.best, decimals));
    }
    table.add(row);
  }
  return table;
}

Table ranking_table(const record::VerdictRecord& verdict) {
  Table table({"rank", "order"}, {Align::right, Align::left});
  for (const record::RankedOrder& order : verdict.ranking) {
    table.add({fmt::format("{}{}", order.rank, order.is_tied ? "=" : " "), order.name});
  }
  return table;
}

Table ledger_table(const record::VerdictRecord& verdict) {
  std::vector<std::string> header = {""};
  header.insert(header.end(), verdict.ledger_orders.begin(), verdict.ledger_orders.end());
  Table table(header, std::vector<Align>(header.size(), Align::left));
  for (const record::LedgerRow& row : verdict.ledger) {
    std::vector<std::string> cells = {row.what};
    cells.insert(cells.end(), row.values.begin(), row.values.end());
    table.add(cells);
  }
  return table;
}

}  // namespace whichfirst::report
