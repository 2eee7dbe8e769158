#include "record/verdict_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "base/error.h"
#include "record/atomic_file.h"
#include "record/inference_json.h"
#include "record/json_reader.h"
#include "record/metrics.h"
#include "record/printable.h"
#include "record/tap_json.h"
#include "record/version.h"

namespace whichfirst::record {
namespace {

constexpr int kMostDepth = 12;
constexpr std::size_t kMostOrders = 1'000;

/// As it may reach a terminal.
std::string text_of(const JsonValue& value) {
  constexpr std::size_t kLongest = 4'000;
  return printable(value.text(), kLongest);
}
double number_of(const JsonValue& value) { return value.number(); }
std::optional<double> optional_number_of(const JsonValue& value) { return value.optional_number(); }

int whole_of(const JsonValue& value) { return value.small_whole(); }

std::int64_t count_of(const JsonValue& value) {
  return static_cast<std::int64_t>(value.whole(std::numeric_limits<std::int64_t>::max()));
}

std::optional<int> optional_whole_of(const JsonValue& value) {
  return value.is_null() ? std::nullopt : std::optional(whole_of(value));
}

std::optional<std::string> optional_text_of(const JsonValue& value) {
  return value.is_null() ? std::nullopt : std::optional(text_of(value));
}

std::optional<stats::Interval> interval_of(const JsonValue& value) {
  if (value.is_null()) return std::nullopt;
  if (value.size() != 2) value.fail_expected("two numbers");
  return stats::Interval{.lower = value.at(std::size_t{0}).number(),
                         .upper = value.at(std::size_t{1}).number()};
}

/// The one of `words` that is named so.
template <class Word, std::size_t kCount>
Word word_of(const JsonValue& value, const std::array<Word, kCount>& words) {
  const std::string text = value.text();
  const auto found =
      std::find_if(words.begin(), words.end(), [&](Word word) { return name(word) == text; });
  if (found == words.end()) value.fail_expected("a word of this program");
  return *found;
}

stats::Verdict verdict_of(const JsonValue& value) {
  using stats::Verdict;
  return word_of(
      value, std::array{Verdict::better, Verdict::worse, Verdict::equivalent, Verdict::undecided});
}

Condition condition_of(const JsonValue& value) {
  Condition condition{.dataset = text_of(value.at("data"))};
  condition.train = count_of(value.at("train"));
  condition.test = count_of(value.at("test"));
  if (!value.at("validation").is_null()) condition.validation = count_of(value.at("validation"));
  condition.classes = whole_of(value.at("classes"));
  condition.input = list_of<int>(value.at("input"), whole_of);
  condition.notes = list_of<std::string>(value.at("notes"), text_of);
  condition.network = text_of(value.at("network"));
  condition.bias = text_of(value.at("bias"));
  condition.match = list_of<std::string>(value.at("match"), text_of);
  condition.epochs = whole_of(value.at("epochs"));
  condition.batch = whole_of(value.at("batch"));
  const JsonValue lr = value.at("lr");
  condition.lr = lr.is_list() ? list_of<double>(lr, number_of) : std::vector{lr.number()};
  condition.momentum = value.at("momentum").optional_number();
  condition.nesterov = value.at("nesterov").truth();
  condition.decay = value.at("decay").number();
  condition.decay_all = value.at("decay_all").truth();
  condition.label_smoothing = value.at("label_smoothing").number();
  condition.augment = list_of<std::string>(value.at("augment"), text_of);
  condition.optimizer = text_of(value.at("optimizer"));
  condition.schedule = text_of(value.at("schedule"));
  condition.warmup = value.at("warmup").number();
  condition.precision = text_of(value.at("precision"));
  return condition;
}

MergedTap merged_tap_of(const JsonValue& value) {
  return {.place = text_of(value.at("place")),
          .trials = whole_of(value.at("trials")),
          .moments = moments_from(value),
          .quantiles = list_of<double>(value.at("quantiles"), number_of),
          .histogram = histogram_from(value.at("histogram"))};
}

/// Of one of the known statistics.
TapDifference tap_difference_of(const JsonValue& value) {
  TapDifference row{.place = text_of(value.at("place")),
                    .statistic = text_of(value.at("statistic")),
                    .pairs = whole_of(value.at("pairs")),
                    .mean_a = value.at("mean_a").number(),
                    .mean_b = value.at("mean_b").number(),
                    .mean_diff = value.at("mean_diff").number(),
                    .interval = interval_of(value.at("interval")),
                    .p = value.at("p").optional_number(),
                    .q = value.at("q").optional_number()};
  const auto known = tap_statistics();
  if (std::none_of(known.begin(), known.end(),
                   [&](const TapStatistic& one) { return one.name == row.statistic; })) {
    value.at("statistic").fail_expected("a word of this program");
  }
  return row;
}

std::optional<TapComparison> tap_comparison_of(const JsonValue& value) {
  if (value.is_null()) return std::nullopt;
  return TapComparison{
      .epoch = whole_of(value.at("epoch")),
      .pairs = whole_of(value.at("pairs")),
      .differences = list_of<TapDifference>(value.at("differences"), tap_difference_of)};
}

OrderResult order_of(const JsonValue& value) {
  return {.name = text_of(value.at("name")),
          .order = optional_text_of(value.at("order")),
          .lr = value.at("lr").optional_number(),
          .values = list_of<std::optional<double>>(value.at("values"), optional_number_of),
          .mean = value.at("mean").optional_number(),
          .sd = value.at("sd").optional_number(),
          .diverged = whole_of(value.at("diverged")),
          .failed = whole_of(value.at("failed")),
          .taps = value.has("taps") ? list_of<MergedTap>(value.at("taps"), merged_tap_of)
                                    : std::vector<MergedTap>{}};
}

stats::Losses losses_of(const JsonValue& value) {
  return {.diverged = whole_of(value.at("diverged")), .failed = whole_of(value.at("failed"))};
}

stats::Warning warning_of(const JsonValue& value) {
  using stats::WarningKind;
  return {
      .kind = word_of(value.at("kind"), std::array{WarningKind::skewed, WarningKind::carried_by_few,
                                                   WarningKind::ties, WarningKind::wide_margin,
                                                   WarningKind::negative_correlation}),
      .found = value.at("found").number(),
      .limit = value.at("limit").number()};
}

std::optional<stats::Posterior> posterior_of(const JsonValue& value) {
  if (value.is_null()) return std::nullopt;
  return stats::Posterior{.better = value.at("better").number(),
                          .within_margin = value.at("within_margin").optional_number(),
                          .worse = value.at("worse").number()};
}

std::optional<stats::Prospect> prospect_of(const JsonValue& value) {
  if (value.is_null()) return std::nullopt;
  return stats::Prospect{
      .difference = value.at("difference").number(),
      .power = value.at("power").number(),
      .power_now = value.at("power_now").optional_number(),
      .pairs_for_difference = optional_whole_of(value.at("pairs_for_difference")),
      .pairs_for_equivalence = optional_whole_of(value.at("pairs_for_equivalence"))};
}

stats::Comparison numbers_of(const JsonValue& value) {
  stats::Comparison c;
  c.pairs = whole_of(value.at("pairs"));
  c.mean_diff = value.at("mean_diff").optional_number();
  using stats::Location;
  c.location = word_of(value.at("location"),
                       std::array{Location::mean, Location::pseudo_median, Location::median});
  c.center = value.at("center").optional_number();
  c.sd_diff = value.at("sd_diff").optional_number();
  c.interval = interval_of(value.at("interval"));
  c.equivalence_interval = interval_of(value.at("interval_equivalence"));
  c.critical = value.at("critical").optional_number();
  c.looks = whole_of(value.at("looks"));
  c.student_interval = interval_of(value.at("interval_student"));
  c.p_t = value.at("p_t").optional_number();
  c.p_permutation = value.at("p_permutation").optional_number();
  c.p_permutation_error = value.at("p_permutation_error").optional_number();
  c.p_wilcoxon = value.at("p_wilcoxon").optional_number();
  c.p_equivalence = value.at("p_equivalence").optional_number();
  c.posterior = posterior_of(value.at("posterior"));
  c.wins_share = value.at("wins_share").optional_number();
  c.correlation = value.at("correlation").optional_number();
  c.skewness = value.at("skewness").optional_number();
  c.skewness_standard_error = value.at("skewness_standard_error").optional_number();
  c.guarded_interval = interval_of(value.at("interval_skewness_guarded"));
  if (!value.at("guarded_verdict").is_null()) {
    c.guarded_verdict = verdict_of(value.at("guarded_verdict"));
  }
  c.effect_size = value.at("effect_size").optional_number();
  c.pairing_gain = value.at("pairing_gain").optional_number();
  c.verdict = verdict_of(value.at("verdict"));
  c.negligible = value.at("negligible").truth();
  c.reason = optional_text_of(value.at("reason"));
  c.more_pairs_needed = optional_whole_of(value.at("more_pairs_needed"));
  c.a = losses_of(value.at("lost").at("a"));
  c.b = losses_of(value.at("lost").at("b"));
  c.failure_rate_bound = value.at("failure_rate_bound").optional_number();
  return c;
}

ComparisonResult comparison_of(const JsonValue& value) {
  return {.a = text_of(value.at("a")),
          .b = text_of(value.at("b")),
          .comparison = numbers_of(value),
          .interval_images = interval_of(value.at("interval_images")),
          .images_standard_error = value.at("images_standard_error").optional_number(),
          .images_floor = value.at("images_floor").optional_number(),
          .p_holm = value.at("p_holm").optional_number(),
          .warnings = list_of<stats::Warning>(value.at("warnings"), warning_of),
          .prospect = prospect_of(value.at("prospect")),
          .more_core_hours_needed = {},
          .shared_lr = value.at("shared_lr").optional_number(),
          .is_same_network = value.at("same_network").truth(),
          .taps = value.has("taps") ? tap_comparison_of(value.at("taps")) : std::nullopt,
          .sentence = text_of(value.at("sentence"))};
}

TunedRate rate_of(const JsonValue& value) {
  return {.lr = value.at("lr").number(),
          .values = list_of<std::optional<double>>(value.at("values"), optional_number_of),
          .mean = value.at("mean").optional_number(),
          .sd = value.at("sd").optional_number(),
          .diverged = whole_of(value.at("diverged")),
          .failed = whole_of(value.at("failed"))};
}

TunedOrder tuned_of(const JsonValue& value) {
  return {.name = text_of(value.at("name")),
          .metric = text_of(value.at("metric")),
          .rates = list_of<TunedRate>(value.at("rates"), rate_of),
          .best = value.at("best").number(),
          .is_at_low_end = value.at("at_low_end").truth(),
          .is_at_high_end = value.at("at_high_end").truth()};
}

RankedOrder ranked_of(const JsonValue& value) {
  return {.name = text_of(value.at("name")),
          .rank = whole_of(value.at("rank")),
          .is_tied = value.at("tied").truth()};
}

LedgerRow ledger_row_of(const JsonValue& value) {
  return {.what = text_of(value.at("what")),
          .values = list_of<std::string>(value.at("values"), text_of)};
}

PlanWords plan_of(const JsonValue& value) {
  PlanWords plan;
  plan.guard = value.at("guard").truth();
  plan.comparisons = whole_of(value.at("comparisons"));
  plan.rule = text_of(value.at("rule"));
  plan.equivalence = text_of(value.at("equivalence"));
  if (!value.at("horizon").is_null()) plan.horizon = text_of(value.at("horizon"));
  if (value.at("max_seeds").is_null()) {
    plan.seeds = whole_of(value.at("seeds"));
  } else {
    plan.max_seeds = whole_of(value.at("max_seeds"));
  }
  return plan;
}

/// Tables have as many columns and rows as their headings say: nothing is read beyond an end.
void require_shape(const VerdictRecord& verdict, const JsonValue& document) {
  for (const LedgerRow& row : verdict.ledger) {
    if (row.values.size() != verdict.ledger_orders.size()) {
      document.at("ledger").fail_expected("a value for each of ledger_orders");
    }
  }
  for (const TunedOrder& order : verdict.tuning) {
    if (order.rates.empty() || order.rates.size() != verdict.tuning.front().rates.size()) {
      document.at("tuning").fail_expected("the same rates for every order");
    }
  }
  for (const ComparisonResult& result : verdict.comparisons) {
    for (const stats::Warning& warning : result.warnings) {
      if (warning.kind == stats::WarningKind::wide_margin && !verdict.margin) {
        document.at("margin").fail_expected("a number, since a warning speaks of it");
      }
    }
  }
  if (verdict.orders.size() > kMostOrders) {
    document.at("orders").fail_expected(fmt::format("at most {} orders", kMostOrders));
  }
  if (verdict.ranking.size() > verdict.orders.size()) {
    document.at("ranking").fail_expected("no more entries than orders");
  }
  if (verdict.comparisons.empty()) document.at("comparisons").fail_expected("a comparison");
}

}  // namespace

VerdictRecord parse_verdict(std::string_view text, const std::string& label) {
  const nlohmann::json json = parse_json(text, label, kMostDepth);
  const JsonValue document(json, label);
  if (whole_of(document.at("format")) != kFormatVersion) {
    document.at("format").fail_expected(fmt::format("{}", kFormatVersion));
  }
  using record::Stop;
  VerdictRecord verdict;
  verdict.study = text_of(document.at("study"));
  verdict.study_hash = optional_text_of(document.at("study_hash"));
  verdict.run_folder = optional_text_of(document.at("timings").at("run"));
  verdict.condition = condition_of(document.at("condition"));
  verdict.metric = text_of(document.at("metric"));
  verdict.direction = is_accuracy(verdict.metric) ? stats::Direction::higher_is_better
                                                  : stats::Direction::lower_is_better;
  verdict.margin = document.at("margin").optional_number();
  verdict.confidence = document.at("confidence").number();
  if (!(verdict.confidence > 0 && verdict.confidence < 1)) {
    document.at("confidence").fail_expected("a number between 0 and 1");
  }
  verdict.plan = plan_of(document.at("plan"));
  verdict.stop = word_of(document.at("stop"), std::array{Stop::fixed, Stop::decided,
                                                         Stop::max_seeds, Stop::interrupted});
  verdict.after_stop = whole_of(document.at("timings").at("after_stop"));
  if (document.at("timings").has("tap_share")) {
    verdict.tap_share = document.at("timings").at("tap_share").optional_number();
  }
  verdict.orders = list_of<OrderResult>(document.at("orders"), order_of);
  verdict.comparisons = list_of<ComparisonResult>(document.at("comparisons"), comparison_of);
  const JsonValue hours = document.at("timings").at("more_core_hours_needed");
  for (std::size_t i = 0; i < verdict.comparisons.size(); ++i) {
    verdict.comparisons[i].more_core_hours_needed = hours.at(i).optional_number();
  }
  verdict.ranking = list_of<RankedOrder>(document.at("ranking"), ranked_of);
  verdict.tuning = list_of<TunedOrder>(document.at("tuning"), tuned_of);
  if (document.has("inference")) {
    verdict.inference =
        inference_results_from(document.at("inference"), document.at("timings").at("inference"));
  }
  verdict.ledger_orders = list_of<std::string>(document.at("ledger_orders"), text_of);
  verdict.ledger = list_of<LedgerRow>(document.at("ledger"), ledger_row_of);
  require_shape(verdict, document);
  return verdict;
}

VerdictRecord read_verdict(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "verdict.json";
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error)) {
    throw Error(fmt::format(
        "{}: no verdict.json in it; name the folder of a finished run (whichfirst compare prints "
        "it at the end; the same command again finishes a run that was stopped)",
        printable(folder.string())));
  }
  try {
    return parse_verdict(read_file(file, kMostVerdictBytes), file.string());
  } catch (const Error& reason) {
    throw Error(fmt::format(
        "{}; if another version wrote it, `whichfirst compare {} --out {}` writes it anew without "
        "training",
        reason.what(), printable((folder / "study.toml").string()), printable(folder.string())));
  }
}

}  // namespace whichfirst::record
