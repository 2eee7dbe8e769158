#include "engine/inference.h"

#include <algorithm>

#include "base/error.h"
#include "engine/compile/storage.h"
#include "engine/kernels/border_bias.h"
#include "engine/kernels/kernels.h"
#include "engine/platform.h"

namespace whichfirst::engine {
namespace {

/// A network and its values as the compiler wants them: bias maps are packed.
struct Packed {
  network::Network network;
  network::Values values;
};

Packed pack_maps(const network::Network& network, const network::Values& values) {
  check(values.size() == network.parameters.size(), "there is one array for each parameter");
  Packed packed{network, values};
  for (const network::Stage& stage : network.stages) {
    const auto* conv = std::get_if<network::Conv>(&stage.operation);
    if (conv == nullptr || !conv->has_bias_map) continue;
    const std::size_t i = *network.find_parameter(stage, network::ParameterKind::bias);
    const BorderBias border = border_bias_of(stage);
    packed.values[i] = pack(border, values[i]);
    packed.network.parameters[i].dimensions = {static_cast<std::int64_t>(border.packed_size())};
  }
  return packed;
}

}  // namespace

std::int64_t inference_bytes(const network::Network& network, int batch, Precision precision) {
  return session_bytes(network, batch, Purpose::inference, precision, 1);
}

struct Inference::State {
  State(const Packed& packed, int batch, Precision precision)
      : images(static_cast<std::size_t>(batch)),
        image_size(static_cast<std::size_t>(packed.network.input.size())),
        classes(static_cast<std::size_t>(packed.network.classes)),
        session(packed.network, batch, Purpose::inference, precision, 1) {
    load_parameters(packed.network, packed.values, session.program.parameter_layouts,
                    session.memory.storage().parameters(), session.engine);
  }

  std::size_t images;
  std::size_t image_size;
  std::size_t classes;
  Session session;
};

Inference::Inference(const network::Network& network, const network::Values& values, int batch,
                     Precision precision) {
  check(precision != Precision::bf16, "an inference computes in fp32");
  state_ = std::make_unique<State>(pack_maps(network, values), batch, precision);
}
Inference::~Inference() = default;
Inference::Inference(Inference&&) noexcept = default;
Inference& Inference::operator=(Inference&&) noexcept = default;

std::span<float> Inference::images() {
  const Session& session = state_->session;
  return {session.bound.pointer(session.program.images), state_->images * state_->image_size};
}

void Inference::run() {
  check(uses_one_thread(), "an inference runs on the thread that made it, alone");
  Session& session = state_->session;
  session.bound.run(session.stream, 0, session.bound.size(), {});
}

EvaluationResult Inference::evaluate(std::span<const std::int32_t> labels) {
  check(labels.size() <= state_->images, "an evaluation has at most a batch of images");
  const auto used = static_cast<std::ptrdiff_t>(labels.size() * state_->image_size);
  std::fill(images().begin() + used, images().end(), 0.0F);  // images do not meet
  run();
  EvaluationResult result{.right = std::vector<std::uint8_t>(labels.size())};
  const auto scores = logits().first(labels.size() * state_->classes);
  result.loss_sum = cross_entropy(scores, labels, {}, result.right).sum;
  return result;
}

std::span<const float> Inference::logits() const {
  const Session& session = state_->session;
  return {session.bound.pointer(session.program.logits), state_->images * state_->classes};
}

Plan Inference::plan() const {
  const Session& session = state_->session;
  return {.training = {},
          .evaluation = session.program.planned(),
          .arena_bytes = session.plan.arena_bytes(),
          .parameter_bytes = session.plan.parameter_bytes()};
}

}  // namespace whichfirst::engine
