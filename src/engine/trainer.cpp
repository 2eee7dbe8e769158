#include "engine/trainer.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
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
          "{} ({}) sees one value a channel in a batch of {}, of which there is "
          "no variance; use a larger recipe.batch",
          stage.path, stage.text, batch);
    }
  }
}

/// Both programs of a trainer and what they take.
struct Compiled {
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  Program training;
  Program evaluation;
  MemoryPlan memory;

  Compiled(const network::Network& network, const Options& options)
      : training(compile_training(network, options)),
        evaluation(compile(network, options.evaluation_batch, engine, Purpose::evaluation,
                           options.precision, &training.parameter_layouts)),
        // Value, gradient, and what the optimizer keeps of the steps before.
        memory({&training, &evaluation}, options.optimizer == Optimizer::sgd ? 3 : 4) {
    training.count_costs(network, options.batch);
    evaluation.count_costs(network, options.evaluation_batch);
  }

 private:
  Program compile_training(const network::Network& network, const Options& options) const {
    check(options.batch > 0 && options.evaluation_batch > 0, "batches hold images");
    use_precision(options.precision);  // before the first primitive is described
    refuse_single_values(network, options.batch);
    return compile(network, options.batch, engine, Purpose::training, options.precision);
  }
};

}  // namespace

Plan plan(const network::Network& network, const Options& options) {
  const Compiled compiled(network, options);
  return {.training = compiled.training.planned(),
          .evaluation = compiled.evaluation.planned(),
          .arena_bytes = compiled.memory.arena_bytes(),
          .parameter_bytes = compiled.memory.parameter_bytes()};
}

struct Trainer::State {
  State(const network::Network& of, const network::Values& initial, const Options& with)
      : network(of),
        options(with),
        compiled(network, options),
        memory(compiled.memory),
        stream(compiled.engine),
        training(compiled.training, memory.storage(), compiled.engine),
        evaluation(compiled.evaluation, memory.storage(), compiled.engine),
        labels(static_cast<std::size_t>(options.batch)) {
    load_parameters(network, initial, compiled.training.parameter_layouts,
                    memory.storage().parameters(), compiled.engine);
  }

  std::size_t numbers_of(std::size_t images) const {
    return images * static_cast<std::size_t>(network.input.size());
  }
  std::optional<NonFinite> check_watched() const;
  void move_running_statistics();
  std::optional<NonFinite> update(double lr);
  bool update_one(std::size_t i, std::size_t count, double lr);

  network::Network network;
  Options options;
  Compiled compiled;
  Memory memory;
  dnnl::stream stream;
  BoundProgram training;
  BoundProgram evaluation;
  std::vector<std::int32_t> labels;
  std::size_t evaluated = 0;
  std::uint64_t steps = 0;  // begun
};

Trainer::Trainer(const network::Network& network, const network::Values& initial,
                 const Options& options)
    : state_(std::make_unique<State>(network, initial, options)) {}
Trainer::~Trainer() = default;
Trainer::Trainer(Trainer&&) noexcept = default;

std::span<float> Trainer::images() {
  return {state_->training.pointer(state_->compiled.training.images),
          state_->numbers_of(state_->labels.size())};
}

std::span<std::int32_t> Trainer::labels() { return state_->labels; }

StepResult Trainer::step(double lr, const StepObserver& observe) {
  const auto ended = [&observe](StepPart part) {
    if (observe) observe(part, 0);
  };
  check(uses_one_thread(), "a trainer runs on the thread that made it, alone");
  State& s = *state_;
  const Program& program = s.compiled.training;
  const network::DropoutStep draw{s.options.seed, s.options.replicate, s.steps++};
  s.training.run(s.stream, 0, program.backward_begin, draw, observe);
  StepResult result;
  if ((result.non_finite = s.check_watched())) return result;
  ended(StepPart::checks);

  const std::size_t logits = s.labels.size() * static_cast<std::size_t>(s.network.classes);
  const LossResult loss =
      cross_entropy({s.training.pointer(program.logits), logits}, s.labels,
                    {s.training.pointer(program.dlogits), logits}, {}, s.options.label_smoothing);
  result.loss = loss.sum / static_cast<double>(s.labels.size());
  result.right = loss.right;
  if (!std::isfinite(result.loss)) {
    result.non_finite = NonFinite{"loss", "cross-entropy of the batch"};
    return result;
  }
  ended(StepPart::loss);
  s.move_running_statistics();
  ended(StepPart::running_statistics);
  s.training.run(s.stream, program.backward_begin, s.training.size(), draw, observe);
  result.non_finite = s.update(lr);
  ended(StepPart::update);
  return result;
}

