#include "study/conclude.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "base/error.h"
#include "record/metrics.h"
#include "stats/images.h"
#include "study/campaign.h"
#include "study/compared_orders.h"
#include "study/inference_summary.h"
#include "study/tap_comparison.h"

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
                              .warmup = recipe.warmup,
                              .precision = std::string(record::precision_word(recipe.precision))};
  if (recipe.optimizer == engine::Optimizer::sgd) condition.momentum = recipe.momentum;
  if (!parts.validation.empty()) {
    condition.validation = static_cast<std::int64_t>(parts.validation.size());
  }
  return condition;
}

stats::Direction direction_of(std::string_view metric) {
  return record::is_accuracy(metric) ? stats::Direction::higher_is_better
                                     : stats::Direction::lower_is_better;
}

}  // namespace

/// One step of an accuracy on T images is 100 / T points.
stats::Rule rule_of(const Experiment& experiment, int comparisons) {
  const record::Plan& plan = experiment.study.plan;
  stats::Rule rule{.confidence = plan.confidence,
                   .margin = plan.margin,
                   .direction = direction_of(plan.metric),
                   .resolution = 0,
                   .comparisons = std::max(comparisons, 1),
                   .location = plan.rule,
                   .equivalence_share = plan.equivalence,
                   .guard = plan.guard ? stats::Guard::decides : stats::Guard::shown,
                   .stopping = plan.seeds ? stats::Stopping::fixed : stats::Stopping::automatic,
                   .max_pairs = std::max(plan.max_seeds, stats::minimum_pairs(plan.confidence)),
                   .horizon = plan.horizon};
  if (record::is_accuracy(plan.metric)) {
    const data::Parts& parts = experiment.material.parts;
    const auto& measured = plan.metric.starts_with("test_")  ? parts.test
                           : plan.metric.starts_with("val_") ? parts.validation
                                                             : parts.train;
    rule.resolution = 100.0 / static_cast<double>(measured.size());
  }
  return rule;
}

namespace {

class Conclusion {
 public:
  Conclusion(const Experiment& experiment, const std::vector<PlannedComparison>& comparisons,
             const std::vector<record::TunedOrder>& tuned, const Trials& trials, Ending ending,
             const Wanted& wanted)
      : experiment_(experiment),
        comparisons_(comparisons),
        trials_(trials),
        wanted_(wanted),
        campaign_(experiment, comparisons, trials),
        referee_(rule_of(experiment, static_cast<int>(comparisons.size()))) {
    const record::Study& study = experiment.study;
    verdict_.study = study.name;
    verdict_.study_hash = experiment.hash;
    verdict_.condition = condition_of(experiment);
    verdict_.metric = study.plan.metric;
    verdict_.direction = direction_of(study.plan.metric);
    verdict_.margin = study.plan.margin;
    verdict_.confidence = study.plan.confidence;
    verdict_.plan = {.seeds = study.plan.seeds,
                     .max_seeds = study.plan.max_seeds,
                     .rule = std::string(record::rule_word(study.plan.rule)),
                     .equivalence = std::string(record::equivalence_word(study.plan.equivalence)),
                     .horizon = std::string(record::horizon_word(study.plan.horizon)),
                     .guard = study.plan.guard,
                     .comparisons = static_cast<int>(comparisons.size())};
    verdict_.tuning = tuned;
    verdict_.stop = stop_of(ending);
  }

  record::VerdictRecord conclude() {
    for (std::size_t i = 0; i < experiment_.arms.size(); ++i) add_order(static_cast<int>(i));
    for (std::size_t i = 0; i < comparisons_.size(); ++i) compare(i);
    adjust_p_values(verdict_);
    verdict_.ranking = ranking_of(verdict_);
    verdict_.after_stop = count_after_stop();
    verdict_.tap_share = tap_share();
    return std::move(verdict_);
  }

 private:
  record::Stop stop_of(Ending ending) const {
    if (ending == Ending::interrupted) return record::Stop::interrupted;
    if (experiment_.study.plan.seeds) return record::Stop::fixed;
    for (std::size_t i = 0; i < comparisons_.size(); ++i) {
      if (!campaign_.watch(i).is_decided()) return record::Stop::max_seeds;
    }
    return record::Stop::decided;
  }

