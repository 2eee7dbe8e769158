// How a network becomes a program: one function a kind of stage, forward (forward.cpp) and backward
// (backward.cpp), over values whose layouts the primitives choose (compiler.cpp).
//
// A value may be read by several stages (a residual's body and its shortcut), so the compiler
// counts who still wants a buffer: only the last reader may work in place.
#pragma once

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/compile/program.h"
#include "engine/kernels/bf16.h"
#include "engine/kernels/border_bias.h"
#include "engine/kernels/convolution.h"
#include "engine/kernels/elementwise.h"
#include "engine/kernels/max_pool.h"
#include "engine/kernels/statistics.h"

namespace whichfirst::engine {

/// Which of oneDNN's functions compute an activation; undef where the kernels are ours
/// (elementwise.h).
struct ActivationKernel {
  dnnl::algorithm forward = dnnl::algorithm::undef;
  dnnl::algorithm backward = dnnl::algorithm::undef;
  bool backward_reads_result = false;  // else the forward's source
  float alpha = 0;                     // as oneDNN names its parameters
  float beta = 0;

  bool is_own() const { return forward == dnnl::algorithm::undef; }
};
ActivationKernel kernel_of(const network::Activation& activation);

/// A convolution by kernels of our own, and how its arrays lie.
struct OwnConvolution {
  const ConvolutionKernels* kernels = nullptr;
  ConvolutionShape shape;
  Layout source;
  Layout weights;
  Layout result;
};

/// When the direct sum is to run: where it was measured to be faster than oneDNN's kernels, or
/// wherever it can.
enum class DirectSum { where_faster, wherever_possible };

class Compiler {
 public:
  /// Arguments as of compile().
  Compiler(const network::Network& network, int batch, const dnnl::engine& engine, Purpose purpose,
           Precision precision, Tap tap);

  Program compile(const std::vector<Layout>* kept_layouts);

 private:
  bool is_training() const { return purpose_ == Purpose::training || purpose_ == Purpose::probe; }
  bool decides_on_layouts() const { return purpose_ != Purpose::evaluation; }
  dnnl::prop_kind forward_kind() const {
    return is_training() ? dnnl::prop_kind::forward_training : dnnl::prop_kind::forward_inference;
  }
  const network::Stage& stage_at(int index) const {
    return network_.stages[static_cast<std::size_t>(index)];
  }
  const network::Stage& stage() const { return stage_at(stage_); }

  /// oneDNN's errors gain what the user knows: the stage.
  template <class Action>
  void translate(Action action);

  // --- values (compiler.cpp) ------------------------------------------------------------------

  const Layout& layout(ValueId value) const {
    return program_.values[static_cast<std::size_t>(value)].layout;
  }
  int buffer_index(ValueId value) const {
    return program_.values[static_cast<std::size_t>(value)].buffer;
  }
  Buffer& buffer(ValueId value) {
    return program_.buffers[static_cast<std::size_t>(buffer_index(value))];
  }
  /// How many stages still want to read the buffer: outputs in forward, gradients in backward.
  int& readers(ValueId value);
  std::size_t number_count(ValueId value) const {
    return layout(value).get_size() / (is_bf16(layout(value)) ? sizeof(Bf16) : sizeof(float));
  }
  /// Layouts of activations, whose numbers are of the precision's type.
  Layout plain_numbers(const dnnl::memory::dims& dims) const { return plain(dims, number_type()); }
  Layout any_numbers(const dnnl::memory::dims& dims) const {
    return any_layout(dims, number_type());
  }
  /// Of what this stage reads and makes. The last one makes the logits: of floats.
  NumberType number_type() const { return number_type_of(stage_); }
  NumberType number_type_of(int stage) const {
    return static_cast<std::size_t>(stage) + 1 == network_.stages.size() ? NumberType::f32
                                                                         : number_type_;
  }

