#include "report/verdict_tables.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "report/wording.h"

namespace whichfirst::report {
namespace {

using record::ComparisonResult;
using record::InferenceResult;
using record::OrderResult;
using record::VerdictRecord;

constexpr std::size_t kMostShownPairs = 200;

/// `first`, then a column for each of `names`.
std::vector<std::string> header_of(const std::string& first, const auto& names) {
  std::vector<std::string> header = {first};
  for (const auto& named : names) header.push_back(named.name);
  return header;
}

/// "-0.30 to +0.25"; where it is not of the confidence in the heading, with its own.
std::string interval_cell(const VerdictRecord& verdict, const stats::Comparison& c, int decimals) {
  const std::optional<stats::Interval>& interval = stats::deciding_interval(c);
  if (!interval) return kMissing;
  const std::string ends = interval_words(*interval, decimals);
  if (!is_for_equivalence(c)) return ends;
  return fmt::format("{} ({:.4g} %)", ends, interval_percent(verdict, c));
}

/// "87.31 (sd 0.21) 1 diverged *".
std::string tuned_cell(const record::TunedRate& rate, bool is_best, int decimals) {
  std::string cell = number(rate.mean, decimals);
  if (rate.sd) cell += fmt::format(" (sd {:.{}f})", *rate.sd, decimals);
  if (rate.diverged > 0) cell += fmt::format(" {} diverged", rate.diverged);
  if (rate.failed > 0) cell += fmt::format(" {} failed", rate.failed);
  return cell + (is_best ? " *" : "  ");
}

std::string_view words_of(std::string_view statistic) {
  for (const record::TapStatistic& known : record::tap_statistics()) {
    if (known.name == statistic) return known.words;
  }
  return statistic;
}

std::string taps_caption(const record::TapComparison& taps, double rate) {
  const auto found = std::count_if(taps.differences.begin(), taps.differences.end(),
                                   [&](const auto& row) { return row.q && *row.q <= rate; });
  return fmt::format(
      "Inside the networks after epoch {}, over {}: {} of {} numbers differ at a false discovery "
      "rate of {:.3g} % (q, Benjamini and Yekutieli). Of each kind of number the place where it "
      "differs most clearly; all places are in the JSON document.",
      taps.epoch, counted(taps.pairs, "pair"), found, taps.differences.size(), 100 * rate);
}

/// Folded and all bn's of an order; each may be as large as an int can be.
std::int64_t folded_of(const record::FoldCounts& counts) {
  return std::int64_t{counts.backward} + counts.forward;
}
std::int64_t bns_of(const record::FoldCounts& counts) { return folded_of(counts) + counts.kept; }

std::vector<std::string> inference_row(const InferenceResult& result) {
  const auto& timings = result.timings;
  return {result.name,
          bns_of(result.counts) == 0
              ? "no bn"
              : fmt::format("{} of {}", folded_of(result.counts), bns_of(result.counts)),
          timings ? fmt::format("{:.3g} -> {:.3g} ms", 1e3 * timings->trained.latency_seconds,
                                1e3 * timings->folded.latency_seconds)
                  : kMissing,
          timings ? fmt::format("{:.0f} -> {:.0f}", timings->trained.images_per_second,
                                timings->folded.images_per_second)
                  : kMissing,
          fmt::format("{:.3g} -> {:.3g} MB", 1e-6 * static_cast<double>(result.trained.bytes),
                      1e-6 * static_cast<double>(result.folded.bytes)),
          result.max_difference && result.max_logit
              ? fmt::format("{:.1e} of {:.3g}", *result.max_difference, *result.max_logit)
              : kMissing};
}

}  // namespace

Table orders_table(const VerdictRecord& verdict) {
  const MetricWords words = metric_words(verdict);
  // Of the orders of a table of results no more is known than their names.
  const bool is_named = verdict.table.has_value();
  Table table = is_named
                    ? Table{{verdict.table->by, words.name, "sd", "trained", "diverged"}, "lrrrr"}
                    : Table{{"order", "stages", words.name, "sd", "trained", "diverged", "failed"},
                            "llrrrrr"};
  for (const OrderResult& order : verdict.orders) {
    const auto trained = std::count_if(order.values.begin(), order.values.end(),
                                       [](const auto& value) { return value.has_value(); });
    std::vector<std::string>& row = table.rows.emplace_back();
    row.push_back(order.name);
    if (!is_named) row.push_back(order.order.value_or(kMissing));
    row.insert(row.end(), {number(order.mean, words.decimals), number(order.sd, words.decimals),
                           fmt::format("{}", trained), fmt::format("{}", order.diverged)});
    if (!is_named) row.push_back(fmt::format("{}", order.failed));
  }
  return table;
}

Table comparisons_table(const VerdictRecord& verdict) {
  const int decimals = metric_words(verdict).decimals;
  const auto location = verdict.comparisons.empty()
                            ? stats::Location::mean
                            : verdict.comparisons.front().comparison.location;
  Table table{{"a - b", "pairs", std::string(stats::name(location)), "sd", interval_title(verdict),
               "verdict on a"},
              "lrrrrl"};
  for (const ComparisonResult& result : verdict.comparisons) {
    const stats::Comparison& c = result.comparison;
    table.rows.push_back({fmt::format("{} - {}", result.a, result.b), fmt::format("{}", c.pairs),
                          c.center ? signed_number(*c.center, decimals) : kMissing,
                          number(c.sd_diff, decimals), interval_cell(verdict, c, decimals),
                          std::string(stats::name(c.verdict))});
  }
  return table;
}

std::vector<Block> pairs_blocks(const VerdictRecord& verdict) {
  const int decimals = metric_words(verdict).decimals;
  const bool is_pair = verdict.orders.size() == 2;
  Table table{header_of(verdict.table ? verdict.table->pair : "replicate", verdict.orders), ""};
  if (is_pair) table.header.emplace_back("difference");
  table.alignment.assign(table.header.size(), 'r');
  std::size_t replicates = 0;
  for (const OrderResult& order : verdict.orders) {
    replicates = std::max(replicates, order.values.size());
  }
  for (std::size_t r = 0; r < std::min(replicates, kMostShownPairs); ++r) {
    std::vector<std::string>& row = table.rows.emplace_back();
    row.push_back(verdict.table ? verdict.table->pairs[r] : fmt::format("{}", r + 1));
    std::vector<std::optional<double>> values;
    for (const OrderResult& order : verdict.orders) {
      values.push_back(r < order.values.size() ? order.values[r] : std::nullopt);
      row.push_back(number(values.back(), decimals));
    }
    if (!is_pair) continue;
    row.push_back(values[0] && values[1] ? signed_number(*values[0] - *values[1], decimals)
                                         : kMissing);
  }
  std::vector<Block> blocks = {table};
  if (replicates > kMostShownPairs) {
    blocks.emplace_back(Words{Role::remark, fmt::format("... and {} more in the JSON document",
                                                        replicates - kMostShownPairs)});
  }
  return blocks;
}

Table tuning_table(const VerdictRecord& verdict) {
  Table table{header_of("lr", verdict.tuning), std::string(verdict.tuning.size() + 1, 'r')};
  const record::TunedOrder& first = verdict.tuning.front();
  const int decimals = metric_words(first.metric).decimals;
  for (std::size_t i = 0; i < first.rates.size(); ++i) {
    std::vector<std::string>& row = table.rows.emplace_back();
    row.push_back(fmt::format("{}", first.rates[i].lr));
    for (const record::TunedOrder& order : verdict.tuning) {
      row.push_back(tuned_cell(order.rates[i], order.rates[i].lr == order.best, decimals));
    }
  }
  return table;
}

Table ranking_table(const VerdictRecord& verdict) {
  Table table{{"rank", "order"}, "rl"};
  for (const record::RankedOrder& order : verdict.ranking) {
    table.rows.push_back({fmt::format("{}{}", order.rank, order.is_tied ? "=" : " "), order.name});
  }
  return table;
}

Table ledger_table(const VerdictRecord& verdict) {
  Table table{{""}, std::string(verdict.ledger_orders.size() + 1, 'l')};
  table.header.insert(table.header.end(), verdict.ledger_orders.begin(),
                      verdict.ledger_orders.end());
  for (const auto& row : verdict.ledger) {
    table.rows.push_back({row.what});
    table.rows.back().insert(table.rows.back().end(), row.values.begin(), row.values.end());
  }
  return table;
}

Table taps_table(const ComparisonResult& result, const VerdictRecord& verdict) {
  Table table{{"number", "place", result.a, result.b, "a - b", "interval", "q"}, "llrrrrr"};
  table.caption = taps_caption(*result.taps, 1 - verdict.confidence);
  std::set<std::string> shown;
  for (const record::TapDifference& row : result.taps->differences) {
    if (!row.p || !shown.insert(row.statistic).second) continue;
    table.rows.push_back(
        {std::string(words_of(row.statistic)), row.place, fmt::format("{:.3g}", row.mean_a),
         fmt::format("{:.3g}", row.mean_b), fmt::format("{:+.3g}", row.mean_diff),
         row.interval ? fmt::format("{:+.3g} to {:+.3g}", row.interval->lower, row.interval->upper)
                      : kMissing,
         p_value(row.q)});
  }
  return table;
}

std::vector<Block> inference_blocks(const VerdictRecord& verdict) {
  if (verdict.inference.empty()) return {};
  Table table{{"order", "bn folded", "one picture", "pictures/s", "memory", "largest difference"},
              "lrrrrr"};
  table.caption = "Inference on one core: as trained -> with bn folded into the weights";
  for (const InferenceResult& result : verdict.inference) {
    table.rows.push_back(inference_row(result));
  }
  std::vector<Block> blocks = {table};
  for (const InferenceResult& result : verdict.inference) {
    const record::FoldCounts& counts = result.counts;
    if (counts.bias_maps > 0) {
      blocks.emplace_back(Words{
          Role::remark,
          fmt::format(
              "{} folds forward: {} of {} convolutions need a bias by position, because they pad.",
              result.name, counts.bias_maps, counts.convolutions)});
    }
    if (counts.kept == 0) continue;
    std::vector<std::string> reasons;
    for (const record::KeptReason& kept : result.reasons) {
      reasons.push_back(fmt::format("{} because {}", kept.bns, kept.reason));
    }
    blocks.emplace_back(
        Words{Role::remark, fmt::format("{} keeps {} of {} bn: {}.", result.name, counts.kept,
                                        bns_of(counts), fmt::join(reasons, "; "))});
  }
  return blocks;
}

}  // namespace whichfirst::report
