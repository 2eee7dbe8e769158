#include "study/conclude.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "base/error.h"
#include "record/metrics.h"
#include "stats/images.h"
#include "stats/moments.h"
#include "stats/paired_tests.h"

namespace whichfirst::study {
namespace {

std::string_view name_of(notation::BiasRule rule) {
  switch (rule) {
    case notation::BiasRule::on:
      return "on";
    case notation::BiasRule::off:
      return "off";
    case notation::BiasRule::automatic:
      break;
  }
  return "auto";
}

record::Condition condition_of(const Experiment& experiment) {
  const record::Study& study = experiment.study;
  const data::Parts& parts = experiment.material.parts;
  const data::Dataset& dataset = experiment.material.dataset;
  const record::Recipe& recipe = study.recipe;
  record::Condition condition{.dataset = study.data.path.value_or(study.data.name),
                              .train = static_cast<std::int64_t>(parts.train.size()),
                              .test = static_cast<std::int64_t>(parts.test.size()),
                              .validation = {},
                              .classes = dataset.classes,
                              .input = {dataset.train.shape.channels, dataset.train.shape.height,
                                        dataset.train.shape.width},
                              .notes = dataset.notes,
                              .network = experiment.network,
                              .bias = std::string(name_of(study.bias)),
                              .match = record::match_words(study.match),
                              .epochs = recipe.epochs,
                              .batch = recipe.batch,
                              .lr = recipe.lr,
                              .momentum = {},
                              .nesterov = recipe.nesterov,
                              .decay = recipe.decay,
                              .decay_all = recipe.decay_all,
                              .label_smoothing = recipe.label_smoothing,
                              .augment = record::augment_words(recipe.augment),
                              .optimizer = std::string(record::optimizer_word(recipe.optimizer)),
                              .schedule = std::string(record::schedule_word(recipe.schedule)),
                              .warmup = recipe.warmup};
  if (recipe.optimizer == record::Optimizer::sgd) condition.momentum = recipe.momentum;
  if (!parts.validation.empty()) {
    condition.validation = static_cast<std::int64_t>(parts.validation.size());
  }
  return condition;
}

stats::Direction direction_of(std::string_view metric) {
  return record::is_accuracy(metric) ? stats::Direction::higher_is_better
                                     : stats::Direction::lower_is_better;
}

/// The plan's rule. One step of an accuracy on T images is 100 / T points.
stats::Rule rule_of(const Experiment& experiment, int comparisons) {
  const record::Plan& plan = experiment.study.plan;
  stats::Rule rule{.confidence = plan.confidence,
                   .margin = plan.margin,
                   .direction = direction_of(plan.metric),
                   .resolution = 0,
                   .comparisons = comparisons};
  if (record::is_accuracy(plan.metric)) {
    const data::Parts& parts = experiment.material.parts;
    const auto& measured = plan.metric.starts_with("test_")  ? parts.test
                           : plan.metric.starts_with("val_") ? parts.validation
                                                             : parts.train;
    rule.resolution = 100.0 / static_cast<double>(measured.size());
  }
  return rule;
}

/// At least 1, so that one order alone has a rule too.
int count_comparisons(std::size_t orders) {
  return std::max(1, static_cast<int>(orders * (orders - 1) / 2));
}

/// Mean and spread of the values there are.
void summarise(record::OrderResult& order) {
  std::vector<double> present;
  for (const std::optional<double>& value : order.values) {
    if (value) present.push_back(*value);
  }
  const stats::Moments moments = stats::moments_of(present);
  order.mean = moments.mean;
  order.sd = moments.sd;
}

record::ComparisonResult compare_orders(const record::OrderResult& a, const record::OrderResult& b,
                                        const stats::Rule& rule) {
  return {
      .a = a.name,
      .b = b.name,
      .comparison = stats::compare(a.values, b.values, {.diverged = a.diverged, .failed = a.failed},
                                   {.diverged = b.diverged, .failed = b.failed}, rule),
      .interval_images = {},
      .images_standard_error = {},
      .p_holm = {},
      .more_core_hours_needed = {},
      .sentence = {}};
}

void adjust_p_values(record::VerdictRecord& verdict) {
  std::vector<std::optional<double>> p;
  for (const auto& result : verdict.comparisons) p.push_back(result.comparison.p_t);
  const auto adjusted = stats::holm_adjusted(p);
  for (std::size_t i = 0; i < adjusted.size(); ++i) verdict.comparisons[i].p_holm = adjusted[i];
}

class Conclusion {
 public:
  Conclusion(const Experiment& experiment, const Trials& trials, record::Stop stop)
      : experiment_(experiment), trials_(trials) {
    const record::Study& study = experiment.study;
    verdict_.study = study.name;
    verdict_.study_hash = experiment.hash;
    verdict_.condition = condition_of(experiment);
    verdict_.metric = study.plan.metric;
    verdict_.direction = direction_of(study.plan.metric);
    verdict_.margin = study.plan.margin;
    verdict_.confidence = study.plan.confidence;
    verdict_.stop = stop;
  }

  record::VerdictRecord conclude() {
    for (const Arm& arm : experiment_.arms) verdict_.orders.push_back(order_result(arm));
    const stats::Rule rule = rule_of(experiment_, count_comparisons(experiment_.arms.size()));
    for (std::size_t a = 0; a < experiment_.arms.size(); ++a) {
      for (std::size_t b = a + 1; b < experiment_.arms.size(); ++b) compare(a, b, rule);
    }
    adjust_p_values(verdict_);
    return std::move(verdict_);
  }

