#include "train/trial.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "base/error.h"
#include "base/hash.h"
#include "engine/inference.h"
#include "engine/trainer.h"
#include "fold/fold.h"
#include "train/taps.h"

namespace whichfirst::train {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double points(std::int64_t right, std::int64_t count) {
  return 100.0 * static_cast<double>(right) / static_cast<double>(count);
}

/// Loss and right answers over some images.
struct Score {
  double loss = 0;  // mean over the images
  std::vector<std::uint8_t> right;

  double accuracy() const {
    std::int64_t count = 0;
    for (const std::uint8_t flag : right) count += flag;
    return points(count, static_cast<std::int64_t>(right.size()));
  }
};

bool all_finite(std::span<const float> values) {
  return std::all_of(values.begin(), values.end(), [](float x) { return std::isfinite(x); });
}

class Trial {
 public:
  Trial(const Task& task, const std::stop_token& stop, const Observer& observe)
      : task_(task),
        stop_(stop),
        observe_(observe),
        started_(Clock::now()),
        trainer_(task.network, task.initial,
                 engine_options(task.recipe, task.seed, task.replicate)),
        images_(static_cast<std::uint32_t>(task.material.parts.train.size())),
        batch_labels_(static_cast<std::size_t>(kEvaluationBatch)) {
    const data::EpochOrder any({task.seed, task.replicate, 0}, images_);
    steps_an_epoch_ = any.batches(task.recipe.batch);
    check(steps_an_epoch_ > 0, "the training part holds a batch");
    span_.steps = total_steps();
    span_.warmup_steps = std::min(static_cast<std::int64_t>(std::llround(
                                      task.recipe.warmup * static_cast<double>(steps_an_epoch_))),
                                  span_.steps - 1);
    if (task.recipe.taps != record::TapRate::off) {
      time_tap([&] { taps_.emplace(task); });
    }
  }

  Result run() {
    record::TrialRecord& record = result_.record;
    record.lr = task_.lr;
    record.replicate = task_.replicate;
    record.status = record::Status::done;
    record.hashes.data = task_.material.hash;
    for (int epoch = 0; epoch < task_.recipe.epochs && is_running(); ++epoch) train_epoch(epoch);
    if (is_running()) measure();
    record.hashes.data_order = order_hash();
    record.timings.seconds = seconds_since(started_);
    record.timings.train_seconds = train_seconds_;
    record.timings.evaluate_seconds = evaluate_seconds_;
    record.timings.tap_seconds = tap_seconds_;
    if (train_seconds_ > 0) {
      record.timings.images_per_second =
          static_cast<double>(step_) * task_.recipe.batch / train_seconds_;
    }
    if (is_running()) result_.values = trainer_.values();
    return std::move(result_);
  }

 private:
  bool is_running() const {
    return !result_.is_interrupted && result_.record.status == record::Status::done;
  }

  std::int64_t total_steps() const { return steps_an_epoch_ * task_.recipe.epochs; }

  void train_epoch(int epoch) {
    const Clock::time_point begin = Clock::now();
    const data::EpochKey key{task_.seed, task_.replicate, static_cast<std::uint64_t>(epoch)};
    const data::EpochOrder order(key, images_);
    const data::EpochAugmentation changes{augmentation_of(task_.recipe), key};
    double loss_sum = 0;
    std::int64_t right = 0;
    double lr = 0;
    for (std::int64_t index = 0; index < steps_an_epoch_; ++index) {
      if (stop_.stop_requested()) {
        result_.is_interrupted = true;
        return;
      }
      assemble_batch(order.batch(index, task_.recipe.batch), changes);
      if (!all_finite(trainer_.images())) {
        ++step_;
        diverge(epoch, kPixels);
        return;
      }
      const bool is_watched =
          index == steps_an_epoch_ / 2 && taps_ && is_tapped(task_.recipe, epoch + 1);
      if (is_watched) time_tap([&] { watched_step_.before = trainer_.values(); });
      lr = learning_rate(task_.recipe.schedule, task_.lr, step_, span_);
      const engine::StepResult step = trainer_.step(lr);
      ++step_;
      if (step.non_finite) {
        diverge(epoch, *step.non_finite);
        return;
      }
      if (is_watched) time_tap([&] { watched_step_.after = trainer_.values(); });
      loss_sum += step.loss;
      right += step.right;
      report_now_and_then(epoch);
    }
    train_seconds_ += seconds_since(begin);
    if (taps_ && is_tapped(task_.recipe, epoch + 1)) {
      time_tap(
          [&] { result_.record.taps.push_back(taps_->look(trainer_, watched_step_, epoch + 1)); });
    }

    record::EpochMetrics metrics{
        .epoch = epoch + 1,
        .lr = lr,
        .train_loss = loss_sum / static_cast<double>(steps_an_epoch_),
        .train_accuracy = points(right, steps_an_epoch_ * task_.recipe.batch),
        .val_loss = {},
        .val_accuracy = {}};
    if (!task_.material.parts.validation.empty()) {
      const Score score =
          evaluate(task_.material.dataset.train, task_.material.parts.validation, epoch);
      if (!is_running()) return;
      metrics.val_loss = score.loss;
      metrics.val_accuracy = score.accuracy();
    }
    result_.record.epochs.push_back(metrics);
    observe_({.epoch = epoch + 1,
              .share = static_cast<double>(step_) / static_cast<double>(total_steps()),
              .finished_epoch = metrics});
  }

