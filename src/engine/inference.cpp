#include "engine/inference.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "engine/compile/compile.h"
#include "engine/compile/program.h"
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
    for (const int index : stage.parameters) {
      const auto i = static_cast<std::size_t>(index);
      if (network.parameters[i].kind != network::ParameterKind::bias) continue;
      const BorderBias border = border_bias_of(stage);
      packed.values[i] = pack(border, values[i]);
      packed.network.parameters[i].dimensions = {static_cast<std::int64_t>(border.packed_size())};
    }
  }
  return packed;
}

}  // namespace

std::int64_t inference_bytes(const network::Network& network, int batch, Precision precision) {
  use_precision(precision);
  const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  const Program program = compile_inference(network, batch, engine, precision);
  return static_cast<std::int64_t>(program.arena_layout().bytes + program.scratch_bytes +
                                   ParameterPlaces(program.parameter_layouts).bytes);
}

class Inference::Impl {
 public:
  Impl(const Packed& packed, int batch, Precision precision)
      : batch_(static_cast<std::size_t>(batch)),
        image_size_(static_cast<std::size_t>(packed.network.input.size())),
        classes_(static_cast<std::size_t>(packed.network.classes)),
        program_(compile(packed.network, batch, precision)),
        places_(program_.parameter_layouts),
        arena_(program_.arena_layout().bytes),
        scratch_(program_.scratch_bytes),
        parameters_(places_.bytes),
        storage_{.arena = arena_.data(),
                 .scratch = scratch_.data(),
                 .parameters = places_.in(parameters_),
                 .gradients = {}},
        bound_(program_, storage_, engine_),
        stream_(engine_) {
    load_parameters(packed.network, packed.values, program_.parameter_layouts, storage_.parameters,
                    engine_);
    for (const Step& step : program_.steps) plan_.steps.push_back(step.planned);
    plan_.arena_bytes =
        static_cast<std::int64_t>(program_.arena_layout().bytes + program_.scratch_bytes);
    plan_.parameter_bytes = static_cast<std::int64_t>(places_.bytes);
  }

  std::span<float> images() { return {bound_.pointer(program_.images), batch_ * image_size_}; }

  void run() {
    check(uses_one_thread(), "an inference runs on the thread that made it, alone");
    bound_.run(stream_, 0, bound_.size(), {});
  }

  EvaluationResult evaluate(std::span<const std::int32_t> labels) {
    check(labels.size() <= batch_, "an evaluation has at most a batch of images");
    const auto used = static_cast<std::ptrdiff_t>(labels.size() * image_size_);
    std::fill(images().begin() + used, images().end(), 0.0F);  // images do not meet
    run();
    EvaluationResult result{.right = std::vector<std::uint8_t>(labels.size())};
    result.loss_sum =
        cross_entropy(logits().first(labels.size() * classes_), labels, {}, result.right).sum;
    return result;
  }

  std::span<const float> logits() const {
    return {bound_.pointer(program_.logits), batch_ * classes_};
  }

  const InferencePlan& plan() const { return plan_; }

 private:
  Program compile(const network::Network& network, int batch, Precision precision) const {
    check(batch > 0, "batches hold images");
    check(precision != Precision::bf16, "an inference computes in fp32");
    use_precision(precision);  // before the first primitive is described
    return compile_inference(network, batch, engine_, precision);
  }

  std::size_t batch_;
  std::size_t image_size_;
  std::size_t classes_;
  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  Program program_;
  ParameterPlaces places_;
  Block arena_;
  Block scratch_;
  Block parameters_;
  Storage storage_;
  BoundProgram bound_;
  dnnl::stream stream_;
  InferencePlan plan_;
};

Inference::Inference(const network::Network& network, const network::Values& values, int batch,
                     Precision precision)
    : impl_(std::make_unique<Impl>(pack_maps(network, values), batch, precision)) {}
Inference::~Inference() = default;
Inference::Inference(Inference&&) noexcept = default;
Inference& Inference::operator=(Inference&&) noexcept = default;

std::span<float> Inference::images() { return impl_->images(); }
void Inference::run() { impl_->run(); }
EvaluationResult Inference::evaluate(std::span<const std::int32_t> labels) {
  return impl_->evaluate(labels);
}
std::span<const float> Inference::logits() const { return impl_->logits(); }
const InferencePlan& Inference::plan() const { return impl_->plan(); }

}  // namespace whichfirst::engine
