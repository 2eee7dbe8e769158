#include "engine/trainer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/error.h"
#include "engine/compile/compile.h"
#include "engine/compile/program.h"
#include "engine/compile/storage.h"
#include "engine/kernels/kernels.h"
#include "engine/platform.h"

namespace whichfirst::engine {
namespace {

/// Numbers of a training batch behind each statistic of a bn.
std::int64_t values_a_channel(const network::Stage& stage, int batch) {
  return batch * stage.input.pixels();
}

void refuse_single_values(const network::Network& network, int batch) {
  for (const network::Stage& stage : network.stages) {
    if (std::holds_alternative<network::BatchNorm>(stage.operation) &&
        values_a_channel(stage, batch) < 2) {
      throw Error(
          fmt::format("{} ({}) sees one value a channel in a batch of {}, of which there is "
                      "no variance; use a larger recipe.batch",
                      stage.path, stage.text, batch));
    }
  }
}

/// Both programs of a trainer and how much memory they need.
struct Compiled {
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  Program training;
  Program evaluation;
  std::size_t arena_bytes = 0;
  std::size_t scratch_bytes = 0;
  ParameterPlaces places;  // of values, gradients and what the optimizer keeps

  Compiled(const network::Network& network, const Options& options) {
    check(options.batch > 0 && options.evaluation_batch > 0, "batches hold images");
    use_precision(options.precision);  // before the first primitive is described
    refuse_single_values(network, options.batch);
    training = compile_training(network, options.batch, engine, options.precision);
    evaluation = compile_evaluation(network, options.evaluation_batch, engine,
                                    training.parameter_layouts, options.precision);
    training.count_costs(network, options.batch);
    evaluation.count_costs(network, options.evaluation_batch);
    arena_bytes = std::max(training.arena_layout().bytes, evaluation.arena_layout().bytes);
    scratch_bytes = std::max(training.scratch_bytes, evaluation.scratch_bytes);
    places = ParameterPlaces(training.parameter_layouts);
  }
};

/// Value, gradient, and what the optimizer keeps of the steps before.
int parameter_copies(Optimizer optimizer) { return optimizer == Optimizer::sgd ? 3 : 4; }

std::vector<PlannedPrimitive> planned(const Program& program) {
  std::vector<PlannedPrimitive> result;
  for (const Step& step : program.steps) result.push_back(step.planned);
  return result;
}

}  // namespace

Plan plan(const network::Network& network, const Options& options) {
  const Compiled compiled(network, options);
  return {.training = planned(compiled.training),
          .evaluation = planned(compiled.evaluation),
          .arena_bytes = static_cast<std::int64_t>(compiled.arena_bytes + compiled.scratch_bytes),
          .parameter_bytes = parameter_copies(options.optimizer) *
                             static_cast<std::int64_t>(compiled.places.bytes)};
}

class Trainer::Impl {
 public:
  Impl(const network::Network& network, const network::Values& initial, const Options& options)
      : network_(network),
        options_(options),
        compiled_(network_, options),
        stream_(compiled_.engine),
        arena_(compiled_.arena_bytes),
        scratch_(compiled_.scratch_bytes),
        parameters_(compiled_.places.bytes),
        gradients_(compiled_.places.bytes),
        moments_(compiled_.places.bytes),
        squares_(options.optimizer == Optimizer::adamw ? compiled_.places.bytes : 0),
        storage_(make_storage()),
        training_(compiled_.training, storage_, compiled_.engine),
        evaluation_(compiled_.evaluation, storage_, compiled_.engine),
        labels_(static_cast<std::size_t>(options.batch)) {
    load_parameters(network_, initial, compiled_.training.parameter_layouts, storage_.parameters,
                    compiled_.engine);
  }

  std::span<float> images() {
    return {training_.pointer(compiled_.training.images), image_count(options_.batch)};
  }
  std::span<std::int32_t> labels() { return labels_; }

