#include "engine/probe.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/error.h"
#include "engine/compile/compile.h"
#include "engine/compile/program.h"
#include "engine/compile/storage.h"
#include "engine/kernels/kernels.h"
#include "engine/platform.h"

namespace whichfirst::engine {

std::int64_t probe_bytes(const network::Network& network, const Options& options) {
  use_precision(options.precision);
  const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  const Program program = compile_probe(network, options.batch, engine, {}, options.precision);
  return static_cast<std::int64_t>(program.arena_layout().bytes + program.scratch_bytes +
                                   2 * ParameterPlaces(program.parameter_layouts).bytes);
}

class Probe::Impl {
 public:
  Impl(const network::Network& network, const Options& options)
      : network_(network),
        options_(options),
        program_(compile()),
        places_(program_.parameter_layouts),
        arena_(program_.arena_layout().bytes),
        scratch_(program_.scratch_bytes),
        parameters_(places_.bytes),
        gradients_(places_.bytes),
        storage_{.arena = arena_.data(),
                 .scratch = scratch_.data(),
                 .parameters = places_.in(parameters_),
                 .gradients = places_.in(gradients_)},
        bound_(program_, storage_, engine_),
        stream_(engine_) {}

  ProbeResult run(const network::Values& values, std::span<const float> images,
                  std::span<const std::int32_t> labels, const Tap& tap) {
    check(uses_one_thread(), "a probe runs on the thread that made it, alone");
    const auto batch = static_cast<std::size_t>(options_.batch);
    check(labels.size() == batch &&
              images.size() == batch * static_cast<std::size_t>(network_.input.size()),
          "a probe looks at batches of one size");
    load_parameters(network_, values, program_.parameter_layouts, storage_.parameters, engine_);
    std::copy(images.begin(), images.end(), bound_.pointer(program_.images));
    tap_ = &tap;
    // No trial takes so many steps.
    const network::DropoutStep draw{options_.seed, options_.replicate,
                                    std::numeric_limits<std::uint64_t>::max()};
    bound_.run(stream_, 0, program_.backward_begin, draw);
    ProbeResult result;
    for (const Program::Statistics& found : program_.statistics) {
      const auto& stage = network_.stages[static_cast<std::size_t>(found.stage)];
      result.statistics.push_back({.stage = found.stage,
                                   .mean = copy_of(found.mean, stage.input.channels),
                                   .variance = copy_of(found.variance, stage.input.channels)});
    }
    const std::size_t logits = batch * static_cast<std::size_t>(network_.classes);
    const std::span<const float> scores{bound_.pointer(program_.logits), logits};
    result.loss = cross_entropy(scores, labels, {}, {}).sum / static_cast<double>(batch);
    cross_entropy(scores, labels, {bound_.pointer(program_.dlogits), logits}, {},
                  options_.label_smoothing);
    bound_.run(stream_, program_.backward_begin, bound_.size(), draw);
    result.gradients =
        unload_parameters(network_, program_.parameter_layouts, storage_.gradients, engine_);
    for (std::size_t i = 0; i < result.gradients.size(); ++i) {
      if (!network_.parameters[i].is_trained()) result.gradients[i].clear();
    }
    return result;
  }

 private:
  Program compile() {
    use_precision(options_.precision);  // before the first primitive is described
    return compile_probe(
        network_, options_.batch, engine_,
        [this](int stage, std::span<const float> values) { (*tap_)(stage, values); },
        options_.precision);
  }

  std::vector<float> copy_of(ValueId value, int count) const {
    const float* first = bound_.pointer(value);
    return {first, first + count};
  }

  network::Network network_;
  Options options_;
  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  const Tap* tap_ = nullptr;
  Program program_;
  ParameterPlaces places_;
  Block arena_;
  Block scratch_;
  Block parameters_;
  Block gradients_;
  Storage storage_;
  BoundProgram bound_;
  dnnl::stream stream_;
};

Probe::Probe(const network::Network& network, const Options& options)
    : impl_(std::make_unique<Impl>(network, options)) {}
Probe::~Probe() = default;
Probe::Probe(Probe&&) noexcept = default;
Probe& Probe::operator=(Probe&&) noexcept = default;

ProbeResult Probe::run(const network::Values& values, std::span<const float> images,
                       std::span<const std::int32_t> labels, const Tap& tap) {
  return impl_->run(values, images, labels, tap);
}

}  // namespace whichfirst::engine
