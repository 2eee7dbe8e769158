#include "report/tap_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "report/wording.h"

namespace whichfirst::report {
namespace {

std::string_view words_of(std::string_view statistic) {
  for (const record::TapStatistic& known : record::tap_statistics()) {
    if (known.name == statistic) return known.words;
  }
  return statistic;
}

std::string short_number(double value) { return fmt::format("{:.3g}", value); }
std::string signed_short(double value) { return fmt::format("{:+.3g}", value); }

}  // namespace

Table taps_table(const record::ComparisonResult& result) {
  Table table({"number", "place", result.a, result.b, "a - b", "interval", "q"},
              {Align::left, Align::left, Align::right, Align::right, Align::right, Align::right,
               Align::right});
  std::set<std::string> shown;
  for (const record::TapDifference& row : result.taps->differences) {
    if (!row.p || !shown.insert(row.statistic).second) continue;
    table.add({std::string(words_of(row.statistic)), row.place, short_number(row.mean_a),
               short_number(row.mean_b), signed_short(row.mean_diff),
               row.interval ? fmt::format("{} to {}", signed_short(row.interval->lower),
                                          signed_short(row.interval->upper))
                            : "-",
               p_value(row.q)});
  }
  return table;
}

std::string taps_words(const record::ComparisonResult& result,
                       const record::VerdictRecord& verdict) {
  const record::TapComparison& taps = *result.taps;
  const double rate = 1 - verdict.confidence;
  const auto all = static_cast<std::ptrdiff_t>(taps.differences.size());
  const auto found = std::count_if(taps.differences.begin(), taps.differences.end(),
                                   [&](const auto& row) { return row.q && *row.q <= rate; });
  return fmt::format(
      "Inside the networks after epoch {}, over {} pair{}: {} of {} numbers differ at a false "
      "discovery rate of {:.3g} % (q, Benjamini and Yekutieli). Of each kind of number the place "
      "where it differs most clearly; all places are in the JSON document.",
      taps.epoch, taps.pairs, taps.pairs == 1 ? "" : "s", found, all, 100 * rate);
}

std::string tap_cost_words(const record::VerdictRecord& verdict) {
  if (!verdict.tap_share) return "";
  return fmt::format("Looking inside took {:.2g} % of the trials' time.", 100 * *verdict.tap_share);
}

}  // namespace whichfirst::report