  StepResult step(double lr, const StepObserver& observe) {
    const auto ended = [&observe](StepPart part) {
      if (observe) observe(part, 0);
    };
    check(uses_one_thread(), "a trainer runs on the thread that made it, alone");
    const Program& program = compiled_.training;
    const network::DropoutStep draw{options_.seed, options_.replicate, steps_++};
    training_.run(stream_, 0, program.backward_begin, draw, observe);
    StepResult result;
    if ((result.non_finite = check_watched())) return result;
    ended(StepPart::checks);

    const std::size_t logit_count = labels_.size() * static_cast<std::size_t>(network_.classes);
    const LossResult loss = cross_entropy({training_.pointer(program.logits), logit_count}, labels_,
                                          {training_.pointer(program.dlogits), logit_count}, {},
                                          options_.label_smoothing);
    result.loss = loss.sum / static_cast<double>(labels_.size());
    result.right = loss.right;
    if (!std::isfinite(result.loss)) {
      result.non_finite = NonFinite{"loss", "cross-entropy of the batch"};
      return result;
    }
    ended(StepPart::loss);
    move_running_statistics();
    ended(StepPart::running_statistics);
    training_.run(stream_, program.backward_begin, training_.size(), draw, observe);
    result.non_finite = update(lr);
    ended(StepPart::update);
    return result;
  }

  std::span<float> evaluation_images() {
    return {evaluation_.pointer(compiled_.evaluation.images),
            image_count(options_.evaluation_batch)};
  }

  EvaluationResult evaluate(std::span<const std::int32_t> labels) {
    check(uses_one_thread(), "a trainer runs on the thread that made it, alone");
    check(labels.size() <= static_cast<std::size_t>(options_.evaluation_batch),
          "an evaluation pass has at most evaluation_batch images");
    // A short last pass carries pictures of nothing behind its own; images do not meet in
    // evaluation.
    const auto all = evaluation_images();
    const auto used = static_cast<std::ptrdiff_t>(image_count(static_cast<int>(labels.size())));
    std::fill(all.begin() + used, all.end(), 0.0F);
    evaluation_.run(stream_, 0, evaluation_.size(), {});
    evaluated_ = labels.size();
    EvaluationResult result;
    result.right.resize(labels.size());
    result.loss_sum = cross_entropy(logits(), labels, {}, result.right).sum;
    return result;
  }

  std::span<const float> logits() const {
    return {evaluation_.pointer(compiled_.evaluation.logits),
            evaluated_ * static_cast<std::size_t>(network_.classes)};
  }

  network::Values values() const { return unload(storage_.parameters); }
  network::Values gradients() const {
    network::Values result = unload(storage_.gradients);
    for (std::size_t i = 0; i < result.size(); ++i) {
      if (!network_.parameters[i].is_trained()) result[i].clear();
    }
    return result;
  }

 private:
  std::size_t image_count(int images) const {
    return static_cast<std::size_t>(images) * static_cast<std::size_t>(network_.input.size());
  }

  Storage make_storage() {
    moment_ = compiled_.places.in(moments_);
    if (options_.optimizer == Optimizer::adamw) square_ = compiled_.places.in(squares_);
    return {.arena = arena_.data(),
            .scratch = scratch_.data(),
            .parameters = compiled_.places.in(parameters_),
            .gradients = compiled_.places.in(gradients_)};
  }

  network::Values unload(const std::vector<float*>& places) const {
    return unload_parameters(network_, compiled_.training.parameter_layouts, places,
                             compiled_.engine);
  }

  std::optional<NonFinite> check_watched() const {
    for (const Program::Watched& watched : compiled_.training.watched) {
      if (!all_finite({training_.pointer(watched.value), watched.count})) {
        return NonFinite{network_.stages[static_cast<std::size_t>(watched.stage)].path,
                         watched.what};
      }
    }
    return std::nullopt;
  }

