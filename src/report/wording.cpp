#include "report/wording.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <set>
#include <vector>

#include "base/error.h"
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

const record::Notice* find_notice(const record::VerdictRecord& verdict, std::string_view kind) {
  const auto found = std::find_if(verdict.notices.begin(), verdict.notices.end(),
                                  [&](const auto& notice) { return notice.kind == kind; });
  return found == verdict.notices.end() ? nullptr : &*found;
}

/// "median " or "pseudo-median "; nothing for a mean, which is what people take a difference for.
std::string location_words(const stats::Comparison& comparison) {
  if (comparison.location == stats::Location::mean) return "";
  return std::string(stats::name(comparison.location)) + " ";
}

/// Decimals that show three digits of the smallest spread between pairs; where all differences are
/// equal, of the smallest mean. kScientific where it takes too many.
int table_decimals(const record::VerdictRecord& verdict) {
  std::optional<double> smallest;
  for (const record::ComparisonResult& result : verdict.comparisons) {
    double size = result.comparison.sd_diff.value_or(0);
    if (size == 0) size = std::abs(result.comparison.mean_diff.value_or(0));
    if (size > 0) smallest = std::min(size, smallest.value_or(size));
  }
  if (!smallest) return 4;
  return std::clamp(2 - static_cast<int>(std::floor(std::log10(*smallest))), 0, kScientific);
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

std::string signed_number(double value, int decimals) {
  const std::string text = (value < 0 ? "-" : "+") + number(std::abs(value), decimals);
  // Never "-0.00".
  const bool is_zero = text.find_first_of("123456789") == std::string::npos;
  return is_zero ? number(0.0, decimals) : text;
}

std::string number(const std::optional<double>& value, int decimals) {
  if (!value) return kMissing;
  return decimals < kScientific ? fmt::format("{:.{}f}", *value, decimals)
                                : fmt::format("{:.2e}", *value);
}

std::string interval_words(const stats::Interval& interval, int decimals) {
  return fmt::format("{} to {}", signed_number(interval.lower, decimals),
                     signed_number(interval.upper, decimals));
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

std::string amount(double difference, const MetricWords& words) {
  std::string text = fmt::format("{:g}{}", difference, words.unit);
  if (difference == 1 && words.unit.ends_with('s')) text.pop_back();
  return text;
}

MetricWords metric_words(const record::VerdictRecord& verdict) {
  if (!verdict.table) return metric_words(verdict.metric);
  return {.name = verdict.metric, .unit = "", .decimals = table_decimals(verdict)};
}

namespace {

/// "the 2,000 test images and others like them", where the interval over seeds and images gives the
/// same answer. Nothing where no test set is behind the verdict.
std::string claim_words(const record::ComparisonResult& result,
                        const record::VerdictRecord& verdict) {
  if (verdict.table || !verdict.metric.starts_with("test_")) return "";
  const bool holds_for_other_images =
      !find_notice(verdict, record::kFewSteps) && record::is_accuracy(verdict.metric) &&
      result.interval_images &&
      stats::decide(*result.interval_images, rule_of(verdict)) == result.comparison.verdict;
  return fmt::format("The verdict covers the {} test images{}.", grouped(verdict.condition.test),
                     holds_for_other_images ? " and others like them" : " only");
}

/// "8 pairs of training runs", of a table "8 pairs".
std::string runs_words(int pairs, const record::VerdictRecord& verdict) {
  return counted(pairs, "pair") + (verdict.table ? "" : " of training runs");
}

/// "With 95 % confidence, the true difference is between 2.47 and 4.40 points (8 pairs of training
/// runs)." A difference that a word has given its direction is told by its size.
std::string confidence_words(const record::ComparisonResult& result, const MetricWords& words,
                             const record::VerdictRecord& verdict) {
  const stats::Comparison& c = result.comparison;
  const std::optional<stats::Interval>& interval = stats::deciding_interval(c);
  if (!interval) return "";  // the reason says how many pairs there are
  std::string runs = runs_words(c.pairs, verdict);
  if (!verdict.plan.seeds) runs += "; the interval allows for a look after every pair";
  const bool has_direction = c.verdict == Verdict::better || c.verdict == Verdict::worse;
  const bool is_negative = has_direction && interval->lower + interval->upper < 0;
  const auto shown = [&](double end) {
    return has_direction ? number(is_negative ? -end : end, words.decimals)
                         : signed_number(end, words.decimals);
  };
  return fmt::format("With {:.4g} % confidence, the true {}difference is between {} and {}{} ({}).",
                     interval_percent(verdict, c), location_words(c),
                     shown(is_negative ? interval->upper : interval->lower),
                     shown(is_negative ? interval->lower : interval->upper), words.unit, runs);
}

/// The reason as a sentence of its own, with the orders' names where it speaks of lost trials.
std::string reason_words(const stats::Comparison& c) {
  if (!c.reason) return "";
  if (c.reason->starts_with(stats::kForbiddenByLosses)) {  // which calls the orders a and b
    return "The pairs that are left would decide, but runs are rarely lost by chance: the order "
           "that lost more may have lost its worst.";
  }
  std::string text = *c.reason;
  text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text + ".";
}

/// "Runs were lost, and their pairs do not count: a 1 diverged, 0 failed; b none."
std::string losses_words(const record::ComparisonResult& result) {
  const auto count = [](const std::string& name, const stats::Losses& losses) {
    if (losses.total() == 0) return name + " none";
    return fmt::format("{} {} diverged, {} failed", name, losses.diverged, losses.failed);
  };
  const stats::Losses& a = result.comparison.a;
  const stats::Losses& b = result.comparison.b;
  if (a.total() + b.total() == 0) return "";
  return fmt::format("Runs were lost, and their pairs do not count: {}; {}.", count(result.a, a),
                     count(result.b, b));
}

/// " with learning rate 0.1"; ", bn-first with learning rate 0.1 and act-first with 0.03, each its
/// best of 0.01, 0.03, 0.1"; without a comparison ", each order at its best learning rate of ...".
std::string lr_words(const record::ComparisonResult* result, const record::VerdictRecord& verdict) {
  const std::vector<double>& tried = verdict.condition.lr;
  if (tried.size() == 1) return fmt::format(" with learning rate {}", tried[0]);
  if (result == nullptr) {
    return fmt::format(", each order with its best learning rate of {}", fmt::join(tried, ", "));
  }
  if (result->shared_lr) return fmt::format(", both with learning rate {}", *result->shared_lr);
  std::vector<std::string> text;
  std::set<double> rates;
  for (const record::OrderResult& order : verdict.orders) {
    if ((order.name != result->a && order.name != result->b) || !order.lr) continue;
    rates.insert(*order.lr);
    text.push_back(
        fmt::format("{} with {}{}", order.name, text.empty() ? "learning rate " : "", *order.lr));
  }
  if (rates.size() == 1) text = {fmt::format("both with learning rate {}", *rates.begin())};
  return fmt::format(", {}, each its best of {}", fmt::join(text, " and "), fmt::join(tried, ", "));
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

/// "Each run trained for 3 epochs on 12,000 images of fashion-mnist with learning rate 0.1
/// (article-15, batch 64).", or of a table "The values are those of results.csv, paired by seed."
std::string condition_words(const record::ComparisonResult* result,
                            const record::VerdictRecord& verdict) {
  if (!verdict.table) {
    const record::Condition& condition = verdict.condition;
    return fmt::format("Each run trained for {} on {} images of {}{} ({}, batch {}{}).",
                       counted(condition.epochs, "epoch"), grouped(condition.train),
                       condition.dataset, lr_words(result, verdict), condition.network,
                       condition.batch, recipe_words(condition));
  }
  const record::ResultsTable& table = *verdict.table;
  std::string text = fmt::format("The values are those of {}, paired by {}",
                                 json::printable(table.file), table.pair);
  if (const std::size_t dropped = table.dropped.size(); dropped > 0) {
    text += fmt::format("; {} left out", counted(dropped, "incomplete pair"));
  }
  return text + ".";
}

/// Those that are not empty, one after the other.
std::string joined(const std::vector<std::string>& sentences) {
  std::string text;
  for (const std::string& sentence : sentences) {
    if (!sentence.empty()) text += (text.empty() ? "" : " ") + sentence;
  }
  return text;
}

/// What was found, in one sentence.
std::string finding_words(const record::ComparisonResult& result, const MetricWords& words,
                          const record::VerdictRecord& verdict) {
  const stats::Comparison& c = result.comparison;
  const std::string a = named_order(verdict, result.a);
  const std::string b = named_order(verdict, result.b);
  const std::string metric = fmt::format(" {} {}", words.unit.empty() ? "in" : "of", words.name);
  const std::string of_metric = words.unit + metric;
  const std::string difference =
      c.center
          ? fmt::format(" The {}difference, {} - {}, is {}{}.",
                        c.location == stats::Location::mean ? "mean " : location_words(c), result.a,
                        result.b, signed_number(*c.center, words.decimals), of_metric)
          : "";
  switch (c.verdict) {
    case Verdict::better:
    case Verdict::worse:
      return fmt::format("{} is {} than {} by {}{}.", a, stats::name(c.verdict), b,
                         number(std::abs(c.center.value_or(0)), words.decimals), of_metric);
    case Verdict::equivalent:
      return fmt::format("{} and {} are equivalent: they differ by less than {}{}{}.{}", a, b,
                         amount(verdict.margin.value_or(0), words), metric,
                         c.negligible ? ", though not by nothing" : "", difference);
    case Verdict::undecided:
      return fmt::format("Undecided: {} not show which of {} and {} is better.{}",
                         c.pairs == 0 ? "no pair is complete, so the runs do" : "the runs do", a, b,
                         difference);
  }
  check(false, "a verdict has words");
  return {};
}

}  // namespace

std::string verdict_sentence(const record::ComparisonResult& result,
                             const record::VerdictRecord& verdict) {
  const stats::Comparison& c = result.comparison;
  const MetricWords words = metric_words(verdict);
  std::vector<std::string> sentences = {finding_words(result, words, verdict)};
  if (c.pairs > 0) sentences.push_back(confidence_words(result, words, verdict));
  if (result.proof) {
    sentences.push_back(fmt::format("The two must train to the same numbers: {}.", *result.proof));
  }
  sentences.push_back(reason_words(c));
  if (verdict.stop != record::Stop::interrupted && c.verdict == Verdict::undecided &&
      c.more_pairs_needed) {
    sentences.push_back(fmt::format("About {} would decide, if the spread stays as it is.",
                                    counted(*c.more_pairs_needed, "more pair")));
  }
  sentences.push_back(losses_words(result));
  sentences.push_back(condition_words(&result, verdict));
  if (c.verdict != Verdict::undecided) sentences.push_back(claim_words(result, verdict));
  return joined(sentences);
}

std::string overview_sentence(const record::VerdictRecord& verdict) {
  std::vector<const record::RankedOrder*> first;
  for (const record::RankedOrder& order : verdict.ranking) {
    if (order.rank == 1) first.push_back(&order);
  }
  const std::size_t orders = verdict.ranking.size();
  std::string text;
  if (first.empty() || find_notice(verdict, record::kNothingLearnt)) {
    text = "No order can be ranked.";
  } else if (first.size() == 1) {
    const std::string& name = first.front()->name;
    int beaten = 0;
    for (const record::ComparisonResult& result : verdict.comparisons) {
      const Verdict found = result.comparison.verdict;
      beaten += !result.shared_lr && ((result.a == name && found == Verdict::better) ||
                                      (result.b == name && found == Verdict::worse));
    }
    for (const record::OrderResult& order : verdict.orders) beaten += order.mean ? 0 : 1;
    text = fmt::format(
        "{} comes first of {} orders by {}: it is better than {} of them, and none is better.",
        named_order(verdict, name), orders, metric_words(verdict).name, beaten);
  } else if (first.size() == orders) {
    text = fmt::format("All {} orders share first place by {}: none was found better than another.",
                       orders, metric_words(verdict).name);
  } else {
    std::vector<std::string> names;
    for (const record::RankedOrder* order : first) names.push_back(order->name);
    text = fmt::format(
        "{} of {} orders share first place by {}: {}. None was found better than any "
        "of these.",
        first.size(), orders, metric_words(verdict).name, fmt::join(names, ", "));
  }
  int least = verdict.comparisons.front().comparison.pairs;
  int most = least;
  for (const record::ComparisonResult& result : verdict.comparisons) {
    least = std::min(least, result.comparison.pairs);
    most = std::max(most, result.comparison.pairs);
  }
  const std::string runs = least == most
                               ? runs_words(most, verdict)
                               : fmt::format("{} to {}", least, runs_words(most, verdict));
  return joined({text,
                 fmt::format("The {} comparisons rest on {} each; with {:g} % confidence none of "
                             "their verdicts is wrong.",
                             verdict.comparisons.size(), runs, 100 * verdict.confidence),
                 condition_words(nullptr, verdict)});
}

}  // namespace whichfirst::report