  /// Looks at the trial take time that is none of training's.
  void time_tap(const auto& look) {
    const Clock::time_point begin = Clock::now();
    look();
    tap_seconds_ += seconds_since(begin);
  }

  /// The metrics of the trial, with the only look at the test images.
  void measure() {
    const record::EpochMetrics& last = result_.record.epochs.back();
    result_.record.metrics = {.test_accuracy = {},
                              .test_loss = {},
                              .train_accuracy = last.train_accuracy,
                              .train_loss = last.train_loss,
                              .val_accuracy = last.val_accuracy,
                              .val_loss = last.val_loss};
    if (record::is_tuning(task_.replicate)) return;
    const Score score =
        evaluate(task_.material.dataset.test, task_.material.parts.test, task_.recipe.epochs - 1);
    if (!is_running()) return;
    result_.record.metrics.test_accuracy = score.accuracy();
    result_.record.metrics.test_loss = score.loss;
    result_.record.right_answers = score.right;
  }

  /// The network as it is now, for evaluation alone: without the bn that its weights absorb.
  /// nullopt in bf16, where the products would be rounded anew; there the trainer evaluates.
  std::optional<engine::Inference> folded_network(const network::Values& values) const {
    if (task_.recipe.precision == engine::Precision::bf16) return std::nullopt;
    const fold::Folded folded = fold::fold(task_.network, values);
    return engine::Inference(folded.network, folded.values, kEvaluationBatch,
                             task_.recipe.precision);
  }

  /// After `epoch`, from 0. relu and max-pool make a number of NaN, so that what goes in is looked
  /// at as well as what comes out.
  Score evaluate(const data::Images& images, const std::vector<std::uint32_t>& part, int epoch) {
    const Clock::time_point begin = Clock::now();
    Score score;
    const network::Values values = trainer_.values();
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (all_finite(values[i])) continue;
      diverge(epoch, {"evaluation", task_.network.parameters[i].name});
      return score;
    }
    std::optional<engine::Inference> folded = folded_network(values);
    const std::span<float> places = folded ? folded->images() : trainer_.evaluation_images();
    score.right.reserve(part.size());
    for (std::size_t from = 0; from < part.size(); from += kEvaluationBatch) {
      if (stop_.stop_requested()) {
        result_.is_interrupted = true;
        return score;
      }
      const std::size_t count = std::min<std::size_t>(kEvaluationBatch, part.size() - from);
      const auto labels = std::span(batch_labels_).first(count);
      const auto pictures = places.first(count * static_cast<std::size_t>(images.shape.size()));
      data::assemble(images, std::span(part).subspan(from, count), task_.material.normalisation,
                     pictures, labels);
      if (!all_finite(pictures)) {
        diverge(epoch, kPixels);
        return score;
      }
      const engine::EvaluationResult batch =
          folded ? folded->evaluate(labels) : trainer_.evaluate(labels);
      const std::span<const float> logits = folded ? folded->logits() : trainer_.logits();
      if (!all_finite(logits.first(count * static_cast<std::size_t>(task_.network.classes)))) {
        diverge(epoch, {"evaluation", "a logit"});
        return score;
      }
      score.loss += batch.loss_sum;
      score.right.insert(score.right.end(), batch.right.begin(), batch.right.end());
    }
    score.loss /= static_cast<double>(part.size());
    evaluate_seconds_ += seconds_since(begin);
    if (!std::isfinite(score.loss)) {
      diverge(epoch, {"evaluation", "loss with the running statistics"});
    }
    return score;
  }

