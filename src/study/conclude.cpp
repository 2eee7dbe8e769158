#include "study/conclude.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "base/error.h"
#include "base/words.h"
#include "record/metrics.h"
#include "stats/images.h"
#include "study/campaign.h"
#include "study/compared_orders.h"
#include "study/inference_summary.h"
#include "study/notices.h"
#include "study/tap_comparison.h"

namespace whichfirst::study {
namespace {

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
                              .bias = std::string(record::bias_word(study.bias)),
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
        referee_(rule_of(experiment, comparisons.size())) {
    const record::Study& study = experiment.study;
    verdict_.study = study.name;
    verdict_.study_hash = experiment.hash;
    verdict_.condition = condition_of(experiment);
    verdict_.metric = study.plan.metric;
    verdict_.scale = scale_of(experiment);
    verdict_.direction = referee_.rule().direction;
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
    for (std::size_t i = 0; i < experiment_.arms.size(); ++i) add_order(i);
    for (std::size_t i = 0; i < comparisons_.size(); ++i) compare(i);
    compare_comparisons(verdict_);
    add_notices();
    add_shares();
    return std::move(verdict_);
  }

 private:
  record::Stop stop_of(Ending ending) const {
    if (ending == Ending::interrupted) return record::Stop::interrupted;
    if (experiment_.study.plan.seeds) return record::Stop::fixed;
    record::Stop stop = record::Stop::decided;
    for (std::size_t i = 0; i < comparisons_.size(); ++i) {
      if (!campaign_.watch(i).is_decided()) return record::Stop::max_seeds;
      if (campaign_.watch(i).is_ended_by_gate()) stop = record::Stop::gate;
    }
    return stop;
  }

  const Arm& arm(std::size_t index) const { return experiment_.arms[index]; }

  /// Replicates of a comparison that count.
  int replicates_of(std::size_t comparison) const {
    return experiment_.study.plan.seeds.value_or(campaign_.replicates(comparison));
  }

  /// Replicates of an arm that count: of the comparison that took the most.
  int replicates_of_arm(std::size_t index) const {
    int most = experiment_.study.plan.seeds.value_or(0);
    for (std::size_t i = 0; i < comparisons_.size(); ++i) {
      if (comparisons_[i].involves(index)) most = std::max(most, replicates_of(i));
    }
    return most;
  }

  /// Of all trials that there are: those that were under way when the last comparison that wanted
  /// them ended, and the share of their time that went into looking inside.
  void add_shares() {
    double inside = 0;
    double all = 0;
    for (const auto& [id, trial] : trials_) {
      const auto used = static_cast<std::uint64_t>(replicates_of_arm(id.arm));
      verdict_.after_stop += !record::is_tuning(id.replicate) && id.replicate > used ? 1 : 0;
      inside += trial.timings.tap_seconds;
      all += trial.timings.seconds;
    }
    if (inside > 0 && all > 0) verdict_.tap_share = inside / all;
  }

  /// The first `replicates` of an arm.
  record::OrderResult order_result(std::size_t index, int replicates) const {
    record::OrderResult result{.name = name_of_arm(arm(index), verdict_.tuning),
                               .order = arm(index).order,
                               .lr = arm(index).lr,
                               .values = {},
                               .mean = {},
                               .sd = {}};
    summarise(result, trials_of(trials_, index, replicates), verdict_.metric);
    return result;
  }

  /// An arm that takes part in no comparison is in the tuning table alone.
  bool takes_part(std::size_t index) const {
    return comparisons_.empty() ||
           std::any_of(comparisons_.begin(), comparisons_.end(),
                       [&](const auto& planned) { return planned.involves(index); });
  }

  void add_order(std::size_t index) {
    if (!takes_part(index)) return;
    const int replicates = replicates_of_arm(index);
    verdict_.orders.push_back(order_result(index, replicates));
    auto trials = trials_of(trials_, index, replicates);
    std::erase(trials, nullptr);
    verdict_.orders.back().taps = merge_taps(trials);
    verdict_.trial_seconds.push_back(0);
    for (const auto* trial : trials) verdict_.trial_seconds.back() += trial->timings.seconds;
    if (auto cost = summarise_inference(verdict_.orders.back().name, trials)) {
      verdict_.inference.push_back(std::move(*cost));
    }
  }

  void compare(std::size_t index) {
    const PlannedComparison& planned = comparisons_[index];
    const int replicates = replicates_of(index);
    const std::vector<TrialPair> pairs = complete_pairs(planned, replicates);
    record::ComparisonResult result =
        compare_orders(order_result(planned.a, replicates), order_result(planned.b, replicates),
                       referee_, wanted_, planned.gates);
    result.shared_lr = planned.shared_lr;
    if (verdict_.metric == "test_accuracy") add_images(pairs, result);
    result.taps = compare_taps(pairs, verdict_.confidence);
    add_proof(planned, result);
    require_learning(planned, replicates, result.comparison);
    if (verdict_.stop == record::Stop::interrupted) leave_open(index, result.comparison);
    if (result.comparison.more_pairs_needed) {
      result.more_core_hours_needed =
          *result.comparison.more_pairs_needed * pair_seconds(planned, trials_) / 3600;
    }
    verdict_.comparisons.push_back(std::move(result));
  }