 private:
  const record::TrialRecord* find(const std::string& arm, std::uint64_t replicate) const {
    const auto found = trials_.find({arm, replicate});
    return found == trials_.end() ? nullptr : &found->second;
  }

  std::uint64_t replicates() const {
    return static_cast<std::uint64_t>(experiment_.study.plan.seeds);
  }

  record::OrderResult order_result(const Arm& arm) const {
    record::OrderResult result{.name = arm.name,
                               .order = arm.order,
                               .lr = experiment_.study.recipe.lr,
                               .values = {},
                               .mean = {},
                               .sd = {}};
    for (std::uint64_t replicate = 1; replicate <= replicates(); ++replicate) {
      std::optional<double> value;
      if (const record::TrialRecord* trial = find(arm.name, replicate)) {
        result.diverged += trial->status == record::Status::diverged ? 1 : 0;
        result.failed += trial->status == record::Status::failed ? 1 : 0;
        value = record::metric_value(trial->metrics, verdict_.metric);
      }
      result.values.push_back(value);
    }
    summarise(result);
    return result;
  }

  void compare(std::size_t a, std::size_t b, const stats::Rule& rule) {
    const record::OrderResult& left = verdict_.orders[a];
    const record::OrderResult& right = verdict_.orders[b];
    const std::vector<stats::PairBits> bits = matched_bits(left.name, right.name);
    record::ComparisonResult result = compare_orders(left, right, rule);
    if (verdict_.metric == "test_accuracy") {
      result.interval_images = stats::images_interval(bits, rule);
      result.images_standard_error = stats::images_standard_error(bits);
    }
    if (verdict_.stop == record::Stop::interrupted) leave_open(result.comparison);
    if (result.comparison.more_pairs_needed) {
      result.more_core_hours_needed =
          *result.comparison.more_pairs_needed * pair_seconds(left.name, right.name) / 3600;
    }
    verdict_.comparisons.push_back(std::move(result));
  }

  /// The right answers of the complete pairs, after making sure that they are pairs.
  std::vector<stats::PairBits> matched_bits(const std::string& a, const std::string& b) const {
    std::vector<stats::PairBits> bits;
    for (std::uint64_t replicate = 1; replicate <= replicates(); ++replicate) {
      const record::TrialRecord* left = find(a, replicate);
      const record::TrialRecord* right = find(b, replicate);
      if (left == nullptr || right == nullptr) continue;
      if (left->status == record::Status::failed || right->status == record::Status::failed)
        continue;
      require_pair(*left, *right);
      if (!left->right_answers.empty() && !right->right_answers.empty()) {
        bits.push_back({.a = left->right_answers, .b = right->right_answers});
      }
    }
    return bits;
  }

  static void require_pair(const record::TrialRecord& a, const record::TrialRecord& b) {
    if (a.hashes == b.hashes) return;
    const char* what = a.hashes.data != b.hashes.data               ? "data"
                       : a.hashes.data_order != b.hashes.data_order ? "data order"
                                                                    : "initial weights";
    throw Error(
        fmt::format("replicate {}: {} and {} did not see the same {}, so they are no pair; the "
                    "trial files were "
                    "changed or mixed, or the data changed between them: run into an empty folder",
                    a.replicate, a.arm, b.arm, what));
  }

  /// A fixed number of pairs is looked at once, when all are there.
  void leave_open(stats::Comparison& comparison) const {
    comparison.verdict = stats::Verdict::undecided;
    comparison.negligible = false;
    comparison.reason = fmt::format(
        "The run was stopped at {} of {} planned pairs, which decide "
        "together",
        comparison.pairs, experiment_.study.plan.seeds);
    comparison.more_pairs_needed = experiment_.study.plan.seeds - comparison.pairs;
  }

  double pair_seconds(const std::string& a, const std::string& b) const {
    double seconds = 0;
    for (const std::string& name : {a, b}) {
      double sum = 0;
      int count = 0;
      for (const auto& [key, trial] : trials_) {
        if (key.first != name || trial.status != record::Status::done) continue;
        sum += trial.timings.seconds;
        ++count;
      }
      if (count > 0) seconds += sum / count;
    }
    return seconds;
  }

  const Experiment& experiment_;
  const Trials& trials_;
  record::VerdictRecord verdict_;
};

}  // namespace

record::VerdictRecord conclude(const Experiment& experiment, const Trials& trials,
                               record::Stop stop) {
  return Conclusion(experiment, trials, stop).conclude();
}

record::VerdictRecord conclude(record::Results results, stats::Rule rule) {
  record::VerdictRecord verdict;
  verdict.table = std::move(results.table);
  verdict.metric = std::move(results.metric);
  verdict.direction = rule.direction;
  verdict.margin = rule.margin;
  verdict.confidence = rule.confidence;
  verdict.orders = std::move(results.orders);
  rule.comparisons = count_comparisons(verdict.orders.size());
  for (record::OrderResult& order : verdict.orders) summarise(order);
  for (std::size_t a = 0; a < verdict.orders.size(); ++a) {
    for (std::size_t b = a + 1; b < verdict.orders.size(); ++b) {
      verdict.comparisons.push_back(compare_orders(verdict.orders[a], verdict.orders[b], rule));
    }
  }
  adjust_p_values(verdict);
  return verdict;
}

}  // namespace whichfirst::study