  ValueId new_value(const Layout& value_layout);
  /// The same buffer under another layout.
  ValueId view(ValueId value, const Layout& value_layout);
  ValueId new_floats(std::size_t count);
  ValueId new_bytes(std::size_t count);
  /// The buffer of `value` is alive at the step that is added next.
  void touch(ValueId value);
  void add_step(const StepName& name, const char* implementation,
                std::variant<RunPrimitive, RunKernel> action);
  template <class PrimitiveDesc>
  void add(const PrimitiveDesc& description, dnnl::primitive primitive, const StepName& name,
           std::vector<Argument> arguments);
  /// Adds an own kernel, which is given the places of `values` as floats, in that order.
  void add_kernel(const StepName& name, std::vector<ValueId> values, Kernel kernel,
                  const char* implementation = "own");
  /// A kernel that runs body(Number{}, places, step), Number being what `value` consists of.
  template <class Body>
  Kernel for_numbers(ValueId value, const Body& body) const;
  /// The kernel that takes the numbers of one or two sources, each for itself, to one of `result`.
  void add_elementwise(const StepName& name, NumberFunction function,
                       const std::vector<ValueId>& sources, ValueId result);

  ValueId reorder(ValueId from, const Layout& to, const char* what);
  void reorder_into(ValueId from, ValueId to, const char* what);
  ValueId in_layout(ValueId value, const Layout& wanted, const char* what);
  ValueId to_plain(ValueId value);
  /// How the channels of a value lie: plain, or in blocks. Of this stage's input.
  ChannelLayout channel_layout(ValueId value) const { return channel_layout(value, stage().input); }
  ChannelLayout channel_layout(ValueId value, const Shape& shape) const;

  /// The parameter `kind` of this stage, in the layout in which it is kept; its gradient.
  ValueId parameter(network::ParameterKind kind);
  ValueId gradient(network::ParameterKind kind);
  int parameter_index(network::ParameterKind kind) const;
  ValueId keep_parameter(Home home, network::ParameterKind kind);
  /// In which layout a forward pass is asked to read weights: floats in evaluation as they are
  /// kept; the others decide on it.
  Layout weights_request(const dnnl::memory::dims& dims) const;
  /// Where somebody decides.
  void keep_weights_in(const Layout& chosen);
  /// The weights that `forward` reads: those that are kept or, in bf16, a copy of them. Those that
  /// are kept are floats, laid out as `forward` reads them or, where it reads a copy, as their
  /// gradient is computed.
  template <class Operation, class Forward>
  ValueId weights_for(const Operation& operation, const Forward& forward);

  // --- what both directions ask ---------------------------------------------------------------

  /// A convolution in these layouts, or, where oneDNN has only its reference kernel for them (one
  /// channel on AVX2), in the layouts that it likes best.
  template <class Describe>
  static auto convolution(const Layout& source, const Layout& result, const Describe& describe);

  dnnl::memory::dims weights_dims(const network::Conv& conv) const {
    return {stage().output.channels, stage().input.channels, conv.kernel, conv.kernel};
  }
  dnnl::memory::dims weights_dims(const network::FullyConnected&) const {
    return {stage().output.channels, stage().input.channels};
  }
  Layout bias_layout(bool has_bias) const;
  template <class Moving>
  static Window window_of(const Moving& operation) {
    return {.kernel = {operation.kernel, operation.kernel},
            .strides = {operation.stride, operation.stride},
            .padding = {operation.padding, operation.padding}};
  }
  /// The gradient of the weights, always in floats and in the layout that suits it best.
  Description<dnnl::convolution_backward_weights> weight_gradient_of(
      const network::Conv& conv, const Description<dnnl::convolution_forward>& forward) const;
  Description<dnnl::inner_product_backward_weights> weight_gradient_of(
      const network::FullyConnected& fc,
      const Description<dnnl::inner_product_forward>& forward) const;
  Description<dnnl::convolution_backward_data> source_gradient_of(
      const network::Conv& conv, const Description<dnnl::convolution_forward>& forward,
      const Layout& dsource, const Layout& dresult) const;
  /// oneDNN's own choice for this stage.
  Description<dnnl::convolution_forward> describe_forward(const network::Conv& conv,
                                                          const Describer& describe,
                                                          dnnl::prop_kind pass,
                                                          const Layout& weights) const;
  /// Whether oneDNN would run a pass of this stage by gemm, whose blocking, and so whose sums,
  /// depend on the size of the processor's caches, or by its reference kernel. Not a matter of the
  /// batch.
  bool falls_back(const network::Conv& conv) const;
  Window whole_picture() const;
  static dnnl::normalization_flags bn_flags(const network::BatchNorm& bn, bool is_with_relu);