  void move_running_statistics() {
    for (const Program::Statistics& statistics : compiled_.training.statistics) {
      const network::Stage& stage = network_.stages[static_cast<std::size_t>(statistics.stage)];
      const auto& bn = std::get<network::BatchNorm>(stage.operation);
      const auto count = static_cast<double>(values_a_channel(stage, options_.batch));
      const auto channels = static_cast<std::size_t>(stage.input.channels);
      for (const int index : stage.parameters) {
        const std::span<float> running{storage_.parameters[static_cast<std::size_t>(index)],
                                       channels};
        switch (network_.parameters[static_cast<std::size_t>(index)].kind) {
          case network::ParameterKind::running_mean:
            move_running(running, {training_.pointer(statistics.mean), channels}, bn.momentum, 1);
            break;
          case network::ParameterKind::running_variance:
            move_running(running, {training_.pointer(statistics.variance), channels}, bn.momentum,
                         count / (count - 1));
            break;
          default:
            break;
        }
      }
    }
  }

  std::optional<NonFinite> update(double lr) {
    std::optional<NonFinite> found;
    for (std::size_t i = 0; i < network_.parameters.size(); ++i) {
      const network::Parameter& parameter = network_.parameters[i];
      if (!parameter.is_trained()) continue;
      const std::size_t count = compiled_.training.parameter_layouts[i].get_size() / sizeof(float);
      const bool is_finite = update_one(i, count, lr);
      if (!is_finite && !found) {
        found =
            NonFinite{network_.stages[static_cast<std::size_t>(parameter.stage)].path,
                      parameter.name.substr(parameter.name.rfind('.') + 1) + " after the update"};
      }
    }
    return found;
  }

  /// Of parameter i, padding included. Returns whether it is finite afterwards.
  bool update_one(std::size_t i, std::size_t count, double lr) {
    const std::span<float> values{storage_.parameters[i], count};
    const std::span<const float> gradient{storage_.gradients[i], count};
    const bool is_weight = network_.parameters[i].kind == network::ParameterKind::weight;
    const double decay = is_weight || options_.decays_all ? options_.decay : 0.0;
    if (options_.optimizer == Optimizer::adamw) {
      return update_adamw(values, {moment_[i], count}, {square_[i], count}, gradient,
                          {.lr = lr, .decay = decay, .number = static_cast<std::int64_t>(steps_)});
    }
    return update_sgd(
        values, {moment_[i], count}, gradient,
        {.lr = lr, .momentum = options_.momentum, .decay = decay, .nesterov = options_.nesterov});
  }

  network::Network network_;
  Options options_;
  Compiled compiled_;
  dnnl::stream stream_;
  Block arena_;
  Block scratch_;
  Block parameters_;
  Block gradients_;
  Block moments_;
  Block squares_;  // of adamw only
  std::vector<float*> moment_;
  std::vector<float*> square_;
  Storage storage_;
  BoundProgram training_;
  BoundProgram evaluation_;
  std::vector<std::int32_t> labels_;
  std::size_t evaluated_ = 0;
  std::uint64_t steps_ = 0;  // begun
};

Trainer::Trainer(const network::Network& network, const network::Values& initial,
                 const Options& options)
    : impl_(std::make_unique<Impl>(network, initial, options)) {}
Trainer::~Trainer() = default;
Trainer::Trainer(Trainer&&) noexcept = default;
Trainer& Trainer::operator=(Trainer&&) noexcept = default;

std::span<float> Trainer::images() { return impl_->images(); }
std::span<std::int32_t> Trainer::labels() { return impl_->labels(); }
StepResult Trainer::step(double lr, const StepObserver& observe) {
  return impl_->step(lr, observe);
}
std::span<float> Trainer::evaluation_images() { return impl_->evaluation_images(); }
EvaluationResult Trainer::evaluate(std::span<const std::int32_t> labels) {
  return impl_->evaluate(labels);
}
std::span<const float> Trainer::logits() const { return impl_->logits(); }
network::Values Trainer::values() const { return impl_->values(); }
network::Values Trainer::gradients() const { return impl_->gradients(); }

}  // namespace whichfirst::engine
