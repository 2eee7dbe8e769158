#include "record/verdict_record.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "json/fields.h"
#include "json/printable.h"
#include "record/atomic_file.h"
#include "record/inference_fields.h"
#include "record/metrics.h"
#include "record/tap_fields.h"
#include "record/verdict_fields.h"
#include "record/version.h"

namespace whichfirst::record {
namespace {

using algebra::LedgerRow;
using json::among;
using json::field;

constexpr int kMostLevels = 12;
constexpr std::size_t kMostOrders = 1'000;
constexpr std::size_t kLongestText = 4'000;

/// One number, or a list of several.
struct OneOrSeveral {
  using List = json::Codec<std::vector<double>>;
  static void write(const std::vector<double>& list, json::Writer& writer) {
    list.size() == 1 ? writer.number(list[0]) : List::write(list, writer);
  }
  static std::vector<double> read(const json::Value& value) {
    return value.is_list() ? List::read(value) : std::vector{value.number()};
  }
  static std::string type() { return "number or list of numbers"; }
};

/// The name of one of tap_statistics().
struct StatisticName : json::Codec<std::string> {
  static std::string read(const json::Value& value) {
    const std::string word = value.text();
    const auto known = tap_statistics();
    if (std::none_of(known.begin(), known.end(),
                     [&](const TapStatistic& one) { return one.name == word; })) {
      value.fail_expected("a word of this program");
    }
    return word;
  }
};

const json::Fields<Condition> kCondition = {
    field<&Condition::dataset>("data", "name or path"),
    field<&Condition::train>("train", "pictures, after the study's shares were taken"),
    field<&Condition::test>("test", "pictures"),
    field<&Condition::validation>("validation", "pictures; null where no part was cut"),
    field<&Condition::classes>("classes", "of the data"),
    field<&Condition::input>("input", "C, H, W of a picture"),
    field<&Condition::notes>("notes", "what to know of how the data were read"),
    field<&Condition::network>("network", "preset or canonical body"),
    field<&Condition::bias>("bias", "auto, on, off"),
    field<&Condition::match>("match", "differences between the orders that were taken away"),
    field<&Condition::epochs>("epochs", "of the recipe"),
    field<&Condition::batch>("batch", "pictures of a step"),
    field<&Condition::lr, OneOrSeveral>("lr", "one for all, or those that were tried"),
    field<&Condition::momentum>("momentum", "null: not sgd"),
    field<&Condition::nesterov>("nesterov", "of sgd"),
    field<&Condition::decay>("decay", "of weights"),
    field<&Condition::decay_all>("decay_all", "of biases, scales and offsets too"),
    field<&Condition::label_smoothing>("label_smoothing", "in training"),
    field<&Condition::augment>("augment", "of training pictures"),
    field<&Condition::optimizer>("optimizer", "sgd, adamw"),
    field<&Condition::schedule>("schedule", "of the learning rate"),
    field<&Condition::warmup>("warmup", "epochs"),
    field<&Condition::precision>("precision", "fp32, fp32-fast, bf16"),
};

const json::Fields<ResultsTable> kTableCondition = {
    field<&ResultsTable::file>("results", "of the verdict on a table: its file"),
    field<&ResultsTable::pair>("pair", "its column that names the pairs"),
    field<&ResultsTable::by>("by", "its column that names the orders"),
};

const json::Fields<DroppedPair> kDroppedPair = {
    field<&DroppedPair::pair>("pair", "its name"),
    field<&DroppedPair::missing>("missing", "names of the orders it lacks"),
};

const json::Fields<MergedTap> kMergedTap = {
    field<&MergedTap::place>("place", "as in a trial"),
    field<&MergedTap::trials>("trials", "that were merged"),
    among<&MergedTap::moments>(kMoments),
    field<&MergedTap::quantiles>("quantiles", "as in a trial"),
    field<&MergedTap::histogram, HistogramForm>("histogram", "as in a trial"),
};

const json::Fields<TapDifference> kTapDifference = {
    field<&TapDifference::place>("place", "as in a trial"),
    field<&TapDifference::statistic, StatisticName>("statistic", "field of a tap"),
    field<&TapDifference::pairs>("pairs", "in which both orders have it"),
    field<&TapDifference::mean_a>("mean_a", "of order a"),
    field<&TapDifference::mean_b>("mean_b", "of order b"),
    field<&TapDifference::mean_diff>("mean_diff", "a - b"),
    field<&TapDifference::interval, Interval>("interval", "Student's, by itself"),
    field<&TapDifference::p>("p", "Student's, by itself"),
    field<&TapDifference::q>("q", "over all rows (Benjamini and Yekutieli)"),
};

const json::Fields<TapComparison> kTapComparison = {
    field<&TapComparison::epoch>("epoch", "the last one that was looked at"),
    field<&TapComparison::pairs>("pairs", "of trials"),
    field<&TapComparison::differences>("differences", kTapDifference, "clearest first"),
};

const json::Fields<OrderResult> kOrder = {
    field<&OrderResult::name>("name", "of the arm"),
    field<&OrderResult::order>("order", "canonical notation"),
    field<&OrderResult::lr>("lr", "learning rate"),
    field<&OrderResult::values>("values", "of replicates 1, 2, ..."),
    field<&OrderResult::mean>("mean", "of the values there are"),
    field<&OrderResult::sd>("sd", "divisor n - 1"),
    field<&OrderResult::diverged>("diverged", "trials"),
    field<&OrderResult::failed>("failed", "trials"),
    field<&OrderResult::taps>("taps", kMergedTap, "all replicates together").absent_in_older(),
};

const json::Fields<stats::Losses> kLosses = {
    field<&stats::Losses::diverged>("diverged", "trials"),
    field<&stats::Losses::failed>("failed", "trials"),
};

const json::Fields<stats::Warning> kWarning = {
    field<&stats::Warning::kind,
          json::Words<stats::WarningKind::skewed, stats::WarningKind::carried_by_few,
                      stats::WarningKind::ties, stats::WarningKind::wide_margin,
                      stats::WarningKind::negative_correlation>>("kind", "what looks broken"),
    field<&stats::Warning::found>("found", "what the kind measures"),
    field<&stats::Warning::limit>("limit", "beyond which it is warned of"),
};

const json::Fields<stats::Posterior> kPosterior = {
    field<&stats::Posterior::better, json::NumberOrNull>(
        "better", "share beyond the margin on the good side of a"),
    field<&stats::Posterior::within_margin>("within_margin", "share; null without a margin"),
    field<&stats::Posterior::worse, json::NumberOrNull>("worse",
                                                        "share beyond the margin on the bad side"),
};

const json::Fields<stats::Prospect> kProspect = {
    field<&stats::Prospect::difference>("difference", "wanted, else the margin"),
    field<&stats::Prospect::power>("power", "wanted"),
    field<&stats::Prospect::power_now>("power_now", "with the pairs there are"),
    field<&stats::Prospect::pairs_for_difference>("pairs_for_difference", "at the spread seen"),
    field<&stats::Prospect::pairs_for_equivalence>("pairs_for_equivalence", "at the spread seen"),
};

using C = stats::Comparison;
const json::Fields<ComparisonResult> kComparison = {
    field<&ComparisonResult::a>("a", "name of the first order"),
    field<&ComparisonResult::b>("b", "name of the second order"),
    field<&ComparisonResult::shared_lr>("shared_lr", "null: each at its own best"),
    field<&ComparisonResult::is_same_network>("same_network", "both build the same network"),
    field<&ComparisonResult::proof>("proof", "why both must train to the same numbers")
        .absent_in_older(),
    among<&ComparisonResult::comparison>({
        field<&C::pairs>("pairs", "complete ones"),
        field<&C::mean_diff>("mean_diff", "of d = a - b"),
        field<&C::location, json::Words<stats::Location::mean, stats::Location::pseudo_median,
                                        stats::Location::median>>("location",
                                                                  "what the rule is about"),
        field<&C::center>("center", "its value"),
        field<&C::sd_diff>("sd_diff", "divisor n - 1"),
        field<&C::interval, Interval>("interval", "that decides"),
        field<&C::equivalence_interval, Interval>(
            "interval_equivalence", "that `equivalent` is read off where `equivalence` is `full`"),
        field<&C::critical>("critical", "of a mean: half the interval in standard errors"),
        field<&C::looks>("looks", "how often the data were looked at"),
        field<&C::student_interval, Interval>("interval_student",
                                              "Student's, not corrected for the looks"),
    }),
    field<&ComparisonResult::interval_images, Interval>(
        "interval_images", "over seeds and images; these three of `test_accuracy`"),
    field<&ComparisonResult::images_standard_error>("images_standard_error",
                                                    "of these very networks, points"),
    field<&ComparisonResult::images_floor>("images_floor",
                                           "below it no number of seeds tells a difference from 0"),
    among<&ComparisonResult::comparison>({
        field<&C::guarded_interval, Interval>("interval_skewness_guarded",
                                              "the interval with its long side stretched"),
        field<&C::guarded_verdict, json::OrNull<stats::Verdict, VerdictWord>>(
            "guarded_verdict", "what that interval says, lost trials aside"),
        field<&C::skewness>("skewness", "of the differences"),
        field<&C::skewness_standard_error>("skewness_standard_error", "under normality"),
        field<&C::p_t>("p_t", "Student's, two-sided"),
        field<&C::p_permutation>("p_permutation", "sign flips, two-sided"),
        field<&C::p_permutation_error>("p_permutation_error", "null where p is exact"),
        field<&C::p_wilcoxon>("p_wilcoxon", "signed rank, two-sided"),
        field<&C::p_equivalence>("p_equivalence", "two one-sided tests"),
    }),
    field<&ComparisonResult::p_holm>("p_holm", "`p_t`, adjusted over the comparisons"),
    among<&ComparisonResult::comparison>({
        field<&C::posterior>("posterior", kPosterior, "under a flat prior"),
        field<&C::effect_size>("effect_size", "mean / sd of d"),
        field<&C::pairing_gain>("pairing_gain",
                                "times as many pairs it would take without pairing"),
    }),
    field<&ComparisonResult::prospect>(
        "prospect", kProspect, "what these pairs can show; null without a spread or a difference"),
    among<&ComparisonResult::comparison>({
        field<&C::wins_share>("wins_share", "pairs with a on the good side; ties half"),
        field<&C::correlation>("correlation", "of the two values of a pair"),
        json::group<C>(
            "lost", "trials without a value",
            {field<&C::a>("a", kLosses, "of order a"), field<&C::b>("b", kLosses, "of order b")}),
        field<&C::failure_rate_bound>("failure_rate_bound",
                                      "still possible at 95 % when nothing was lost"),
        field<&C::verdict, VerdictWord>("verdict", "about order a"),
        field<&C::negligible>("negligible", "equivalent, and 0 is left out"),
        field<&C::reason>("reason", "why it is undecided, or what is odd"),
        field<&C::withheld>("withheld", "undecided whatever the interval says").absent_in_older(),
    }),
    field<&ComparisonResult::warnings>("warnings", kWarning, "see [statistics.md](statistics.md)"),
    field<&ComparisonResult::taps>("taps", kTapComparison, "what differs inside: [lab.md](lab.md)")
        .absent_in_older(),
    among<&ComparisonResult::comparison>({field<&C::more_pairs_needed>(
        "more_pairs_needed",
        "if mean and spread stay; 0: decided; null: above 10,000, or losses forbid it")}),
    field<&ComparisonResult::sentence>("sentence", "the verdict in words"),
};

const json::Fields<TunedRate> kTunedRate = {
    field<&TunedRate::lr>("lr", "learning rate"),
    field<&TunedRate::values>("values", "by tuning replicate"),
    field<&TunedRate::mean>("mean", "of the values there are"),
    field<&TunedRate::sd>("sd", "divisor n - 1"),
    field<&TunedRate::diverged>("diverged", "trials"),
    field<&TunedRate::failed>("failed", "trials"),
};

const json::Fields<TunedOrder> kTunedOrder = {
    field<&TunedOrder::name>("name", "of the order"),
    field<&TunedOrder::metric>("metric", "val_accuracy or val_loss"),
    field<&TunedOrder::best>("best", "the rate that suits it"),
    field<&TunedOrder::is_at_low_end>("at_low_end", "the smallest tried is the best"),
    field<&TunedOrder::is_at_high_end>("at_high_end", "the largest tried is the best"),
    field<&TunedOrder::rates>("rates", kTunedRate, "rising"),
};

const json::Fields<RankedOrder> kRankedOrder = {
    field<&RankedOrder::name>("name", "of the order"),
    field<&RankedOrder::rank>("rank", "1 + orders that were found better"),
    field<&RankedOrder::is_tied>("tied", "with another of this rank"),
};

const json::Fields<LedgerRow> kLedgerRow = {
    field<&LedgerRow::what>("what", "that differs"),
    field<&LedgerRow::values>("values", "by ledger_orders"),
};

/// Null where the number of seeds is fixed.
template <auto kMember>
json::Field<PlanWords> where_automatic(std::string_view key, std::string_view type,
                                       std::string_view meaning) {
  using Coded = json::Codec<json::TypeOf<kMember>>;
  return json::custom<PlanWords>(
      key, type, meaning,
      [](const PlanWords& plan, json::Writer& writer) {
        plan.seeds ? writer.null() : Coded::write(plan.*kMember, writer);
      },
      [](PlanWords& plan, const json::Value& value) {
        if (!value.is_null()) plan.*kMember = Coded::read(value);
      });
}

const json::Fields<PlanWords> kPlan = {
    json::custom<PlanWords>(
        "seeds", "whole number or `auto`", "replicates",
        [](const PlanWords& plan, json::Writer& writer) {
          plan.seeds ? writer.whole(std::int64_t{*plan.seeds}) : writer.text("auto");
        },
        [](PlanWords& plan, const json::Value& value) {
          if (!value.is_text("auto")) plan.seeds = value.small_whole();
        }),
    where_automatic<&PlanWords::max_seeds>("max_seeds", "whole number or null", "at most so many"),
    field<&PlanWords::rule>("rule", "by whose interval is decided"),
    field<&PlanWords::equivalence>("equivalence", "half, full"),
    where_automatic<&PlanWords::horizon>("horizon", "text or null", "open, max-seeds"),
    field<&PlanWords::guard>("guard", "the skewness-guarded interval decides"),
    field<&PlanWords::comparisons>("comparisons", "K, that share the error"),
};

// What differs between two runs of one study: where it was written and how long it took.

const auto kMoreHours = json::custom<VerdictRecord>(
    "more_core_hours_needed", "list of (number or null)", "of each comparison, to decide it",
    [](const VerdictRecord& verdict, json::Writer& writer) {
      writer.begin_list();
      for (const ComparisonResult& result : verdict.comparisons) {
        json::Codec<std::optional<double>>::write(result.more_core_hours_needed, writer);
      }
      writer.end_list();
    },
    [](VerdictRecord& verdict, const json::Value& value) {
      for (std::size_t i = 0; i < verdict.comparisons.size(); ++i) {
        verdict.comparisons[i].more_core_hours_needed = value.at(i).optional_number();
      }
    });

const auto kInferenceTimes = json::custom<VerdictRecord>(
    "inference", "list of (object or null)", "times of each of inference, as in a trial",
    [](const VerdictRecord& verdict, json::Writer& writer) {
      writer.begin_list();
      for (const InferenceResult& result : verdict.inference) {
        json::write_part(kInferenceTimings.list, result.timings, writer);
      }
      writer.end_list();
    },
    [](VerdictRecord& verdict, const json::Value& value) {
      for (std::size_t i = 0; i < verdict.inference.size(); ++i) {
        json::read_part(kInferenceTimings.list, verdict.inference[i].timings, value.at(i));
      }
    });

const json::Fields<Notice> kNotice = {
    field<&Notice::kind>("kind", "a word for programs"),
    field<&Notice::text>("text", "a sentence without its full stop"),
};

const json::Fields<MetricScale> kScale = {
    field<&MetricScale::guessing>("guessing", "of always giving the same answer"),
    field<&MetricScale::best>("best", "possible value"),
    field<&MetricScale::step>("step", "one image; null for a loss"),
};

struct IsOfTable {
  bool operator()(const VerdictRecord& verdict) const { return verdict.table.has_value(); }
};

/// Of a study, or of a table of results, which is not read back.
json::Field<VerdictRecord> condition() {
  auto condition =
      field<&VerdictRecord::condition>("condition", kCondition, "what the verdict is about");
  condition.write = [](const json::AnyField&, const void* record, json::Writer& writer) {
    const auto& verdict = *static_cast<const VerdictRecord*>(record);
    verdict.table ? json::write_part(kTableCondition.list, *verdict.table, writer)
                  : json::write_part(kCondition.list, verdict.condition, writer);
  };
  return condition;
}

const json::Fields<VerdictRecord> kVerdict = {
    json::form_version<VerdictRecord, kFormatVersion>(),
    json::derived<VerdictRecord>("version", "of the program",
                                 [](const VerdictRecord&) { return kProgramVersion; }),
    field<&VerdictRecord::study>("study", "its name"),
    field<&VerdictRecord::study_hash>("study_hash", "of the resolved study"),
    condition(),
    field<&VerdictRecord::metric>("metric", "of the plan"),
    field<&VerdictRecord::scale>("scale", kScale, "what the metric can be; null for a table")
        .absent_in_older(),
    field<&VerdictRecord::margin>("margin", "in the metric's unit; null: none"),
    field<&VerdictRecord::confidence>("confidence", "of all comparisons together"),
    field<&VerdictRecord::plan>("plan", kPlan, "what was fixed before the first pair"),
    field<&VerdictRecord::stop,
          json::Words<Stop::fixed, Stop::decided, Stop::max_seeds, Stop::gate, Stop::interrupted>>(
        "stop", "fixed: the planned number; decided, max-seeds: by itself; gate: by `gates`"),
    field<&VerdictRecord::gates>("gates", "what was asked and said when pairs were enough")
        .absent_in_older(),
    field<&VerdictRecord::orders>("orders", kOrder, "the arms"),
    field<&VerdictRecord::comparisons>("comparisons", kComparison,
                                       "every two orders, the earlier one as a"),
    field<&VerdictRecord::notices>("notices", kNotice, "what to know before it is believed")
        .absent_in_older(),
    field<&VerdictRecord::ranking>("ranking", kRankedOrder, "best first; empty below three orders"),
    field<&VerdictRecord::tuning>("tuning", kTunedOrder, "orders by rates; empty with one rate"),
    field<&VerdictRecord::inference>("inference", kInferenceResult, "of orders with a folded trial")
        .absent_in_older(),
    field<&VerdictRecord::ledger_orders>("ledger_orders", "columns of the ledger"),
    field<&VerdictRecord::ledger>("ledger", kLedgerRow, "what else differs"),
    json::group<VerdictRecord>(
        "timings", "the only part that may differ between two runs",
        {field<&VerdictRecord::run_folder>("run", "folder"),
         field<&VerdictRecord::trial_seconds>("trial_seconds", "of all trials of each order")
             .absent_in_older(),
         field<&VerdictRecord::after_stop>("after_stop", "trials or pairs kept and not used"),
         field<&VerdictRecord::tap_share>("tap_share", "of the time, for looking inside")
             .absent_in_older(),
         kMoreHours, json::Field<VerdictRecord>(kInferenceTimes).absent_in_older()}),
    json::derived<VerdictRecord>("lower_is_better", "of a table",
                                 [](const VerdictRecord& verdict) {
                                   return verdict.direction == stats::Direction::lower_is_better;
                                 })
        .only_if(IsOfTable{}),
    json::derived<VerdictRecord>("pair_names", "of a table, one for each value",
                                 [](const VerdictRecord& verdict) { return verdict.table->pairs; })
        .only_if(IsOfTable{}),
    json::derived<VerdictRecord>(
        "dropped_pairs", kDroppedPair, "of a table: pairs that lack an order",
        [](const VerdictRecord& verdict) -> const auto& { return verdict.table->dropped; })
        .only_if(IsOfTable{}),
};

const json::Fields<OrderResult> kPlannedOrder = {
    field<&OrderResult::name>("name", "of the order"),
    field<&OrderResult::order>("order", "canonical notation"),
};

const json::Fields<PlanRecord> kPlanFields = {
    field<&PlanRecord::study>("study", "its name"),
    field<&PlanRecord::study_hash>("study_hash", "of the resolved study"),
    field<&PlanRecord::run_folder>("run", "where results would go"),
    field<&PlanRecord::condition>("condition", kCondition, "as in a verdict"),
    field<&PlanRecord::orders>("orders", kPlannedOrder, "the arms"),
    field<&PlanRecord::notices>("notices", kNotice, "what can be said before training"),
    field<&PlanRecord::replicates>("replicates", "at most"),
    field<&PlanRecord::jobs>("jobs", "trials side by side"),
    field<&PlanRecord::trial_bytes>("trial_bytes", "of memory, each"),
    field<&PlanRecord::seconds_least>("seconds_least", "an estimate by a few steps of each order"),
    field<&PlanRecord::seconds_most>("seconds_most", "the same at the most replicates"),
};

/// Tables have as many columns and rows as their headings say: nothing is read beyond an end.
void require_shape(const VerdictRecord& verdict, const json::Value& document) {
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

std::string_view name(Stop stop) {
  switch (stop) {
    case Stop::fixed:
      return "fixed";
    case Stop::decided:
      return "decided";
    case Stop::max_seeds:
      return "max-seeds";
    case Stop::gate:
      return "gate";
    case Stop::interrupted:
      return "interrupted";
  }
  check(false, "a stop has a word");
  return {};
}

std::string to_json(const VerdictRecord& verdict) { return json::print(kVerdict, verdict); }

std::string verdict_table() { return json::print_table(kVerdict.list); }

std::string to_json(const PlanRecord& plan) { return json::print(kPlanFields, plan); }

VerdictRecord verdict_from_json(std::string_view text, const std::string& label) {
  const json::Document document(
      text, label,
      {.most_levels = kMostLevels, .ignores_unknown_keys = true, .longest_text = kLongestText});
  VerdictRecord verdict;
  json::read_object(kVerdict.list, &verdict, document.root());
  verdict.direction = is_accuracy(verdict.metric) ? stats::Direction::higher_is_better
                                                  : stats::Direction::lower_is_better;
  if (!(verdict.confidence > 0 && verdict.confidence < 1)) {
    document.root().at("confidence").fail_expected("a number between 0 and 1");
  }
  require_shape(verdict, document.root());
  return verdict;
}

VerdictRecord read_verdict(const std::filesystem::path& folder) {
  std::filesystem::path file = folder / "verdict.json";
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error)) file = folder / kSoFarFile;
  if (!std::filesystem::is_regular_file(file, error)) {
    throw Error(
        "{}: no verdict.json in it; name the folder of a finished run (whichfirst compare prints "
        "it at the end; the same command again finishes a run that was stopped)",
        json::printable(folder.string()));
  }
  try {
    return verdict_from_json(read_file(file, kMostVerdictBytes), file.string());
  } catch (const Error& reason) {
    throw Error(
        "{}; if another version wrote it, `whichfirst compare {} --out {}` writes it anew without "
        "training",
        reason.what(), json::printable((folder / "study.toml").string()),
        json::printable(folder.string()));
  }
}

}  // namespace whichfirst::record
