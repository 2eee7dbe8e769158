#include "report/remarks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "report/wording.h"
#include "stats/verdict.h"

namespace whichfirst::report {
namespace {

/// "decided after 8 complete pairs".
std::string done_words(const record::VerdictRecord& verdict) {
  if (verdict.comparisons.empty()) return "nothing was compared";
  const std::string pairs = complete_pairs_words(verdict);
  switch (verdict.stop) {
    case record::Stop::fixed:
      return pairs;
    case record::Stop::decided: {
      const bool says_anything = std::any_of(
          verdict.comparisons.begin(), verdict.comparisons.end(), [](const auto& result) {
            return result.comparison.verdict != stats::Verdict::undecided;
          });
      return fmt::format("{} after {}", says_anything ? "decided" : "stopped", pairs);
    }
    case record::Stop::max_seeds:
      return fmt::format("{}, and the maximum is reached", pairs);
    case record::Stop::gate:
      return fmt::format("stopped as soon as {} was answered, after {}",
                         fmt::join(verdict.gates, " and "), pairs);
    case record::Stop::interrupted:
      return verdict.table ? fmt::format("{}, then the table ends", pairs)
                           : fmt::format("interrupted after {}", pairs);
  }
  check(false, "a stop has words");
  return {};
}

}  // namespace

std::string complete_pairs_words(const record::VerdictRecord& verdict) {
  const auto fewer = [](const record::ComparisonResult& x, const record::ComparisonResult& y) {
    return x.comparison.pairs < y.comparison.pairs;
  };
  const auto [least, most] =
      std::minmax_element(verdict.comparisons.begin(), verdict.comparisons.end(), fewer);
  const std::string pairs = counted(most->comparison.pairs, "complete pair");
  return least->comparison.pairs == most->comparison.pairs
             ? pairs
             : fmt::format("{} to {}", least->comparison.pairs, pairs);
}

std::string plan_words(const record::VerdictRecord& verdict) {
  const MetricWords words = metric_words(verdict);
  const bool is_planned = !verdict.table || !verdict.plan.seeds;  // a table says no plan of its own
  std::string text = fmt::format("{}: {}, ", is_planned ? "Planned" : "Judged", words.name);
  text += verdict.margin ? "margin " + amount(*verdict.margin, words) : "no margin";
  text += fmt::format(", {:g} % confidence", 100 * verdict.confidence);
  if (verdict.plan.comparisons > 1) {
    text += fmt::format(" over {} comparisons", verdict.plan.comparisons);
  }
  if (!is_planned) return fmt::format("{}, {}.", text, done_words(verdict));
  if (verdict.plan.seeds) {
    text += fmt::format(", {}", counted(*verdict.plan.seeds, "pair"));
  } else {
    text += fmt::format(", pairs until it is decided, {} to {}",
                        stats::minimum_pairs(verdict.confidence), verdict.plan.max_seeds);
  }
  if (verdict.plan.rule != "student") text += fmt::format(", {} rule", verdict.plan.rule);
  if (verdict.plan.equivalence != "half") text += ", equivalence at the whole error";
  if (!verdict.plan.seeds && verdict.plan.horizon != "open") text += ", the maximum final";
  if (verdict.plan.guard) text += ", skewness guard";
  text = fmt::format("{}. Done: {}", text, done_words(verdict));
  if (verdict.table && verdict.after_stop > 0) {
    text += fmt::format("; {} left out", counted(verdict.after_stop, "later pair"));
  }
  return text + ".";
}

std::string prospect_words(const record::ComparisonResult& result,
                           const record::VerdictRecord& verdict) {
  if (!result.prospect) return "";
  const MetricWords words = metric_words(verdict);
  const stats::Prospect& prospect = *result.prospect;
  const auto pairs = [](const std::optional<int>& count) {
    return count ? counted(*count, "pair") : "more than 100,000 pairs";
  };
  std::string text =
      fmt::format("at this spread, detecting a difference of {} with {:g} % power takes {}",
                  amount(prospect.difference, words), 100 * prospect.power,
                  pairs(prospect.pairs_for_difference));
  if (verdict.margin) {
    text += fmt::format(", and showing that there is none as large as {} takes {}",
                        amount(*verdict.margin, words), pairs(prospect.pairs_for_equivalence));
  }
  if (prospect.power_now) {
    text += fmt::format("; the power of {} is {:.0f} %", counted(result.comparison.pairs, "pair"),
                        100 * *prospect.power_now);
  }
  return text + (verdict.plan.seeds ? "" : " (fixed numbers of pairs)");
}

std::string floor_words(const record::ComparisonResult& result,
                        const record::VerdictRecord& verdict) {
  if (!result.images_floor || !result.comparison.mean_diff) return "";
  const double floor = *result.images_floor;
  const bool is_seen = std::abs(*result.comparison.mean_diff) > floor;
  if (is_seen && floor < verdict.margin.value_or(floor + 1)) return "";
  const MetricWords words = metric_words(verdict);
  return fmt::format(
      "with {} test images, differences under {:.{}f}{} cannot be detected however many seeds you "
      "run; use more test images",
      grouped(verdict.condition.test), floor, words.decimals, words.unit);
}

std::string warning_words(const stats::Warning& warning, const record::ComparisonResult& result,
                          const record::VerdictRecord& verdict) {
  const MetricWords words = metric_words(verdict);
  const stats::Comparison& c = result.comparison;
  switch (warning.kind) {
    case stats::WarningKind::skewed: {
      std::string text = fmt::format("the differences are skewed ({:.2f}, {:.1f} standard errors",
                                     c.skewness.value_or(0), std::abs(warning.found));
      if (!c.guarded_interval || verdict.plan.guard) return text + ")";
      return fmt::format(
          "{}); the skewness-guarded interval is {}{}", text,
          interval_words(*c.guarded_interval, words.decimals),
          c.guarded_verdict ? fmt::format(": {}", stats::name(*c.guarded_verdict)) : "");
    }
    case stats::WarningKind::carried_by_few:
      return fmt::format(
          "only {:.0f} % of the pairs agree with the verdict: a few large differences decide it",
          100 * warning.found);
    case stats::WarningKind::ties:
      if (warning.found == 1) {
        return fmt::format(
            "the differences of all {} pairs are the same number: their spread is zero, and the "
            "interval knows nothing of other runs",
            c.pairs);
      }
      return fmt::format("the differences of {} take only {}: the metric has few steps{}",
                         counted(c.pairs, "pair"), counted(std::llround(warning.found), "value"),
                         c.location == stats::Location::mean
                             ? ", and the interval for a mean is only approximate"
                             : "");
    case stats::WarningKind::wide_margin:
      return fmt::format(
          "the margin of {} is {:.0f} % of the metric's size, so `equivalent` says little",
          amount(*verdict.margin, words), 100 * warning.found);
    case stats::WarningKind::negative_correlation:
      return fmt::format(
          "the two values of a pair move in opposite directions (correlation {:.2f}): here pairing "
          "costs pairs instead of saving them",
          warning.found);
  }
  check(false, "a warning has words");
  return {};
}

}  // namespace whichfirst::report