  /// Differences that must be 0 are no finding: what is said of a spread plays no part.
  void add_proof(const PlannedComparison& planned, record::ComparisonResult& result) {
    const Arm& a = arm(planned.a);
    const Arm& b = arm(planned.b);
    const auto proof = proof_of_same_training(a, b);
    stats::Comparison& comparison = result.comparison;
    if (!proof || comparison.pairs == 0) return;
    result.is_same_network = a.lr == b.lr && is_same_network(a, b);
    if (*comparison.mean_diff != 0 || comparison.distinct > 1) {
      verdict_.notices.push_back(
          {"proof-contradicted",
           fmt::format("{} and {} must train to the same numbers ({}), but they differ: that is a "
                       "mistake of this program; please report it",
                       result.a, result.b, *proof)});
      return;
    }
    result.proof = proof;
    result.warnings.clear();
    result.prospect.reset();
    result.images_floor.reset();
    comparison.reason.reset();
    comparison.more_pairs_needed.reset();
  }

  OrderTrials order_trials(std::size_t index, int replicates) const {
    return {.name = name_of_arm(arm(index), verdict_.tuning),
            .trials = trials_of(trials_, index, replicates)};
  }

  /// Two orders of which neither is better than guessing: whatever the interval says of them, it
  /// does not say it of trained networks.
  void require_learning(const PlannedComparison& planned, int replicates,
                        stats::Comparison& comparison) const {
    if (comparison.pairs == 0) return;
    for (const std::size_t index : {planned.a, planned.b}) {
      if (has_learnt(experiment_, order_trials(index, replicates))) return;
    }
    stats::withhold(
        comparison,
        nothing_learnt_words(experiment_, anyone_has_learnt() ? "neither order" : "no order"));
  }

  std::vector<OrderTrials> all_orders() const {
    std::vector<OrderTrials> orders;
    for (std::size_t i = 0; i < experiment_.arms.size(); ++i) {
      if (takes_part(i)) orders.push_back(order_trials(i, replicates_of_arm(i)));
    }
    return orders;
  }

  bool anyone_has_learnt() const {
    const std::vector<OrderTrials> orders = all_orders();
    return std::any_of(orders.begin(), orders.end(),
                       [&](const auto& order) { return has_learnt(experiment_, order); });
  }

  void add_notices() {
    const std::vector<OrderTrials> orders = all_orders();
    std::vector<record::Notice>& notices = verdict_.notices;
    const auto shown = notices_after(experiment_, orders);
    notices.insert(notices.begin(), shown.begin(), shown.end());
  }

  /// What the test images alone leave open.
  void add_images(const std::vector<TrialPair>& pairs, record::ComparisonResult& result) const {
    std::vector<stats::PairBits> bits;
    for (const auto& [left, right] : pairs) {
      if (!left->right_answers.empty() && !right->right_answers.empty()) {
        bits.push_back({.a = left->right_answers, .b = right->right_answers});
      }
    }
    const bool is_automatic = !experiment_.study.plan.seeds;
    const std::optional<double> critical = result.comparison.critical;
    if (!is_automatic || critical) {
      result.interval_images =
          stats::images_interval(bits, referee_.rule(), is_automatic ? critical : std::nullopt);
    }
    // Other images add to what seeds leave open: never less than the interval over seeds alone.
    if (const auto& seeds = result.comparison.interval; seeds && result.interval_images) {
      result.interval_images = {.lower = std::min(result.interval_images->lower, seeds->lower),
                                .upper = std::max(result.interval_images->upper, seeds->upper)};
    }
    result.images_floor = stats::images_floor(bits, referee_.rule());
    result.images_standard_error = stats::images_standard_error(bits);
  }

  /// Of trials that did not fail, after making sure that they are pairs.
  std::vector<TrialPair> complete_pairs(const PlannedComparison& planned, int replicates) const {
    const auto left = trials_of(trials_, planned.a, replicates);
    const auto right = trials_of(trials_, planned.b, replicates);
    std::vector<TrialPair> pairs;
    for (std::size_t i = 0; i < left.size(); ++i) {
      if (left[i] == nullptr || right[i] == nullptr) continue;
      if (left[i]->status == record::Status::failed || right[i]->status == record::Status::failed)
        continue;
      require_pair(*left[i], *right[i]);
      pairs.emplace_back(left[i], right[i]);
    }
    return pairs;
  }

  static void require_pair(const record::TrialRecord& a, const record::TrialRecord& b) {
    if (a.hashes == b.hashes) return;
    const char* what = a.hashes.data != b.hashes.data               ? "data"
                       : a.hashes.data_order != b.hashes.data_order ? "data order"
                                                                    : "initial weights";
    throw Error(
        "replicate {}: {} and {} did not see the same {}, so they are no pair; the "
        "trial files were "
        "changed or mixed, or the data changed between them: run into an empty folder",
        a.replicate, a.arm, b.arm, what);
  }

  /// A fixed number of pairs is looked at once, when all are there; of others, a verdict that fell
  /// before the interruption stands.
  void leave_open(std::size_t index, stats::Comparison& comparison) const {
    if (!campaign_.is_open(index)) return;
    if (!experiment_.study.plan.seeds) {
      comparison.reason =
          fmt::format("the run was stopped after {}", counted(comparison.pairs, "pair"));
      return;
    }
    const int planned = *experiment_.study.plan.seeds;
    stats::withhold(
        comparison,
        fmt::format("the run was stopped after {} of {}, and only all of them together decide",
                    comparison.pairs, counted(planned, "planned pair")));
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

record::VerdictRecord conclude(const Experiment& experiment,
                               const std::vector<PlannedComparison>& comparisons,
                               const std::vector<record::TunedOrder>& tuned, const Trials& trials,
                               Ending ending, const Wanted& wanted) {
  return Conclusion(experiment, comparisons, tuned, trials, ending, wanted).conclude();
}

}  // namespace whichfirst::study
