// A table of results -> verdict.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include "stats/moments.h"
#include "stats/paired_tests.h"
#include "stats/watch.h"
#include "study/compared_orders.h"
#include "study/conclude.h"

namespace whichfirst::study {
namespace {

/// At least 1, so that one order alone has a rule too.
int count_comparisons(std::size_t orders) {
  return std::max(1, static_cast<int>(orders * (orders - 1) / 2));
}

/// The smallest gap between two values of the first `most` pairs: what a table tells of the steps
/// of its metric.
double smallest_step(const std::vector<record::OrderResult>& orders, std::size_t most) {
  std::vector<double> values;
  for (const record::OrderResult& order : orders) {
    for (std::size_t i = 0; i < std::min(most, order.values.size()); ++i) {
      if (stats::is_measured(order.values[i])) values.push_back(*order.values[i]);
    }
  }
  std::sort(values.begin(), values.end());
  std::optional<double> smallest;
  for (std::size_t i = 1; i < values.size(); ++i) {
    const double gap = values[i] - values[i - 1];
    const double rounding =
        stats::kTieShare * std::max(std::abs(values[i]), std::abs(values[i - 1]));
    if (gap > rounding) smallest = std::min(gap, smallest.value_or(gap));
  }
  return smallest.value_or(0);
}

int lost_of(const record::OrderResult& order) {
  return static_cast<int>(std::count_if(order.values.begin(), order.values.end(),
                                        [](const auto& value) { return !value.has_value(); }));
}

/// The first `pairs` of an order, and what was lost among them.
record::OrderResult first_of(record::OrderResult order, int pairs) {
  order.values.resize(static_cast<std::size_t>(pairs));
  order.diverged = lost_of(order);
  return order;
}

/// Two orders of a table under automatic stopping: what comes after the stop plays no part.
record::ComparisonResult compare_in_order(const record::OrderResult& a,
                                          const record::OrderResult& b, stats::Referee& referee,
                                          const Wanted& wanted,
                                          const std::vector<stats::Gate>& gates) {
  const int used = stats::compare(a.values, b.values, {}, {}, referee, gates).replicates;
  return compare_orders(first_of(a, used), first_of(b, used), referee, wanted, gates);
}

/// Of a table that was looked at pair by pair: leaves what no comparison used.
void cut_to_used(record::VerdictRecord& verdict) {
  int used = 0;
  bool is_decided = true;
  bool is_at_end = true;
  bool is_by_gate = false;
  for (const record::ComparisonResult& result : verdict.comparisons) {
    used = std::max(used, result.comparison.replicates);
    is_by_gate = is_by_gate || result.comparison.is_ended_by_gate;
    is_decided = is_decided && (result.comparison.verdict != stats::Verdict::undecided ||
                                result.comparison.is_ended_by_gate);
    is_at_end = is_at_end && !result.comparison.goes_on;
  }
  verdict.after_stop = static_cast<int>(verdict.table->pairs.size()) - used;
  verdict.table->pairs.resize(static_cast<std::size_t>(used));
  for (record::OrderResult& order : verdict.orders) order = first_of(std::move(order), used);
  verdict.stop = is_decided  ? is_by_gate ? record::Stop::gate : record::Stop::decided
                 : is_at_end ? record::Stop::max_seeds
                             : record::Stop::interrupted;
}

/// The values there are.
std::vector<double> values_of(const record::OrderResult& order) {
  std::vector<double> values;
  for (const auto& value : order.values) {
    if (stats::is_measured(value)) values.push_back(*value);
  }
  return values;
}

/// Whether an order has the same value in all of several pairs.
bool is_constant(const record::OrderResult& order) {
  const std::vector<double> values = values_of(order);
  return values.size() > 1 &&
         std::all_of(values.begin(), values.end(), [&](double x) { return x == values.front(); });
}

/// Two orders whose values no seed moves are one run each, copied, or the metric is at its end:
/// nothing tells how far another run would be from them.
void leave_constant_open(const record::OrderResult& a, const record::OrderResult& b,
                         stats::Comparison& comparison) {
  if (!is_constant(a) || !is_constant(b)) return;
  comparison.goes_on = true;
  stats::withhold(
      comparison,
      fmt::format("{} and {} each have one and the same value in all {} pairs, so these "
                  "rows are one run of each, copied, or runs that the seed does not reach",
                  a.name, b.name, comparison.pairs));
}

/// Pearson's correlation of each value with that of the next pair.
std::optional<double> correlation_with_next(const record::OrderResult& order) {
  const std::vector<double> values = values_of(order);
  if (values.size() < 3) return std::nullopt;
  const std::span<const double> all(values);
  return stats::correlation(all.first(all.size() - 1), all.last(all.size() - 1));
}

/// Orders without a spread, and values that creep along as those of one run do.
void note_doubtful(record::VerdictRecord& verdict) {
  constexpr std::size_t kFewestPairs = 10;
  constexpr double kChanceErrors = 3;
  constexpr double kLowestCorrelation = 0.5;
  std::vector<std::string> constant;
  double lowest = 1;
  for (const record::OrderResult& order : verdict.orders) {
    if (is_constant(order)) constant.push_back(order.name);
    lowest = std::min(lowest, correlation_with_next(order).value_or(0));
  }
  if (!constant.empty()) {
    verdict.notices.push_back(
        {"constant-order",
         fmt::format("{} {} the same value in every pair: was one run copied? Its spread between "
                     "runs is missing then, and pairing gains nothing",
                     fmt::join(constant, " and "), constant.size() == 1 ? "has" : "have")});
  }
  const std::size_t pairs = verdict.table->pairs.size();
  if (pairs < kFewestPairs) return;
  const double chance = kChanceErrors / std::sqrt(static_cast<double>(pairs));
  if (lowest > std::max(chance, kLowestCorrelation)) {
    verdict.notices.push_back(
        {"serial-pairs",
         fmt::format("each value is close to that of the next pair (correlation {:.2f}): if the "
                     "pairs are epochs or checkpoints of one run, they are not replicates",
                     lowest)});
  }
}

}  // namespace

record::VerdictRecord conclude(table::Results results, stats::Rule rule, const Wanted& wanted,
                               const std::vector<Expectation>& expectations) {
  record::VerdictRecord verdict;
  verdict.table = std::move(results.table);
  verdict.metric = std::move(results.metric);
  rule.direction = results.direction;
  verdict.direction = rule.direction;
  verdict.notices = std::move(results.notices);
  verdict.margin = rule.margin;
  verdict.confidence = rule.confidence;
  verdict.orders = std::move(results.orders);
  rule.comparisons = count_comparisons(verdict.orders.size());
  const bool is_automatic = rule.stopping == stats::Stopping::automatic;
  verdict.plan.guard = rule.guard == stats::Guard::decides;
  verdict.plan.comparisons = rule.comparisons;
  if (is_automatic) {
    rule.resolution = smallest_step(verdict.orders, static_cast<std::size_t>(rule.max_pairs));
    verdict.plan.max_seeds = rule.max_pairs;
  } else {
    verdict.plan.seeds = static_cast<int>(verdict.table->pairs.size());
  }
  stats::Referee referee(rule);
  for (std::size_t a = 0; a < verdict.orders.size(); ++a) {
    for (std::size_t b = a + 1; b < verdict.orders.size(); ++b) {
      const record::OrderResult& left = verdict.orders[a];
      const record::OrderResult& right = verdict.orders[b];
      const auto gates =
          gates_of(expectations, verdict.comparisons.size(), {left.name, right.name});
      verdict.comparisons.push_back(is_automatic
                                        ? compare_in_order(left, right, referee, wanted, gates)
                                        : compare_orders(left, right, referee, wanted));
      stats::Comparison& comparison = verdict.comparisons.back().comparison;
      leave_constant_open(first_of(left, comparison.replicates),
                          first_of(right, comparison.replicates), comparison);
    }
  }
  if (is_automatic) cut_to_used(verdict);
  add_bounds(expectations, verdict);
  for (record::OrderResult& order : verdict.orders) summarise(order);
  note_doubtful(verdict);
  compare_comparisons(verdict);
  return verdict;
}

}  // namespace whichfirst::study
