#include "study/notices.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "data/pixels.h"
#include "network/lookup.h"
#include "record/metrics.h"
#include "report/wording.h"
#include "stats/guessing.h"
#include "stats/moments.h"

namespace whichfirst::study {
namespace {

using record::Notice;

using OrderPointers = std::vector<const OrderTrials*>;

/// The share of each class among the pictures that a metric is measured on.
std::vector<double> class_shares(const Experiment& experiment, const Measured& part) {
  std::vector<double> shares(static_cast<std::size_t>(experiment.material.dataset.classes));
  for (const std::uint32_t pick : part.picks) {
    ++shares[static_cast<std::size_t>(part.images.labels[pick])];
  }
  for (double& share : shares) share /= static_cast<double>(part.picks.size());
  return shares;
}

/// The loss of always answering the shares themselves: ln(classes) where they are equal.
double entropy(const std::vector<double>& shares) {
  double sum = 0;
  for (const double share : shares) sum -= share > 0 ? share * std::log(share) : 0;
  return sum;
}

/// Of a metric with pictures to measure it on.
stats::Guessing guessing_of(const Experiment& experiment, std::string_view metric) {
  const Measured part = measured_part(experiment, metric);
  std::vector<double> shares = class_shares(experiment, part);
  if (record::is_accuracy(metric)) {
    return stats::guessing_of_accuracy(*std::max_element(shares.begin(), shares.end()),
                                       static_cast<double>(part.picks.size()));
  }
  if (metric.starts_with("train_")) {  // the labels of training are smoothed
    const double smoothing = experiment.study.recipe.label_smoothing;
    for (double& share : shares) {
      share = (1 - smoothing) * share + smoothing / static_cast<double>(shares.size());
    }
  }
  return {.value = entropy(shares), .direction = stats::Direction::lower_is_better};
}

std::string accuracy_beside(std::string_view metric) {
  return std::string(metric.substr(0, metric.find('_'))) + "_accuracy";
}

std::vector<double> values_of(const OrderTrials& order, std::string_view metric) {
  std::vector<double> values;
  for (const record::TrialRecord* trial : order.trials) {
    if (trial == nullptr) continue;
    if (const auto value = record::metric_value(trial->metrics, metric)) values.push_back(*value);
  }
  return values;
}

std::optional<double> mean_of(const OrderTrials& order, std::string_view metric) {
  return stats::moments_of(values_of(order, metric)).mean;
}

// --- before anything is trained ------------------------------------------------------------------

/// "the training images" or, of several channels, "channel 2 of the training images".
std::string channel_words(std::size_t channel, std::size_t channels, const char* part) {
  return channels == 1 ? fmt::format("the {} images", part)
                       : fmt::format("channel {} of the {} images", channel + 1, part);
}

void add_few_far(const data::ChannelPixels& pixels, const std::string& where,
                 std::vector<Notice>& notices) {
  const data::PixelRange& all = pixels.all;
  const data::PixelRange& core = *pixels.core;
  const auto count = static_cast<double>(all.count);
  notices.push_back(
      {"few-pixels-far",
       fmt::format("the pixels of {} range from {:g} to {:g}, but all except {} of {} ({:.7g} %) "
                   "lie within {:g} to {:g}: the few others set the scale (deviation {:.3g} "
                   "instead of {:.3g}) and flatten the rest; replace them, if they mark missing "
                   "data, before training",
                   where, all.least, all.most, grouped(all.count - core.count), grouped(all.count),
                   100 * static_cast<double>(core.count) / count, core.least, core.most,
                   all.deviation, core.deviation)});
}

/// What a network would do with test pixels that are scaled by the training pixels.
void add_scale(const data::PixelRange& train, const data::PixelRange& test,
               const std::string& where, std::vector<Notice>& notices) {
  constexpr double kMostRatio = 1.8;  // [0, 1] against [-1, 1] is a ratio of 2
  constexpr double kMostShift = 1;    // deviations
  const double ratio = test.deviation / train.deviation;
  const double shift = std::abs(test.mean - train.mean) / train.deviation;
  if (ratio < kMostRatio && ratio > 1 / kMostRatio && shift < kMostShift) return;
  notices.push_back(
      {"data-scale",
       fmt::format("{} have other pixels than the training images ({:.4g} to {:.4g}, mean {:.3g}, "
                   "deviation {:.3g}; in training {:.4g} to {:.4g}, mean {:.3g}, deviation "
                   "{:.3g}): test accuracy means little unless both are on one scale",
                   where, test.least, test.most, test.mean, test.deviation, train.least, train.most,
                   train.mean, train.deviation)});
}

void add_pixels(const train::Material& material, std::vector<Notice>& notices) {
  const auto train = data::survey_pixels(material.dataset.train, material.parts.train);
  const auto test = data::survey_pixels(material.dataset.test, material.parts.test);
  const std::size_t channels = train.size();
  for (std::size_t c = 0; c < channels; ++c) {
    const std::string where = channel_words(c, channels, "training");
    const std::string test_where = channel_words(c, channels, "test");
    if (train[c].all.deviation == 0) {
      notices.push_back({"constant-channel",
                         fmt::format("all pixels of {} are {:g}: nothing can be learnt from them",
                                     where, train[c].all.mean)});
      continue;
    }
    if (train[c].core) add_few_far(train[c], where, notices);
    if (test[c].core) add_few_far(test[c], test_where, notices);
    const data::PixelRange& typical = train[c].typical();
    if (typical.deviation > 0) add_scale(typical, test[c].typical(), test_where, notices);
  }
}

void add_empty_classes(const Experiment& experiment, std::vector<Notice>& notices) {
  constexpr std::size_t kMostNamed = 10;
  const auto shares = class_shares(experiment, measured_part(experiment, "train_accuracy"));
  std::vector<std::string> empty;
  const std::vector<std::string>& names = experiment.material.dataset.class_names;
  for (std::size_t c = 0; c < shares.size(); ++c) {
    if (shares[c] == 0) empty.push_back(names.empty() ? std::to_string(c) : names[c]);
  }
  if (empty.empty()) return;
  const std::size_t count = empty.size();
  empty.resize(std::min(count, kMostNamed));
  notices.push_back(
      {"empty-classes",
       fmt::format("{} of {} classes {} no training image ({}{}), so no network can learn {}; "
                   "take more of data.train",
                   count, shares.size(), count == 1 ? "has" : "have", fmt::join(empty, ", "),
                   count > kMostNamed ? ", ..." : "", count == 1 ? "it" : "them")});
}

/// How slowly the slowest bn of all orders forgets its initial running statistics.
std::optional<double> slowest_momentum(const Experiment& experiment) {
  std::optional<double> slowest;
  for (const Arm& arm : experiment.arms) {
    for (const network::Stage& stage : arm.network.stages) {
      const auto* bn = network::as<network::BatchNorm>(stage);
      if (bn != nullptr) slowest = std::min(bn->momentum, slowest.value_or(bn->momentum));
    }
  }
  return slowest;
}

void add_steps(const Experiment& experiment, std::vector<Notice>& notices) {
  constexpr std::int64_t kFewestSteps = 100;
  constexpr double kMostInitial = 0.05;
  const record::Recipe& recipe = experiment.study.recipe;
  const auto images = static_cast<std::int64_t>(experiment.material.parts.train.size());
  const std::int64_t steps = images / recipe.batch * recipe.epochs;
  const std::string remedy = "raise recipe.epochs or lower recipe.batch";
  if (steps < kFewestSteps) {
    notices.push_back(
        {std::string(record::kFewSteps),
         fmt::format("each network is trained for only {} ({}, batch {}, {}): it has hardly begun "
                     "to learn, so that the verdict is about the first steps alone; {}",
                     counted(steps, "step"), counted(images, "training image"), recipe.batch,
                     counted(recipe.epochs, "epoch"), remedy)});
  }
  const std::optional<double> momentum = slowest_momentum(experiment);
  const double initial = momentum ? std::pow(1 - *momentum, static_cast<double>(steps)) : 0;
  if (initial > kMostInitial) {
    notices.push_back(
        {"running-statistics",
         fmt::format("after {} the running statistics of bn are still {:.0f} % initial "
                     "((1 - {:g})^{}), and networks are tested with them; {}, or raise bn's "
                     "momentum",
                     counted(steps, "step"), 100 * initial, *momentum, steps, remedy)});
  }
}

void add_rate(const record::Recipe& recipe, std::vector<Notice>& notices) {
  constexpr double kMostAdamwRate = 0.01;
  const double least = *std::min_element(recipe.lr.begin(), recipe.lr.end());
  if (recipe.optimizer != record::Optimizer::adamw || least <= kMostAdamwRate) return;
  notices.push_back(
      {"adamw-rate", fmt::format("adamw at a learning rate of {:g}: that is a rate for sgd; adamw "
                                 "usually takes 0.0003 to 0.003 (recipe.lr)",
                                 least)});
}

/// Whether the plan can end in an answer at all.
void add_plan(const Experiment& experiment, std::vector<Notice>& notices) {
  const record::Plan& plan = experiment.study.plan;
  const std::size_t orders = experiment.study.orders.size();
  stats::Rule rule = rule_of(experiment, orders * (orders - 1) / 2);
  const auto images =
      static_cast<std::int64_t>(measured_part(experiment, plan.metric).picks.size());
  const std::string words = report::metric_words(plan.metric).name;
  const std::string which = words.substr(0, words.find(' '));
  const bool is_step_wide = rule.margin && *rule.margin > 0 && rule.resolution > *rule.margin;
  if (is_step_wide) {
    notices.push_back(
        {"step-over-margin",
         fmt::format("one of {} {} images is {:.3g} % of accuracy, more than the margin of {:g} "
                     "points: nothing that small can be seen; use {} {} images or more, or a wider "
                     "plan.margin",
                     grouped(images), which, rule.resolution, *rule.margin,
                     grouped(static_cast<std::int64_t>(std::ceil(100 / *rule.margin))), which)});
  }
  const int most = record::most_seeds(plan);
  const int needed = rule.location == stats::Location::mean
                         ? stats::minimum_pairs(rule.confidence)
                         : stats::Referee(rule).pairs_for_equal_signs();
  if (most < needed && (plan.seeds || rule.location != stats::Location::mean)) {
    notices.push_back(
        {"too-few-seeds", fmt::format("{} cannot decide anything at {:g} % confidence: at least {} "
                                      "are needed (plan.seeds)",
                                      counted(most, "replicate"), 100 * rule.confidence, needed)});
    return;
  }
  if (rule.location != stats::Location::mean || rule.margin.value_or(0) == 0 || is_step_wide)
    return;
  // The table of the repeated interval takes long for many pairs; Student's is shorter still.
  constexpr int kMostTabulated = 60;
  if (most > kMostTabulated) rule.stopping = stats::Stopping::fixed;
  const stats::Look best =
      stats::Referee(rule).look(stats::Moments{.count = most, .mean = 0.0, .sd = 0.0});
  const auto& of_equivalence =
      best.equivalence_intervals ? best.equivalence_intervals : best.intervals;
  if (best.verdict == stats::Verdict::equivalent || !of_equivalence) return;
  notices.push_back(
      {"no-equivalence",
       fmt::format("with {} and {} {} images no two orders can be found equivalent: the interval "
                   "is at least {:.3g} points wide on each side, the margin is {:g}; use more {} "
                   "images or replicates, or a wider plan.margin",
                   counted(most, "replicate"), grouped(images), which,
                   stats::deciding(*of_equivalence, rule).upper, *rule.margin, which)});
}

// --- after training ------------------------------------------------------------------------------

std::string percent(double points) { return fmt::format("{:.4g} %", points); }

/// "25 %", "a loss of 1.386".
std::string guessing_words(const Experiment& experiment) {
  const std::string& metric = experiment.study.plan.metric;
  const double value = guessing_of(experiment, metric).value;
  return record::is_accuracy(metric) ? percent(value) : fmt::format("a loss of {:.4g}", value);
}

void add_learning(const Experiment& experiment, const OrderPointers& trained,
                  std::vector<Notice>& notices) {
  OrderPointers ignorant;
  for (const OrderTrials* order : trained) {
    if (!has_learnt(experiment, *order)) ignorant.push_back(order);
  }
  if (ignorant.empty()) return;
  const bool is_all = ignorant.size() == trained.size();
  const std::string& metric = experiment.study.plan.metric;
  std::vector<std::string> names;
  std::vector<std::string> means;
  for (const OrderTrials* order : ignorant) {
    names.push_back(order->name);
    const double mean = mean_of(*order, metric).value_or(0);
    means.push_back(
        fmt::format("{}: {}", order->name,
                    record::is_accuracy(metric) ? percent(mean) : fmt::format("{:.4g}", mean)));
  }
  notices.push_back(
      {std::string(is_all ? record::kNothingLearnt : std::string_view("order-learnt-nothing")),
       fmt::format("{} (mean of {}); try more epochs (recipe.epochs) or other learning rates "
                   "(recipe.lr takes a list), and look at the data (whichfirst data info)",
                   is_all ? nothing_learnt_words(experiment, "no order")
                          : fmt::format("{} learnt no more than guessing ({})",
                                        fmt::join(names, ", "), guessing_words(experiment)),
                   fmt::join(means, ", "))});
}

void add_never_trained(const std::vector<OrderTrials>& orders, std::vector<Notice>& notices) {
  for (const OrderTrials& order : orders) {
    int diverged = 0;
    int failed = 0;
    int other = 0;
    for (const record::TrialRecord* trial : order.trials) {
      if (trial == nullptr) continue;
      diverged += trial->status == record::Status::diverged ? 1 : 0;
      failed += trial->status == record::Status::failed ? 1 : 0;
      other += trial->status == record::Status::done ? 1 : 0;
    }
    if (other > 0 || diverged + failed == 0) continue;
    notices.push_back(
        {"never-trained",
         fmt::format("{} never trained: of {} {} diverged and {} failed; try a lower recipe.lr, or "
                     "look at its trials for the reason",
                     order.name, counted(diverged + failed, "trial"), diverged, failed)});
  }
}

/// Where all orders are nearly perfect, what is left to differ in is less than what matters.
void add_ceiling(const Experiment& experiment, const OrderPointers& trained,
                 std::vector<Notice>& notices) {
  const std::string& metric = experiment.study.plan.metric;
  if (!record::is_accuracy(metric) || trained.empty()) return;
  const stats::Guessing guessing = guessing_of(experiment, metric);
  double least = 100;
  for (const OrderTrials* order : trained) {
    least = std::min(least, mean_of(*order, metric).value_or(0));
  }
  const double room = std::max(experiment.study.plan.margin.value_or(0), 2 * guessing.step);
  if (100 - least > room || !(least > guessing.value)) return;
  notices.push_back(
      {"ceiling",
       fmt::format("every order is at the ceiling: the lowest mean is {}, so that at most {:.2g} "
                   "points are left to differ in; harder data, fewer training images (data.train) "
                   "or fewer epochs would show more",
                   percent(least), 100 - least)});
}

void add_losses(const Experiment& experiment, const OrderPointers& trained,
                std::vector<Notice>& notices) {
  constexpr double kFarAbove = 2;
  const int classes = experiment.material.dataset.classes;
  const double guess = std::log(static_cast<double>(classes));
  std::vector<std::string> losses;
  for (const OrderTrials* order : trained) {
    const double loss = mean_of(*order, "test_loss").value_or(0);
    if (loss > kFarAbove * guess) losses.push_back(fmt::format("{}: {:.3g}", order->name, loss));
  }
  if (losses.empty()) return;
  notices.push_back(
      {"loss-above-guessing",
       fmt::format("the test loss is far above the {:.3g} of equal chances, ln({}) ({}): these "
                   "networks are sure of wrong answers; try a lower recipe.lr or more epochs",
                   guess, classes, fmt::join(losses, ", "))});
}

/// What training reaches and the test does not: less than half of it, counted from guessing.
void add_collapse(const Experiment& experiment, const OrderPointers& trained,
                  std::vector<Notice>& notices) {
  constexpr double kClearly = 10;  // points
  const double guess = guessing_of(experiment, "test_accuracy").value;
  std::vector<std::string> collapsed;
  for (const OrderTrials* order : trained) {
    const double train = mean_of(*order, "train_accuracy").value_or(0);
    const double test = mean_of(*order, "test_accuracy").value_or(train);
    if (train < guess + kClearly || test - guess > (train - guess) / 2) continue;
    collapsed.push_back(fmt::format("{}: {} in training, {} in the test", order->name,
                                    percent(train), percent(test)));
  }
  if (collapsed.empty()) return;
  notices.push_back(
      {"collapse",
       fmt::format("most of what was learnt is lost between training and test ({}): the training "
                   "images were learnt by heart, the running statistics have not settled, or the "
                   "two parts differ",
                   fmt::join(collapsed, "; "))});
}

/// How far folding moves the logits of a trial, in the largest of them.
double fold_difference(const record::TrialRecord* trial) {
  if (trial == nullptr || !trial->inference) return 0;
  const record::InferenceRecord& inference = *trial->inference;
  return inference.max_difference.value_or(0) / std::max(1.0, inference.max_logit.value_or(0));
}

void add_fold(const OrderPointers& trained, std::vector<Notice>& notices) {
  constexpr double kMostRounding = 1e-4;  // 1e-6 to 1e-5 are usual
  const record::TrialRecord* worst = nullptr;
  const OrderTrials* of_worst = nullptr;
  for (const OrderTrials* order : trained) {
    for (const record::TrialRecord* trial : order->trials) {
      if (fold_difference(trial) <= std::max(fold_difference(worst), kMostRounding)) continue;
      worst = trial;
      of_worst = order;
    }
  }
  if (worst == nullptr) return;
  notices.push_back(
      {"fold-difference",
       fmt::format("folding bn moves a logit of {} by {:.2g} of {:.3g}, far more than rounding "
                   "usually does: a bn reads a channel whose mean is far larger than its spread, "
                   "and enlarges what rounding leaves there",
                   of_worst->name, *worst->inference->max_difference,
                   worst->inference->max_logit.value_or(0))});
}

}  // namespace

std::optional<record::MetricScale> scale_of(const Experiment& experiment) {
  const std::string& metric = experiment.study.plan.metric;
  if (measured_part(experiment, metric).picks.empty()) return std::nullopt;
  const stats::Guessing guessing = guessing_of(experiment, metric);
  const bool is_accuracy = record::is_accuracy(metric);
  return record::MetricScale{.guessing = guessing.value,
                             .best = is_accuracy ? 100.0 : 0.0,
                             .step = is_accuracy ? std::optional(guessing.step) : std::nullopt};
}

std::vector<Notice> notices_before(const Experiment& experiment) {
  std::vector<Notice> notices;
  const data::Parts& parts = experiment.material.parts;
  if (parts.train.empty() || parts.test.empty()) return notices;  // the data are not at hand
  add_pixels(experiment.material, notices);
  add_empty_classes(experiment, notices);
  if (experiment.study.orders.size() > 1) add_plan(experiment, notices);
  add_steps(experiment, notices);
  add_rate(experiment.study.recipe, notices);
  return notices;
}

bool has_learnt(const Experiment& experiment, const OrderTrials& order) {
  const auto is_beyond_guessing = [&](const std::string& metric) {
    return stats::beats_guessing(values_of(order, metric), guessing_of(experiment, metric));
  };
  const std::string& metric = experiment.study.plan.metric;
  return is_beyond_guessing(metric) || is_beyond_guessing(accuracy_beside(metric));
}

std::string nothing_learnt_words(const Experiment& experiment, std::string_view who) {
  return fmt::format("{} has learnt more than guessing ({})", who, guessing_words(experiment));
}

std::vector<Notice> notices_after(const Experiment& experiment,
                                  const std::vector<OrderTrials>& orders) {
  std::vector<Notice> notices;
  if (!scale_of(experiment)) return notices;
  OrderPointers trained;
  for (const OrderTrials& order : orders) {
    if (!values_of(order, experiment.study.plan.metric).empty()) trained.push_back(&order);
  }
  if (!trained.empty()) add_learning(experiment, trained, notices);
  add_ceiling(experiment, trained, notices);
  add_never_trained(orders, notices);
  add_losses(experiment, trained, notices);
  add_collapse(experiment, trained, notices);
  add_fold(trained, notices);
  return notices;
}

}  // namespace whichfirst::study