  const Arm& arm(int index) const { return experiment_.arms[static_cast<std::size_t>(index)]; }

  /// "bn-first" at its own best rate, "bn-first@0.03" at another.
  std::string name_of_arm(int index) const {
    for (const record::TunedOrder& order : verdict_.tuning) {
      if (order.name == arm(index).order_name && order.best != arm(index).lr) {
        return arm(index).name;
      }
    }
    return arm(index).order_name;
  }

  const record::TrialRecord* find(int index, std::uint64_t replicate) const {
    const auto found = trials_.find({arm(index).name, replicate});
    return found == trials_.end() ? nullptr : &found->second;
  }

  /// Replicates of an arm that count: of the comparison that took the most.
  int replicates_of(int index) const {
    if (experiment_.study.plan.seeds) return *experiment_.study.plan.seeds;
    int most = 0;
    for (std::size_t i = 0; i < comparisons_.size(); ++i) {
      if (comparisons_[i].a != index && comparisons_[i].b != index) continue;
      most = std::max(most, campaign_.replicates(i));
    }
    return most;
  }

  /// Trials that were under way when the last comparison that wanted them ended.
  int count_after_stop() const {
    int count = 0;
    for (std::size_t i = 0; i < experiment_.arms.size(); ++i) {
      const auto used = static_cast<std::uint64_t>(replicates_of(static_cast<int>(i)));
      for (const auto& [key, trial] : trials_) {
        if (key.first != experiment_.arms[i].name || record::is_tuning(key.second)) continue;
        count += key.second > used ? 1 : 0;
      }
    }
    return count;
  }

  /// The first `replicates` of an arm.
  record::OrderResult order_result(int index, int replicates) const {
    record::OrderResult result{.name = name_of_arm(index),
                               .order = arm(index).order,
                               .lr = arm(index).lr,
                               .values = {},
                               .mean = {},
                               .sd = {}};
    for (int replicate = 1; replicate <= replicates; ++replicate) {
      std::optional<double> value;
      if (const auto* trial = find(index, static_cast<std::uint64_t>(replicate))) {
        result.diverged += trial->status == record::Status::diverged ? 1 : 0;
        result.failed += trial->status == record::Status::failed ? 1 : 0;
        value = record::metric_value(trial->metrics, verdict_.metric);
      }
      result.values.push_back(value);
    }
    summarise(result);
    return result;
  }

  /// Those of an order's first `replicates` that there are.
  std::vector<const record::TrialRecord*> trials_of(int index, int replicates) const {
    std::vector<const record::TrialRecord*> seen;
    for (int replicate = 1; replicate <= replicates; ++replicate) {
      const auto* trial = find(index, static_cast<std::uint64_t>(replicate));
      if (trial != nullptr) seen.push_back(trial);
    }
    return seen;
  }

  /// Of the time of all trials that there are.
  std::optional<double> tap_share() const {
    double inside = 0;
    double all = 0;
    for (const auto& [key, trial] : trials_) {
      inside += trial.timings.tap_seconds;
      all += trial.timings.seconds;
    }
    return inside > 0 && all > 0 ? std::optional(inside / all) : std::nullopt;
  }

  /// An arm that takes part in no comparison is in the tuning table alone.
  void add_order(int index) {
    const bool takes_part =
        comparisons_.empty() ||
        std::any_of(comparisons_.begin(), comparisons_.end(),
                    [&](const auto& planned) { return planned.a == index || planned.b == index; });
    if (!takes_part) return;
    verdict_.orders.push_back(order_result(index, replicates_of(index)));
    const auto trials = trials_of(index, replicates_of(index));
    verdict_.orders.back().taps = merge_taps(trials);
    if (auto cost = summarise_inference(verdict_.orders.back().name, trials)) {
      verdict_.inference.push_back(std::move(*cost));
    }
  }