std::span<float> Trainer::evaluation_images() {
  return {state_->evaluation.pointer(state_->compiled.evaluation.images),
          state_->numbers_of(static_cast<std::size_t>(state_->options.evaluation_batch))};
}

EvaluationResult Trainer::evaluate(std::span<const std::int32_t> labels) {
  State& s = *state_;
  check(uses_one_thread(), "a trainer runs on the thread that made it, alone");
  check(labels.size() <= static_cast<std::size_t>(s.options.evaluation_batch),
        "an evaluation pass has at most evaluation_batch images");
  // A short last pass carries pictures of nothing behind its own; images do not meet in evaluation.
  const auto all = evaluation_images();
  std::fill(all.begin() + static_cast<std::ptrdiff_t>(s.numbers_of(labels.size())), all.end(),
            0.0F);
  s.evaluation.run(s.stream, 0, s.evaluation.size(), {});
  s.evaluated = labels.size();
  EvaluationResult result{.right = std::vector<std::uint8_t>(labels.size())};
  result.loss_sum = cross_entropy(logits(), labels, {}, result.right).sum;
  return result;
}

std::span<const float> Trainer::logits() const {
  return {state_->evaluation.pointer(state_->compiled.evaluation.logits),
          state_->evaluated * static_cast<std::size_t>(state_->network.classes)};
}

network::Values Trainer::values() const {
  return unload_parameters(state_->network, state_->compiled.training.parameter_layouts,
                           state_->memory.storage().parameters(), state_->compiled.engine);
}

network::Values Trainer::gradients() const {
  return unload_gradients(state_->network, state_->compiled.training.parameter_layouts,
                          state_->memory.storage().gradients(), state_->compiled.engine);
}

std::optional<NonFinite> Trainer::State::check_watched() const {
  for (const Program::Watched& watched : compiled.training.watched) {
    if (!all_finite({training.pointer(watched.value), watched.count})) {
      return NonFinite{network.stages[static_cast<std::size_t>(watched.stage)].path, watched.what};
    }
  }
  return std::nullopt;
}

void Trainer::State::move_running_statistics() {
  for (const Program::Statistics& statistics : compiled.training.statistics) {
    const network::Stage& stage = network.stages[static_cast<std::size_t>(statistics.stage)];
    const auto& bn = std::get<network::BatchNorm>(stage.operation);
    const auto count = static_cast<double>(values_a_channel(stage, options.batch));
    const auto channels = static_cast<std::size_t>(stage.input.channels);
    const auto move = [&](network::ParameterKind kind, ValueId measured, double factor) {
      float* const running = memory.storage().parameters()[*network.find_parameter(stage, kind)];
      move_running({running, channels}, {training.pointer(measured), channels}, bn.momentum,
                   factor);
    };
    move(network::ParameterKind::running_mean, statistics.mean, 1);
    move(network::ParameterKind::running_variance, statistics.variance, count / (count - 1));
  }
}

std::optional<NonFinite> Trainer::State::update(double lr) {
  std::optional<NonFinite> found;
  for (std::size_t i = 0; i < network.parameters.size(); ++i) {
    const network::Parameter& parameter = network.parameters[i];
    if (!parameter.is_trained()) continue;
    const std::size_t count = compiled.training.parameter_layouts[i].get_size() / sizeof(float);
    const bool is_finite = update_one(i, count, lr);
    if (!is_finite && !found) {
      found = NonFinite{network.stages[static_cast<std::size_t>(parameter.stage)].path,
                        parameter.name.substr(parameter.name.rfind('.') + 1) + " after the update"};
    }
  }
  return found;
}

/// Of parameter i, padding included. Returns whether it is finite afterwards.
bool Trainer::State::update_one(std::size_t i, std::size_t count, double lr) {
  const auto copy = [&](std::size_t of) {
    return std::span<float>{memory.storage().copies[of][i], count};
  };
  const bool is_weight = network.parameters[i].kind == network::ParameterKind::weight;
  const double decay = is_weight || options.decays_all ? options.decay : 0.0;
  if (options.optimizer == Optimizer::adamw) {
    return update_adamw(copy(0), copy(2), copy(3), copy(1),
                        {.lr = lr, .decay = decay, .number = static_cast<std::int64_t>(steps)});
  }
  return update_sgd(
      copy(0), copy(2), copy(1),
      {.lr = lr, .momentum = options.momentum, .decay = decay, .nesterov = options.nesterov});
}

}  // namespace whichfirst::engine