  // --- forward (forward.cpp) ------------------------------------------------------------------

  struct ForwardState {
    ValueId source = -1;  // as the stage read it, after any reorder
    ValueId result = -1;
    ValueId workspace = -1;   // of a max-pool, of bn with relu, of dropout: what was dropped
    ValueId mean = -1;        // of bn and of groups,
    ValueId spread = -1;      // and the variance, or 1 / its root
    bool is_fused = false;    // part of the stage before it
    bool is_nothing = false;  // its result is its source
    std::optional<Description<dnnl::convolution_forward>> conv;
    std::optional<OwnConvolution> own;  // in place of conv
    std::optional<Description<dnnl::eltwise_forward>> eltwise;
    std::optional<Description<dnnl::pooling_forward>> pool;
    std::optional<MaxPoolShape> max_pool;  // in place of pool
    std::optional<Description<dnnl::inner_product_forward>> fc;
  };

  ForwardState& state() { return states_[static_cast<std::size_t>(stage_)]; }
  /// What a stage made, or the images.
  ValueId output_of(int stage) const;
  /// The stage's source, which it is about to read.
  ValueId read(int source);
  /// Whether this stage may write over a value that it has read.
  bool may_overwrite(ValueId value) { return readers(value) == 0 && !buffer(value).is_kept; }
  /// The value itself where it may be overwritten, or a new one of its layout.
  ValueId writable(ValueId value);
  /// Backward needs this value.
  void keep(ValueId value);
  void make(ValueId result);
  void show(ValueId result);
  /// What this stage makes is, with a fused relu, what the next one makes too.
  void make(ValueId result, bool is_with_relu);
  bool is_relu_next() const;
  /// Whether these weights end with the relu behind them.
  bool is_relu_fused() const { return purpose_ == Purpose::inference && is_relu_next(); }
  static StepName forward_name(bool is_with_relu) {
    return {StepKind::forward, is_with_relu ? "with relu" : ""};
  }
  /// What describes the weights of this stage: with the relu behind them where that is fused.
  const Describer& weights_describer(bool is_with_relu) const {
    return is_with_relu ? describe_with_relu_ : describe_;
  }
  /// The bias of a convolution that is the same everywhere; its packed form holds more.
  ValueId common_bias(const network::Conv& conv);
  void add_border_bias(ValueId result, BorderKernel kernel);
  /// Whether the kernel of a convolution is to end with the relu behind it; where a bias differs by
  /// position, that is left to the border's kernel.
  bool ends_with_relu(const network::Conv& conv) const {
    return is_relu_fused() && !conv.has_bias_map;
  }
  /// What is alike for all kernels of convolutions, behind them.
  void finish_forward(const network::Conv& conv, ValueId result);
  /// By our own kernels.
  void own_forward(const network::Conv& conv, const OwnConvolution& own);
  /// By Winograd's algorithm where the precision allows it and it was measured to be faster, else
  /// by the direct sum; nullopt where oneDNN's kernels are to run.
  std::optional<OwnConvolution> own_convolution(const network::Conv& conv, DirectSum direct) const;
  /// Memory that a pass of them may use.
  ValueId own_scratch(const OwnConvolution& own);

  void forward(const network::Conv& conv);
  void forward(const network::BatchNorm& bn);
  void forward(const network::GroupNorm& norm);
  void forward(const network::Activation& activation);
  void forward(const network::MaxPool& pool);
  void forward(const network::AveragePool& pool);
  void forward(const network::GlobalAveragePool&);
  void forward(const network::Dropout& drop);
  void forward(const network::Flatten&);
  void forward(const network::FullyConnected& fc);
  void forward(const network::Add&);

  ValueId pool_forward(dnnl::algorithm kind, const Window& window);
  /// A picture in plain layout, seen as N x C.
  ValueId as_vector(ValueId picture);