  void compare(std::size_t index) {
    const PlannedComparison& planned = comparisons_[index];
    const int replicates =
        experiment_.study.plan.seeds ? *experiment_.study.plan.seeds : campaign_.replicates(index);
    const record::OrderResult left = order_result(planned.a, replicates);
    const record::OrderResult right = order_result(planned.b, replicates);
    const std::vector<stats::PairBits> bits = matched_bits(planned, replicates);
    record::ComparisonResult result = compare_orders(left, right, referee_, wanted_);
    result.shared_lr = planned.shared_lr;
    if (arm(planned.a).lr == arm(planned.b).lr && is_same_network(arm(planned.a), arm(planned.b))) {
      result.is_same_network = true;
      result.comparison.more_pairs_needed.reset();
    }
    if (verdict_.metric == "test_accuracy") {
      const bool is_automatic = !experiment_.study.plan.seeds;
      const std::optional<double> critical = result.comparison.critical;
      if (!is_automatic || critical) {
        result.interval_images =
            stats::images_interval(bits, referee_.rule(), is_automatic ? critical : std::nullopt);
      }
      result.images_floor = stats::images_floor(bits, referee_.rule());
      result.images_standard_error = stats::images_standard_error(bits);
    }
    result.taps = compare_taps(complete_pairs(planned, replicates), verdict_.confidence);
    if (verdict_.stop == record::Stop::interrupted) leave_open(index, result.comparison);
    if (result.comparison.more_pairs_needed) {
      result.more_core_hours_needed =
          *result.comparison.more_pairs_needed * pair_seconds(experiment_, planned, trials_) / 3600;
    }
    verdict_.comparisons.push_back(std::move(result));
  }

  /// Of trials that did not fail.
  std::vector<TrialPair> complete_pairs(const PlannedComparison& planned, int replicates) const {
    std::vector<TrialPair> pairs;
    for (int i = 1; i <= replicates; ++i) {
      const record::TrialRecord* left = find(planned.a, static_cast<std::uint64_t>(i));
      const record::TrialRecord* right = find(planned.b, static_cast<std::uint64_t>(i));
      if (left == nullptr || right == nullptr) continue;
      if (left->status == record::Status::failed || right->status == record::Status::failed)
        continue;
      pairs.emplace_back(left, right);
    }
    return pairs;
  }

  /// The right answers of the complete pairs, after making sure that they are pairs.
  std::vector<stats::PairBits> matched_bits(const PlannedComparison& planned,
                                            int replicates) const {
    std::vector<stats::PairBits> bits;
    for (const auto& [left, right] : complete_pairs(planned, replicates)) {
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

  /// A fixed number of pairs is looked at once, when all are there; of others, a verdict that fell
  /// before the interruption stands.
  void leave_open(std::size_t index, stats::Comparison& comparison) const {
    if (!campaign_.is_open(index)) return;
    comparison.verdict = stats::Verdict::undecided;
    comparison.negligible = false;
    if (!experiment_.study.plan.seeds) {
      comparison.reason = fmt::format("the run was stopped after {} pairs", comparison.pairs);
      return;
    }
    const int planned = *experiment_.study.plan.seeds;
    comparison.reason =
        fmt::format("The run was stopped at {} of {} planned pairs, which decide together",
                    comparison.pairs, planned);
    comparison.more_pairs_needed = planned - comparison.pairs;
  }

  const Experiment& experiment_;
  const std::vector<PlannedComparison>& comparisons_;
  const Trials& trials_;
  const Wanted& wanted_;
  Campaign campaign_;
  stats::Referee referee_;  // one table of critical values for all comparisons
  record::VerdictRecord verdict_;
};

}  // namespace

double pair_seconds(const Experiment& experiment, const PlannedComparison& planned,
                    const Trials& trials) {
  double seconds = 0;
  for (const int index : {planned.a, planned.b}) {
    double sum = 0;
    int count = 0;
    for (const auto& [key, trial] : trials) {
      if (key.first != experiment.arms[static_cast<std::size_t>(index)].name ||
          trial.status != record::Status::done) {
        continue;
      }
      sum += trial.timings.seconds;
      ++count;
    }
    if (count > 0) seconds += sum / count;
  }
  return seconds;
}

record::VerdictRecord conclude(const Experiment& experiment,
                               const std::vector<PlannedComparison>& comparisons,
                               const std::vector<record::TunedOrder>& tuned, const Trials& trials,
                               Ending ending, const Wanted& wanted) {
  return Conclusion(experiment, comparisons, tuned, trials, ending, wanted).conclude();
}

}  // namespace whichfirst::study
