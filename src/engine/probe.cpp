#include "engine/probe.h"

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "engine/compile/storage.h"
#include "engine/kernels/kernels.h"
#include "engine/platform.h"

namespace whichfirst::engine {

std::int64_t probe_bytes(const network::Network& network, const Options& options) {
  return session_bytes(network, options.batch, Purpose::probe, options.precision, 2);
}

struct Probe::State {
  State(const network::Network& of, const Options& with)
      : network(of),
        options(with),
        session(network, options.batch, Purpose::probe, options.precision, 2,
                [this](int stage, std::span<const float> values) { (*tap)(stage, values); }) {}

  std::vector<float> copy_of(ValueId value, int count) const {
    const float* first = session.bound.pointer(value);
    return {first, first + count};
  }

  network::Network network;
  Options options;
  const Tap* tap = nullptr;
  Session session;
};

Probe::Probe(const network::Network& network, const Options& options)
    : state_(std::make_unique<State>(network, options)) {}
Probe::~Probe() = default;

ProbeResult Probe::run(const network::Values& values, std::span<const float> images,
                       std::span<const std::int32_t> labels, const Tap& tap) {
  auto& [network, options, shown, session] = *state_;
  const Program& program = session.program;
  const Storage& storage = session.memory.storage();
  check(uses_one_thread(), "a probe runs on the thread that made it, alone");
  const auto batch = static_cast<std::size_t>(options.batch);
  check(labels.size() == batch &&
            images.size() == batch * static_cast<std::size_t>(network.input.size()),
        "a probe looks at batches of one size");
  load_parameters(network, values, program.parameter_layouts, storage.parameters(), session.engine);
  std::copy(images.begin(), images.end(), session.bound.pointer(program.images));
  shown = &tap;
  // No trial takes so many steps.
  const network::DropoutStep draw{options.seed, options.replicate,
                                  std::numeric_limits<std::uint64_t>::max()};
  session.bound.run(session.stream, 0, program.backward_begin, draw);
  ProbeResult result;
  for (const Program::Statistics& found : program.statistics) {
    const int channels = network.stages[static_cast<std::size_t>(found.stage)].input.channels;
    result.statistics.push_back({.stage = found.stage,
                                 .mean = state_->copy_of(found.mean, channels),
                                 .variance = state_->copy_of(found.variance, channels)});
  }
  const std::size_t logits = batch * static_cast<std::size_t>(network.classes);
  const std::span<const float> scores{session.bound.pointer(program.logits), logits};
  result.loss = cross_entropy(scores, labels, {}, {}).sum / static_cast<double>(batch);
  cross_entropy(scores, labels, {session.bound.pointer(program.dlogits), logits}, {},
                options.label_smoothing);
  session.bound.run(session.stream, program.backward_begin, session.bound.size(), draw);
  result.gradients =
      unload_gradients(network, program.parameter_layouts, storage.gradients(), session.engine);
  return result;
}

}  // namespace whichfirst::engine