  // --- max-pools by our own kernel (own_kernels.cpp) ------------------------------------------

  /// Of this stage; nullopt where it is oneDNN's.
  std::optional<MaxPoolShape> max_pool_shape(const network::MaxPool& pool) const;
  void max_pool_forward(const MaxPoolShape& shape);
  void max_pool_backward(const MaxPoolShape& shape);

  // --- backward (backward.cpp) ----------------------------------------------------------------

  void compile_backward();
  /// Whether anything trained stands before the output of a stage.
  bool depends_on_parameters(int stage) const;
  /// The gradient of this stage's output, or of the relu's that is fused to it, in its layout.
  ValueId take_gradient(bool is_with_relu = false);
  /// Adds to the gradient of what the stage reads; `value` has any layout.
  void give_gradient(int source, ValueId value);

  void backward(const network::Conv& conv);
  void own_backward(const network::Conv& conv, const OwnConvolution& own);
  void backward(const network::BatchNorm& bn);
  void backward(const network::GroupNorm& norm);
  void backward(const network::Activation& activation);
  void backward(const network::MaxPool& pool);
  void backward(const network::AveragePool& pool);
  void backward(const network::GlobalAveragePool&);
  void backward(const network::Dropout& drop);
  void backward(const network::Flatten&);
  void backward(const network::FullyConnected& fc);
  void backward(const network::Add&);

  ValueId pool_backward(dnnl::algorithm kind, const Window& window, ValueId dresult);
  /// Where a primitive writes the gradient of weights that it computes in its own layout.
  ValueId weight_gradient(const Layout& computed);
  void finish_weight_gradient(ValueId computed);

  const network::Network& network_;
  int batch_;
  Describer describe_;
  Describer describe_with_relu_;
  Purpose purpose_;
  Precision precision_;
  NumberType number_type_;  // of activations but the last
  Tap tap_;
  Program program_;
  ValueId input_ = -1;                // the images as stages read them
  std::vector<int> readers_;          // by buffer
  std::vector<ValueId> parameters_;   // values made so far, by parameter
  std::vector<int> stage_readers_;    // how many stages read a stage's output
  std::vector<ForwardState> states_;  // by stage
  std::vector<ValueId> dresults_;     // by stage: gradients of outputs, -1 where there is none
  std::vector<bool> depends_;         // by stage
  int stage_ = 0;
};

// --- templates ----------------------------------------------------------------------------------

template <class Describe>
auto Compiler::convolution(const Layout& source, const Layout& result, const Describe& describe) {
  auto chosen = describe(source, result);
  if (!std::string_view(chosen.impl_info_str()).starts_with("ref")) return chosen;
  const auto any = [](const Layout& like) {
    return any_layout(dims_of(like), is_bf16(like) ? NumberType::bf16 : NumberType::f32);
  };
  return describe(any(source), any(result));
}

template <class Body>
Kernel Compiler::for_numbers(ValueId value, const Body& body) const {
  const auto with = [&body](auto number) {
    return [run = body, number](Places places, const auto& step) mutable {
      run(number, places, step);
    };
  };
  return is_bf16(layout(value)) ? Kernel(with(Bf16{})) : Kernel(with(float{}));
}

template <class Operation, class Forward>
ValueId Compiler::weights_for(const Operation& operation, const Forward& forward) {
  if (decides_on_layouts()) {
    keep_weights_in(is_bf16(forward.weights_desc())
                        ? weight_gradient_of(operation, forward).diff_weights_desc()
                        : forward.weights_desc());
  }
  return in_layout(parameter(network::ParameterKind::weight), forward.weights_desc(), "weights");
}

template <class PrimitiveDesc>
void Compiler::add(const PrimitiveDesc& description, dnnl::primitive primitive,
                   const StepName& name, std::vector<Argument> arguments) {
  for (const Argument& argument : arguments) touch(argument.value);
  program_.scratch_bytes =
      std::max(program_.scratch_bytes, description.scratchpad_desc().get_size());
  add_step(name, description.impl_info_str(),
           RunPrimitive{std::move(primitive), std::move(arguments)});
}

}  // namespace whichfirst::engine