  /// `places` are positions in the training part, which holds indices into the training set.
  void assemble_batch(std::span<const std::uint32_t> places,
                      const data::EpochAugmentation& changes) {
    picks_.clear();
    for (const std::uint32_t place : places) picks_.push_back(task_.material.parts.train[place]);
    data::assemble(task_.material.dataset.train, picks_, task_.material.normalisation,
                   trainer_.images(), trainer_.labels(), changes);
  }

  void diverge(int epoch, const engine::NonFinite& found) {
    record::TrialRecord& record = result_.record;
    record.status = record::Status::diverged;
    record.reason = found.what + " of " + found.stage + " is not finite";
    record.diverged_at =
        record::DivergedAt{.epoch = epoch + 1, .step = step_, .stage = found.stage};
    record.metrics = {};
  }

  void report_now_and_then(int epoch) {
    constexpr double kSecondsBetweenReports = 0.2;
    if (seconds_since(reported_) < kSecondsBetweenReports) return;
    reported_ = Clock::now();
    observe_({.epoch = epoch,
              .share = static_cast<double>(step_) / static_cast<double>(total_steps()),
              .finished_epoch = {}});
  }

  /// Of the whole order that the trial would see, however far it came.
  std::string order_hash() const {
    Hasher hasher;
    for (int epoch = 0; epoch < task_.recipe.epochs; ++epoch) {
      const data::EpochOrder order({task_.seed, task_.replicate, static_cast<std::uint64_t>(epoch)},
                                   images_);
      hasher.add(std::as_bytes(order.all()));
    }
    return hasher.hex();
  }

  inline static const engine::NonFinite kPixels{"the input", "a normalised pixel"};

  const Task& task_;
  const std::stop_token& stop_;
  const Observer& observe_;
  Clock::time_point started_;
  engine::Trainer trainer_;
  std::uint32_t images_;
  std::vector<std::int32_t> batch_labels_;
  std::int64_t steps_an_epoch_ = 0;
  ScheduleSpan span_;
  std::int64_t step_ = 0;  // steps taken
  std::vector<std::uint32_t> picks_;
  double train_seconds_ = 0;
  double evaluate_seconds_ = 0;
  double tap_seconds_ = 0;
  std::optional<Taps> taps_;  // where the recipe asks for them
  WatchedStep watched_step_;
  Clock::time_point reported_ = Clock::now();
  Result result_;
};

void add_inference(const Task& task, Result& result) {
  const Clock::time_point begin = Clock::now();
  InferenceCosts costs = measure_inference(task.network, result.values, task.material);
  result.record.inference = std::move(costs.record);
  result.record.timings.inference = costs.timings;
  result.record.timings.seconds += seconds_since(begin);
}

}  // namespace

Result run_trial(const Task& task, const std::stop_token& stop, const Observer& observe) {
  Result result = Trial(task, stop, observe).run();
  const bool is_tested = !result.values.empty() && !record::is_tuning(task.replicate);
  if (is_tested) add_inference(task, result);  // now that the trainer's memory is free again
  return result;
}

double estimate_seconds(const Task& task, double budget) {
  const Clock::time_point begin = Clock::now();
  std::stop_source stop;
  double seconds = 0;  // so far, of `share` of the steps
  double share = 0;
  const Result result = run_trial(task, stop.get_token(), [&](const Progress& progress) {
    seconds = seconds_since(begin);
    share = progress.share;
    if (seconds > budget) stop.request_stop();
  });
  if (!result.is_interrupted || share == 0) return seconds_since(begin);
  // A picture that is only evaluated takes about a third of one that is trained on.
  const data::Parts& parts = task.material.parts;
  const auto trained = static_cast<double>(parts.train.size()) * task.recipe.epochs;
  const auto evaluated = static_cast<double>(parts.test.size()) +
                         static_cast<double>(parts.validation.size()) * task.recipe.epochs;
  return seconds / share * (1 + evaluated / 3 / trained);
}

}  // namespace whichfirst::train
