#include "record/verdict_record.h"

#include <nlohmann/json.hpp>

#include "record/inference_json.h"
#include "record/json_writer.h"
#include "record/tap_json.h"
#include "record/version.h"

namespace whichfirst::record {
namespace {

using nlohmann::ordered_json;

ordered_json json_of(const std::optional<stats::Interval>& interval) {
  if (!interval) return nullptr;
  return ordered_json::array(
      {or_null(std::optional(interval->lower)), or_null(std::optional(interval->upper))});
}

ordered_json json_of(const Condition& condition) {
  return {
      {"data", condition.dataset},
      {"train", condition.train},
      {"test", condition.test},
      {"validation", or_null(condition.validation)},
      {"classes", condition.classes},
      {"input", condition.input},
      {"notes", condition.notes},
      {"network", condition.network},
      {"bias", condition.bias},
      {"match", condition.match},
      {"epochs", condition.epochs},
      {"batch", condition.batch},
      {"lr", condition.lr.size() == 1 ? ordered_json(condition.lr[0]) : ordered_json(condition.lr)},
      {"momentum", or_null(condition.momentum)},
      {"nesterov", condition.nesterov},
      {"decay", finite(condition.decay)},
      {"decay_all", condition.decay_all},
      {"label_smoothing", finite(condition.label_smoothing)},
      {"augment", condition.augment},
      {"optimizer", condition.optimizer},
      {"schedule", condition.schedule},
      {"warmup", finite(condition.warmup)},
      {"precision", condition.precision}};
}

ordered_json condition_of(const VerdictRecord& verdict) {
  if (!verdict.table) return json_of(verdict.condition);
  return {
      {"results", verdict.table->file}, {"pair", verdict.table->pair}, {"by", verdict.table->by}};
}

ordered_json json_of(const DroppedPair& dropped) {
  return {{"pair", dropped.pair}, {"missing", dropped.missing}};
}

ordered_json json_of(const MergedTap& tap) {
  ordered_json json = {{"place", tap.place}, {"trials", tap.trials}};
  json.update(document(tap.moments));
  json["quantiles"] = tap.quantiles;
  json["histogram"] = document(tap.histogram);
  return json;
}

ordered_json json_of(const TapDifference& row) {
  return {{"place", row.place},
          {"statistic", row.statistic},
          {"pairs", row.pairs},
          {"mean_a", finite(row.mean_a)},
          {"mean_b", finite(row.mean_b)},
          {"mean_diff", finite(row.mean_diff)},
          {"interval", json_of(row.interval)},
          {"p", or_null(row.p)},
          {"q", or_null(row.q)}};
}

ordered_json json_of(const std::optional<TapComparison>& taps) {
  if (!taps) return nullptr;
  ordered_json rows = ordered_json::array();
  for (const TapDifference& row : taps->differences) rows.push_back(json_of(row));
  return {{"epoch", taps->epoch}, {"pairs", taps->pairs}, {"differences", rows}};
}

ordered_json json_of(const OrderResult& order) {
  ordered_json values = ordered_json::array();
  for (const auto& value : order.values) values.push_back(or_null(value));
  ordered_json taps = ordered_json::array();
  for (const MergedTap& tap : order.taps) taps.push_back(json_of(tap));
  return {{"name", order.name},         {"order", or_null(order.order)}, {"lr", or_null(order.lr)},
          {"values", values},           {"mean", or_null(order.mean)},   {"sd", or_null(order.sd)},
          {"diverged", order.diverged}, {"failed", order.failed},        {"taps", taps}};
}

ordered_json json_of(const std::optional<stats::Posterior>& posterior) {
  if (!posterior) return nullptr;
  return {{"better", or_null(std::optional(posterior->better))},
          {"within_margin", or_null(posterior->within_margin)},
          {"worse", or_null(std::optional(posterior->worse))}};
}

ordered_json json_of(const stats::Losses& losses) {
  return {{"diverged", losses.diverged}, {"failed", losses.failed}};
}

ordered_json json_of(const std::optional<stats::Prospect>& prospect) {
  if (!prospect) return nullptr;
  return {{"difference", finite(prospect->difference)},
          {"power", finite(prospect->power)},
          {"power_now", or_null(prospect->power_now)},
          {"pairs_for_difference", or_null(prospect->pairs_for_difference)},
          {"pairs_for_equivalence", or_null(prospect->pairs_for_equivalence)}};
}

ordered_json json_of(const stats::Warning& warning) {
  return {{"kind", stats::name(warning.kind)},
          {"found", finite(warning.found)},
          {"limit", finite(warning.limit)}};
}

ordered_json json_of(const RankedOrder& order) {
  return {{"name", order.name}, {"rank", order.rank}, {"tied", order.is_tied}};
}

ordered_json json_of(const std::vector<stats::Warning>& warnings) {
  ordered_json list = ordered_json::array();
  for (const stats::Warning& warning : warnings) list.push_back(json_of(warning));
  return list;
}

ordered_json json_of(const ComparisonResult& result) {
  const stats::Comparison& c = result.comparison;
  return {{"a", result.a},
          {"b", result.b},
          {"shared_lr", or_null(result.shared_lr)},
          {"same_network", result.is_same_network},
          {"pairs", c.pairs},
          {"mean_diff", or_null(c.mean_diff)},
          {"location", stats::name(c.location)},
          {"center", or_null(c.center)},
          {"sd_diff", or_null(c.sd_diff)},
          {"interval", json_of(c.interval)},
          {"interval_equivalence", json_of(c.equivalence_interval)},
          {"critical", or_null(c.critical)},
          {"looks", c.looks},
          {"interval_student", json_of(c.student_interval)},
          {"interval_images", json_of(result.interval_images)},
          {"images_standard_error", or_null(result.images_standard_error)},
          {"images_floor", or_null(result.images_floor)},
          {"interval_skewness_guarded", json_of(c.guarded_interval)},
          {"guarded_verdict", c.guarded_verdict ? ordered_json(stats::name(*c.guarded_verdict))
                                                : ordered_json(nullptr)},
          {"skewness", or_null(c.skewness)},
          {"skewness_standard_error", or_null(c.skewness_standard_error)},
          {"p_t", or_null(c.p_t)},
          {"p_permutation", or_null(c.p_permutation)},
          {"p_permutation_error", or_null(c.p_permutation_error)},
          {"p_wilcoxon", or_null(c.p_wilcoxon)},
          {"p_equivalence", or_null(c.p_equivalence)},
          {"p_holm", or_null(result.p_holm)},
          {"posterior", json_of(c.posterior)},
          {"effect_size", or_null(c.effect_size)},
          {"pairing_gain", or_null(c.pairing_gain)},
          {"prospect", json_of(result.prospect)},
          {"wins_share", or_null(c.wins_share)},
          {"correlation", or_null(c.correlation)},
          {"lost", {{"a", json_of(c.a)}, {"b", json_of(c.b)}}},
          {"failure_rate_bound", or_null(c.failure_rate_bound)},
          {"verdict", stats::name(c.verdict)},
          {"negligible", c.negligible},
          {"reason", or_null(c.reason)},
          {"warnings", json_of(result.warnings)},
          {"taps", json_of(result.taps)},
          {"more_pairs_needed", or_null(c.more_pairs_needed)},
          {"sentence", result.sentence}};
}

ordered_json json_of(const TunedRate& rate) {
  ordered_json values = ordered_json::array();
  for (const auto& value : rate.values) values.push_back(or_null(value));
  return {{"lr", finite(rate.lr)},  {"values", values},          {"mean", or_null(rate.mean)},
          {"sd", or_null(rate.sd)}, {"diverged", rate.diverged}, {"failed", rate.failed}};
}

ordered_json json_of(const TunedOrder& order) {
  ordered_json rates = ordered_json::array();
  for (const TunedRate& rate : order.rates) rates.push_back(json_of(rate));
  return {{"name", order.name},
          {"metric", order.metric},
          {"best", finite(order.best)},
          {"at_low_end", order.is_at_low_end},
          {"at_high_end", order.is_at_high_end},
          {"rates", rates}};
}

ordered_json json_of(const PlanWords& plan) {
  return {{"seeds", plan.seeds ? ordered_json(*plan.seeds) : ordered_json("auto")},
          {"max_seeds", plan.seeds ? ordered_json(nullptr) : ordered_json(plan.max_seeds)},
          {"rule", plan.rule},
          {"equivalence", plan.equivalence},
          {"horizon", plan.seeds ? ordered_json(nullptr) : ordered_json(plan.horizon)},
          {"guard", plan.guard},
          {"comparisons", plan.comparisons}};
}

ordered_json json_of(const LedgerRow& row) { return {{"what", row.what}, {"values", row.values}}; }

template <class Item>
ordered_json list_of(const std::vector<Item>& items) {
  ordered_json list = ordered_json::array();
  for (const Item& item : items) list.push_back(json_of(item));
  return list;
}

/// What differs between two runs of one study: where it was written and how long it took.
ordered_json timings_of(const VerdictRecord& verdict) {
  ordered_json more = ordered_json::array();
  for (const ComparisonResult& result : verdict.comparisons) {
    more.push_back(or_null(result.more_core_hours_needed));
  }
  return {{"run", or_null(verdict.run_folder)},
          {"after_stop", verdict.after_stop},
          {"tap_share", or_null(verdict.tap_share)},
          {"more_core_hours_needed", more},
          {"inference", timings_document(verdict.inference)}};
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
    case Stop::interrupted:
      return "interrupted";
  }
  check(false, "a stop has a word");
  return {};
}

std::string to_json(const VerdictRecord& verdict) {
  ordered_json json = {{"format", kFormatVersion},
                       {"version", kProgramVersion},
                       {"study", verdict.study},
                       {"study_hash", or_null(verdict.study_hash)},
                       {"condition", condition_of(verdict)},
                       {"metric", verdict.metric},
                       {"margin", or_null(verdict.margin)},
                       {"confidence", finite(verdict.confidence)},
                       {"plan", json_of(verdict.plan)},
                       {"stop", name(verdict.stop)},
                       {"orders", list_of(verdict.orders)},
                       {"comparisons", list_of(verdict.comparisons)},
                       {"ranking", list_of(verdict.ranking)},
                       {"tuning", list_of(verdict.tuning)},
                       {"inference", document(verdict.inference)},
                       {"ledger_orders", verdict.ledger_orders},
                       {"ledger", list_of(verdict.ledger)},
                       {"timings", timings_of(verdict)}};
  if (verdict.table) {
    json["lower_is_better"] = verdict.direction == stats::Direction::lower_is_better;
    json["pair_names"] = verdict.table->pairs;
    json["dropped_pairs"] = list_of(verdict.table->dropped);
  }
  return print_json(json, 1);
}

std::string to_json(const PlanRecord& plan) {
  ordered_json orders = ordered_json::array();
  for (const OrderResult& order : plan.orders) {
    orders.push_back({{"name", order.name}, {"order", or_null(order.order)}});
  }
  return print_json({{"study", plan.study},
                     {"study_hash", plan.study_hash},
                     {"run", plan.run_folder},
                     {"condition", json_of(plan.condition)},
                     {"orders", orders},
                     {"replicates", plan.replicates},
                     {"jobs", plan.jobs},
                     {"trial_bytes", plan.trial_bytes}},
                    1);
}

}  // namespace whichfirst::record
