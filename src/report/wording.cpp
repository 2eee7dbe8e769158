#include "report/wording.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <cmath>

#include "json/printable.h"
#include "record/metrics.h"
#include "report/document.h"

namespace whichfirst::report {
namespace {

using stats::Verdict;

stats::Rule rule_of(const record::VerdictRecord& verdict) {
  return {
      .confidence = verdict.confidence, .margin = verdict.margin, .direction = verdict.direction};
}

std::string named_order(const record::VerdictRecord& verdict, const std::string& name) {
  for (const record::OrderResult& order : verdict.orders) {
    if (order.name == name) return order_words(order);
  }
  return name;
}

/// "on this test set of 2,000 images", or "on data like it" where the interval over seeds and
/// images gives the same answer.
std::string claim_words(const record::ComparisonResult& result,
                        const record::VerdictRecord& verdict) {
  if (verdict.table || !verdict.metric.starts_with("test_")) return "";
  if (!record::is_accuracy(verdict.metric)) {
    return fmt::format(" on this test set of {} images", grouped(verdict.condition.test));
  }
  const bool holds_for_other_images =
      result.interval_images &&
      stats::decide(*result.interval_images, rule_of(verdict)) == result.comparison.verdict;
  return holds_for_other_images
             ? fmt::format(" on the {} test images and on data like them",
                           grouped(verdict.condition.test))
             : fmt::format(" on this test set of {} images", grouped(verdict.condition.test));
}

std::string losses_words(const record::ComparisonResult& result) {
  const stats::Losses& a = result.comparison.a;
  const stats::Losses& b = result.comparison.b;
  if (a.total() + b.total() == 0) return "";
  const auto count = [](const std::string& name, const stats::Losses& losses) {
    return fmt::format("{}: {} diverged, {} failed", name, losses.diverged, losses.failed);
  };
  return fmt::format("Among the pairs in which both trained ({}; {}): ", count(result.a, a),
                     count(result.b, b));
}

/// "on average, 95 % interval ... over 8 pairs".
std::string evidence_words(const record::ComparisonResult& result, const MetricWords& words,
                           const record::VerdictRecord& verdict) {
  const stats::Comparison& c = result.comparison;
  std::string text = fmt::format("{} pairs", c.pairs);
  if (const auto& interval = stats::deciding_interval(c)) {
    text += fmt::format(", {:.4g} % interval {}", interval_percent(verdict, c),
                        interval_words(*interval, words.decimals));
    if (!verdict.plan.seeds) text += ", valid at every look";
  }
  return text;
}

/// The reason as a sentence of its own, with the orders' names where it speaks of lost trials.
std::string reason_words(const record::ComparisonResult& result,
                         const record::VerdictRecord& verdict) {
  const stats::Comparison& c = result.comparison;
  const bool is_complete = verdict.stop != record::Stop::interrupted;
  if (is_complete && c.verdict == Verdict::undecided && c.a.total() != c.b.total() && c.interval &&
      stats::decide(*c.interval, rule_of(verdict)) != Verdict::undecided) {
    return fmt::format(
        " The interval alone would decide, but lost trials are not lost at random: {} "
        "lost {}, {} lost {}.",
        result.a, c.a.total(), result.b, c.b.total());
  }
  std::string text = *c.reason;
  text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return " " + text + ".";
}

/// Decimals that show three digits of the smallest spread between pairs; where all differences are
/// equal, of the smallest mean.
int table_decimals(const record::VerdictRecord& verdict) {
  constexpr int kMostDecimals = 12;
  std::optional<double> smallest;
  for (const record::ComparisonResult& result : verdict.comparisons) {
    double size = result.comparison.sd_diff.value_or(0);
    if (size == 0) size = std::abs(result.comparison.mean_diff.value_or(0));
    if (size > 0) smallest = std::min(size, smallest.value_or(size));
  }
  if (!smallest) return 4;
  return std::clamp(2 - static_cast<int>(std::floor(std::log10(*smallest))), 0, kMostDecimals);
}

}  // namespace

std::string interval_title(const record::VerdictRecord& verdict) {
  return fmt::format("{:.4g} % interval", interval_percent(verdict, {}));
}

bool is_for_equivalence(const stats::Comparison& comparison) {
  return comparison.equivalence_interval && comparison.verdict == Verdict::equivalent;
}

double interval_percent(const record::VerdictRecord& verdict, const stats::Comparison& comparison) {
  const int comparisons = std::max(verdict.plan.comparisons, 1);
  const int sides = is_for_equivalence(comparison) ? 2 : 1;
  return 100 * (1 - sides * (1 - verdict.confidence) / comparisons);
}

std::string grouped(std::int64_t number) {
  std::string digits = fmt::format("{}", number);
  const std::size_t first = digits[0] == '-' ? 1 : 0;
  for (std::size_t i = digits.size(); i > first + 3; i -= 3) digits.insert(i - 3, ",");
  return digits;
}

std::string signed_number(double value, int decimals) {
  const std::string text = fmt::format("{:+.{}f}", value, decimals);
  // Never "-0.00".
  const bool is_zero = text.find_first_of("123456789") == std::string::npos;
  return is_zero ? fmt::format("{:.{}f}", 0.0, decimals) : text;
}

std::string number(const std::optional<double>& value, int decimals) {
  return value ? fmt::format("{:.{}f}", *value, decimals) : kMissing;
}

std::string interval_words(const stats::Interval& interval, int decimals) {
  return fmt::format("{} to {}", signed_number(interval.lower, decimals),
                     signed_number(interval.upper, decimals));
}

std::string counted(std::int64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string lab_number(const std::optional<double>& value) {
  if (value && std::abs(*value) < 1e-12) return "0";
  return value ? fmt::format("{:.4g}", *value) : kMissing;
}

std::string lab_percent(const std::optional<double>& share) {
  return share ? fmt::format("{:.4g} %", 100 * *share) : kMissing;
}

std::string order_words(const record::OrderResult& order) {
  return order.order ? fmt::format("{} ({})", order.name, *order.order) : order.name;
}

std::string p_value(const std::optional<double>& p) {
  if (!p) return kMissing;
  return *p < 0.0001 ? "< 0.0001" : fmt::format("{:.4f}", *p);
}

std::string duration(double seconds) {
  if (seconds < 9.95) return fmt::format("{:.1f}s", seconds);
  const auto whole = static_cast<std::int64_t>(std::llround(seconds));
  if (whole < 60) return fmt::format("{}s", whole);
  if (whole < 3600) return fmt::format("{}m {:02d}s", whole / 60, whole % 60);
  return fmt::format("{}h {:02d}m", whole / 3600, whole % 3600 / 60);
}

std::string bytes(std::int64_t count) {
  const auto number = static_cast<double>(count);
  if (number < 1e6) return fmt::format("{:.1f} kB", number / 1e3);
  if (number < 1e9) return fmt::format("{:.0f} MB", number / 1e6);
  return fmt::format("{:.1f} GB", number / 1e9);
}

MetricWords metric_words(std::string_view metric) {
  std::string name(metric);
  std::replace(name.begin(), name.end(), '_', ' ');
  if (name.starts_with("val ")) name = "validation" + name.substr(3);
  if (name.starts_with("train ")) name = "training" + name.substr(5);
  if (record::is_accuracy(metric)) return {.name = name, .unit = " points", .decimals = 2};
  return {.name = name, .unit = "", .decimals = 4};
}

MetricWords metric_words(const record::VerdictRecord& verdict) {
  if (!verdict.table) return metric_words(verdict.metric);
  return {.name = verdict.metric, .unit = "", .decimals = table_decimals(verdict)};
}

namespace {

/// " at lr 0.1"; ", both at lr 0.1"; ", bn-first at lr 0.1 and act-first at lr 0.03, each its best
/// of 0.01, 0.03, 0.1".
std::string lr_words(const record::ComparisonResult& result, const record::VerdictRecord& verdict) {
  const std::vector<double>& tried = verdict.condition.lr;
  if (tried.size() == 1) return fmt::format(" at lr {}", tried[0]);
  if (result.shared_lr) return fmt::format(", both at lr {}", *result.shared_lr);
  std::string text;
  for (const record::OrderResult& order : verdict.orders) {
    if ((order.name != result.a && order.name != result.b) || !order.lr) continue;
    text += fmt::format("{}{} at lr {}", text.empty() ? "" : " and ", order.name, *order.lr);
  }
  return fmt::format(", {}, each its best of {}", text, fmt::join(tried, ", "));
}

/// What of the recipe is not the default: ", adamw, one-cycle, crop(4), match ends".
std::string recipe_words(const record::Condition& condition) {
  std::string text;
  const auto add = [&](const std::string& words) { text += ", " + words; };
  if (condition.optimizer != "sgd") add(condition.optimizer);
  if (condition.nesterov) add("nesterov");
  if (!condition.schedule.empty() && condition.schedule != "cosine") add(condition.schedule);
  if (condition.warmup > 0) add(fmt::format("warm-up of {:g} epochs", condition.warmup));
  if (condition.label_smoothing > 0) {
    add(fmt::format("label smoothing {:g}", condition.label_smoothing));
  }
  if (condition.decay_all) add("decay of all parameters");
  for (const std::string& change : condition.augment) add(change);
  if (!condition.match.empty()) add(fmt::format("match {}", fmt::join(condition.match, " ")));
  return text;
}

/// "after 3 epochs on 12,000 images of fashion-mnist at lr 0.1 (article-15, batch 64)", or "in
/// results.csv, paired by seed" for a table.
std::string condition_words(const record::ComparisonResult& result,
                            const record::VerdictRecord& verdict) {
  if (!verdict.table) {
    const record::Condition& condition = verdict.condition;
    return fmt::format("after {} on {} images of {}{} ({}, batch {}{})",
                       counted(condition.epochs, "epoch"), grouped(condition.train),
                       condition.dataset, lr_words(result, verdict), condition.network,
                       condition.batch, recipe_words(condition));
  }
  const record::ResultsTable& table = *verdict.table;
  std::string text = fmt::format("in {}, paired by {}", json::printable(table.file), table.pair);
  if (const std::size_t dropped = table.dropped.size(); dropped > 0) {
    text += fmt::format(", {} left out", counted(dropped, "incomplete pair"));
  }
  return text;
}

}  // namespace

std::string verdict_sentence(const record::ComparisonResult& result,
                             const record::VerdictRecord& verdict) {
  const stats::Comparison& c = result.comparison;
  const MetricWords words = metric_words(verdict);
  const std::string a = named_order(verdict, result.a);
  const std::string b = named_order(verdict, result.b);
  const std::string condition = condition_words(result, verdict);
  const std::string evidence = evidence_words(result, words, verdict);
  std::string text = losses_words(result);
  switch (c.verdict) {
    case Verdict::better:
    case Verdict::worse: {
      const double size = std::abs(c.center.value_or(0));
      text += fmt::format("{} is {} than {} by {:.{}f}{} of {} ({}{}), {}{}.", a,
                          stats::name(c.verdict), b, size, words.decimals, words.unit, words.name,
                          c.location == stats::Location::mean
                              ? std::string()
                              : fmt::format("{}, ", stats::name(c.location)),
                          evidence, condition, claim_words(result, verdict));
      break;
    }
    case Verdict::equivalent:
      text += fmt::format(
          "{} and {} are equivalent within {:g}{} of {}: {} difference {} ({}){}, "
          "{}{}.",
          a, b, verdict.margin.value_or(0), words.unit, words.name, stats::name(c.location),
          signed_number(c.center.value_or(0), words.decimals), evidence,
          c.negligible ? ", real but negligible" : "", condition, claim_words(result, verdict));
      break;
    case Verdict::undecided:
      text += fmt::format("Undecided between {} and {}: ", a, b);
      text += c.center ? fmt::format("{} difference {}{} of {} ({})", stats::name(c.location),
                                     signed_number(*c.center, words.decimals), words.unit,
                                     words.name, evidence)
                       : fmt::format("no pair is complete");
      text += fmt::format(", {}.", condition);
      break;
  }
  if (result.is_same_network) {
    return text + " The two build the same network, which trains to the same numbers.";
  }
  if (c.reason) text += reason_words(result, verdict);
  if (verdict.stop != record::Stop::interrupted && c.verdict == Verdict::undecided &&
      c.more_pairs_needed) {
    text += fmt::format(" About {} would decide at the spread seen.",
                        counted(*c.more_pairs_needed, "more pair"));
  }
  return text;
}

}  // namespace whichfirst::report
