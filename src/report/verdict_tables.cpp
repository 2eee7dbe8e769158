#include "report/verdict_tables.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

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
      "rate of {:.3g} % (q, Benjamini and Yekutieli). For each kind of number the table shows the "
      "place where it differs most clearly; the JSON document has all places.",
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

/// The comparison of two orders, turned so that it speaks of `first`; nothing where there is none.
std::optional<stats::Comparison> seen_from(const std::string& first, const std::string& second,
                                           const std::vector<ComparisonResult>& compared) {
  for (const ComparisonResult& result : compared) {
    if (result.a == first && result.b == second) return result.comparison;
    if (result.a != second || result.b != first) continue;
    stats::Comparison turned = result.comparison;
    if (turned.center) turned.center = -*turned.center;
    for (auto* interval :
         {&turned.interval, &turned.equivalence_interval, &turned.guarded_interval}) {
      if (*interval) *interval = stats::Interval{-(*interval)->upper, -(*interval)->lower};
    }
    if (turned.verdict == stats::Verdict::better) {
      turned.verdict = stats::Verdict::worse;
    } else if (turned.verdict == stats::Verdict::worse) {
      turned.verdict = stats::Verdict::better;
    }
    return turned;
  }
  return std::nullopt;
}

/// The orders that `compared` speaks of: by rank, then by mean; two as the plan names them.
std::vector<const OrderResult*> best_first(const std::vector<ComparisonResult>& compared,
                                           const VerdictRecord& verdict) {
  std::vector<const OrderResult*> orders;
  for (const OrderResult& order : verdict.orders) {
    const bool takes_part = std::any_of(compared.begin(), compared.end(), [&](const auto& result) {
      return result.a == order.name || result.b == order.name;
    });
    if (takes_part || compared.empty()) orders.push_back(&order);
  }
  if (compared.size() < 2) return orders;
  const double sign = verdict.direction == stats::Direction::higher_is_better ? -1 : 1;
  const auto place = [&](const OrderResult* order) {
    const auto found = std::find_if(verdict.ranking.begin(), verdict.ranking.end(),
                                    [&](const auto& ranked) { return ranked.name == order->name; });
    const int rank = found == verdict.ranking.end() ? std::numeric_limits<int>::max() : found->rank;
    return std::pair(rank,
                     order->mean ? sign * *order->mean : std::numeric_limits<double>::infinity());
  };
  std::stable_sort(orders.begin(), orders.end(),
                   [&](const auto* x, const auto* y) { return place(x) < place(y); });
  return orders;
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

Table comparisons_table(const std::vector<ComparisonResult>& compared,
                        const VerdictRecord& verdict) {
  const int decimals = metric_words(verdict).decimals;
  const auto location =
      compared.empty() ? stats::Location::mean : compared.front().comparison.location;
  Table table{{"a - b", "pairs", std::string(stats::name(location)), "sd", interval_title(verdict),
               "verdict on a"},
              "lrrrrl"};
  table.verdict_column = 5;
  for (const ComparisonResult& result : compared) {
    const stats::Comparison& c = result.comparison;
    table.rows.push_back({fmt::format("{} - {}", result.a, result.b), fmt::format("{}", c.pairs),
                          c.center ? signed_number(*c.center, decimals) : kMissing,
                          number(c.sd_diff, decimals), interval_cell(verdict, c, decimals),
                          std::string(stats::name(c.verdict))});
  }
  return table;
}

Table standings_table(const std::vector<ComparisonResult>& compared, const VerdictRecord& verdict) {
  const MetricWords words = metric_words(verdict);
  const std::vector<const OrderResult*> orders = best_first(compared, verdict);
  const bool has_stages = !verdict.table.has_value();
  const bool has_losses = std::any_of(orders.begin(), orders.end(), [](const OrderResult* order) {
    return order->diverged + order->failed > 0;
  });
  const bool is_pair = compared.size() == 1;
  Table table{{has_stages ? "order" : verdict.table->by}, "l"};
  const auto head = [&](std::string heading, char alignment) {
    table.header.push_back(std::move(heading));
    table.alignment += alignment;
  };
  if (has_stages) head("stages", 'l');
  head(words.name, 'r');
  head("spread", 'r');
  if (has_losses) head("lost", 'r');
  if (!is_pair) {
    head("difference", 'r');
    head(interval_title(verdict), 'r');
    table.caption = fmt::format("Difference and verdict: against {}", orders.front()->name);
  }
  table.verdict_column = table.header.size();
  head("verdict", 'l');
  for (const OrderResult* order : orders) {
    std::vector<std::string>& row = table.rows.emplace_back();
    row.push_back(order->name);
    if (has_stages) row.push_back(order->order.value_or(kMissing));
    row.insert(row.end(), {number(order->mean, words.decimals), number(order->sd, words.decimals)});
    if (has_losses) {
      row.push_back(fmt::format("{} of {}", order->diverged + order->failed, order->values.size()));
    }
    const std::optional<stats::Comparison> c = seen_from(
        order->name, (order == orders.front() ? orders.back() : orders.front())->name, compared);
    if (!is_pair && order == orders.front()) {
      row.insert(row.end(), {"", "", ""});
      continue;
    }
    if (!is_pair) {
      row.push_back(c && c->center ? signed_number(*c->center, words.decimals) : kMissing);
      row.push_back(c ? interval_cell(verdict, *c, words.decimals) : kMissing);
    }
    row.emplace_back(c ? stats::name(c->verdict) : kMissing);
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
