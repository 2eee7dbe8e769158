#include "engine/compile.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "engine/onednn.h"

namespace whichfirst::engine {
namespace {

using dnnl::algorithm;
using dnnl::memory;
using dnnl::normalization_flags;
using dnnl::prop_kind;

constexpr auto kFloat = memory::data_type::f32;
constexpr auto kAny = memory::format_tag::any;

Layout plain(const memory::dims& dims) {
  using tag = memory::format_tag;
  switch (dims.size()) {
    case 1:
      return {dims, kFloat, tag::a};
    case 2:
      return {dims, kFloat, tag::ab};
    default:
      return {dims, kFloat, tag::abcd};
  }
}

Layout any_layout(const memory::dims& dims) { return {dims, kFloat, kAny}; }

memory::dims activation_dims(int batch, const Shape& shape) {
  if (shape.is_vector) return {batch, shape.channels};
  return {batch, shape.channels, shape.height, shape.width};
}

enum class Purpose { training, evaluation };

class Compiler {
 public:
  Compiler(const network::Network& network, int batch, const dnnl::engine& engine, Purpose purpose)
      : network_(network), batch_(batch), describe_(engine), purpose_(purpose) {
    for (std::size_t i = 0; i < network.parameters.size(); ++i) {
      program_.parameter_layouts.push_back(plain_layout(network.parameters[i]));
      parameters_.push_back(-1);
    }
  }

  Program compile(const std::vector<Layout>* kept_layouts) {
    if (kept_layouts != nullptr) program_.parameter_layouts = *kept_layouts;
    program_.images = new_value(plain(activation_dims(batch_, network_.input)));
    current_ = program_.images;
    touch(current_);
    for (stage_ = 0; stage_ < static_cast<int>(network_.stages.size()); ++stage_) {
      translate([&] { std::visit([&](const auto& op) { forward(op); }, stage().operation); });
    }
    program_.logits = current_ = to_plain(current_);
    program_.backward_begin = program_.steps.size();
    if (is_training()) compile_backward();
    // The caller reads the logits and the batch statistics after the run of the forward steps.
    touch(program_.logits);
    return std::move(program_);
  }

 private:
  bool is_training() const { return purpose_ == Purpose::training; }
  prop_kind forward_kind() const {
    return is_training() ? prop_kind::forward_training : prop_kind::forward_inference;
  }
  const network::Stage& stage() const { return network_.stages[static_cast<std::size_t>(stage_)]; }
  const Layout& layout(ValueId value) const {
    return program_.values[static_cast<std::size_t>(value)].layout;
  }
  Buffer& buffer(ValueId value) {
    return program_
        .buffers[static_cast<std::size_t>(program_.values[static_cast<std::size_t>(value)].buffer)];
  }

  /// oneDNN's errors gain what the user knows: the stage.
  template <class Action>
  void translate(Action action) {
    try {
      action();
    } catch (const dnnl::error& error) {
      throw Error(fmt::format(
          "{} ({}) on an input of {}x{}x{} and a batch of {}: oneDNN cannot run it ({})",
          stage().path, stage().text, stage().input.channels, stage().input.height,
          stage().input.width, batch_, error.what()));
    }
  }

  // --- values ---------------------------------------------------------------------------------

  ValueId new_value(const Layout& value_layout) {
    program_.buffers.push_back(Buffer{.bytes = value_layout.get_size()});
    return view(static_cast<int>(program_.buffers.size()) - 1, value_layout);
  }

  ValueId view(int buffer_index, const Layout& value_layout) {
    program_.values.push_back({value_layout, buffer_index});
    return static_cast<ValueId>(program_.values.size()) - 1;
  }

  /// The buffer of `value` is alive at the step that is added next.
  void touch(ValueId value) {
    Buffer& touched = buffer(value);
    const int now = static_cast<int>(program_.steps.size());
    if (touched.first < 0) touched.first = now;
    touched.last = std::max(touched.last, now);
  }

  template <class PrimitiveDesc>
  void add(const PrimitiveDesc& description, dnnl::primitive primitive, std::string what,
           std::vector<Argument> arguments) {
    for (const Argument& argument : arguments) touch(argument.value);
    program_.scratch_bytes =
        std::max(program_.scratch_bytes, description.scratchpad_desc().get_size());
    program_.steps.push_back({RunPrimitive{std::move(primitive), std::move(arguments)},
                              {stage().path, std::move(what), description.impl_info_str()}});
  }

  void add(const MeasureChannels& measure) {
    for (const ValueId value : {measure.source, measure.mean, measure.variance}) touch(value);
    program_.steps.push_back({measure, {stage().path, "statistics", "own"}});
  }

  /// How the channels of a value lie: plain, or in blocks.
  ChannelLayout channel_layout(ValueId value) const {
    const ChannelBlocks blocks = channel_blocks_of(layout(value));
    const Shape& shape = stage().input;
    return {.images = batch_,
            .channels = shape.channels,
            .pixels = shape.pixels(),
            .block = blocks.block,
            .image_stride = blocks.strides[0],
            .block_stride = blocks.strides[1],
            .pixel_stride = shape.is_vector ? 1 : blocks.strides[3]};
  }

  ValueId reorder(ValueId from, const Layout& to, std::string what) {
    const ValueId result = new_value(to);
    reorder_into(from, result, std::move(what));
    return result;
  }

  void reorder_into(ValueId from, ValueId to, std::string what) {
    const auto description = describe_.reorder(layout(from), layout(to));
    add(description, dnnl::reorder(description), std::move(what),
        {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}});
  }

  ValueId in_layout(ValueId value, const Layout& wanted, const char* what) {
    return layout(value) == wanted ? value : reorder(value, wanted, what);
  }

  ValueId to_plain(ValueId value) {
    stage_ = std::min(stage_, static_cast<int>(network_.stages.size()) - 1);
    return in_layout(value, plain(dims_of(layout(value))), "reorder to plain");
  }

  /// The parameter `kind` of this stage, in the layout in which it is kept.
  ValueId parameter(network::ParameterKind kind) {
    const int index = parameter_index(kind);
    ValueId& value = parameters_[static_cast<std::size_t>(index)];
    if (value < 0) {
      const Layout& kept = program_.parameter_layouts[static_cast<std::size_t>(index)];
      program_.buffers.push_back(
          Buffer{.home = Home::parameter, .index = index, .bytes = kept.get_size()});
      value = view(static_cast<int>(program_.buffers.size()) - 1, kept);
    }
    return value;
  }

  ValueId gradient(network::ParameterKind kind) {
    const int index = parameter_index(kind);
    const Layout& kept = program_.parameter_layouts[static_cast<std::size_t>(index)];
    program_.buffers.push_back(
        Buffer{.home = Home::gradient, .index = index, .bytes = kept.get_size()});
    return view(static_cast<int>(program_.buffers.size()) - 1, kept);
  }

  int parameter_index(network::ParameterKind kind) const {
    for (const int index : stage().parameters) {
      if (network_.parameters[static_cast<std::size_t>(index)].kind == kind) return index;
    }
    check(false, "the stage has this parameter");
    return -1;
  }

  /// Training decides on the layout of weights; evaluation takes it as it is.
  Layout weights_request(const memory::dims& dims) const {
    return is_training() ? any_layout(dims)
                         : program_.parameter_layouts[static_cast<std::size_t>(
                               parameter_index(network::ParameterKind::weight))];
  }
  void keep_weights_in(const Layout& chosen) {
    if (is_training()) {
      program_.parameter_layouts[static_cast<std::size_t>(
          parameter_index(network::ParameterKind::weight))] = chosen;
    }
  }

  // --- forward --------------------------------------------------------------------------------

  struct ForwardState {
    ValueId source = -1;    // as the stage read it, after any reorder
    ValueId original = -1;  // as the stage before left it
    ValueId result = -1;
    ValueId workspace = -1;
    bool is_fused = false;  // part of the stage before it
    std::optional<Description<dnnl::convolution_forward>> conv;
    std::optional<Description<dnnl::eltwise_forward>> eltwise;
    std::optional<Description<dnnl::pooling_forward>> pool;
    std::optional<Description<dnnl::inner_product_forward>> fc;
  };

  ForwardState& state() {
    if (states_.size() < network_.stages.size()) states_.resize(network_.stages.size());
    return states_[static_cast<std::size_t>(stage_)];
  }

  void keep(ValueId value) {
    if (is_training()) buffer(value).is_kept = true;
  }

  /// A convolution in these layouts, or, where oneDNN has only its reference kernel for them (one
  /// channel on AVX2), in the layouts that it likes best.
  template <class Describe>
  static auto convolution(const Layout& source, const Layout& result, const Describe& describe) {
    auto chosen = describe(source, result);
    if (!std::string_view(chosen.impl_info_str()).starts_with("ref")) return chosen;
    return describe(any_layout(dims_of(source)), any_layout(dims_of(result)));
  }

  memory::dims weights_dims(const network::Conv& conv) const {
    return {stage().output.channels, stage().input.channels, conv.kernel, conv.kernel};
  }
  memory::dims weights_dims(const network::FullyConnected&) const {
    return {stage().output.channels, stage().input.channels};
  }
  Layout bias_layout(const auto& operation) const {
    return operation.bias ? plain({stage().output.channels}) : Layout();
  }
  static Window window_of(const auto& operation) {
    return {.kernel = {operation.kernel, operation.kernel},
            .strides = {operation.stride, operation.stride},
            .padding = {operation.padding, operation.padding}};
  }
  Window whole_picture() const {
    const Shape& in = stage().input;
    return {.kernel = {in.height, in.width}, .strides = {in.height, in.width}, .padding = {0, 0}};
  }

  void forward(const network::Conv& conv) {
    const Shape& in = stage().input;
    const Layout weights = weights_request(weights_dims(conv));
    // Few channels are read as plain NCHW: left to itself oneDNN may take its reference kernel.
    constexpr int kFewChannels = 8;
    const memory::dims source_dims = activation_dims(batch_, in);
    ForwardState& here = state();
    here.conv = convolution(
        in.channels < kFewChannels ? plain(source_dims) : any_layout(source_dims),
        any_layout(activation_dims(batch_, stage().output)),
        [&](const Layout& source, const Layout& result) {
          return describe_.convolution_forward(
              forward_kind(), {source, weights, bias_layout(conv), result}, window_of(conv));
        });
    keep_weights_in(here.conv->weights_desc());
    here.original = current_;
    here.source = in_layout(current_, here.conv->src_desc(), "reorder source");
    here.result = new_value(here.conv->dst_desc());
    std::vector<Argument> arguments = {
        {DNNL_ARG_SRC, here.source},
        {DNNL_ARG_WEIGHTS, parameter(network::ParameterKind::weight)},
        {DNNL_ARG_DST, here.result}};
    if (conv.bias) {
      arguments.push_back({DNNL_ARG_BIAS, parameter(network::ParameterKind::bias)});
    }
    add(*here.conv, dnnl::convolution_forward(*here.conv), "forward", std::move(arguments));
    keep(here.source);
    current_ = here.result;
  }

  void forward(const network::BatchNorm& bn) {
    const bool is_relu_next = stage_ + 1 < static_cast<int>(network_.stages.size()) &&
                              std::holds_alternative<network::Relu>(
                                  network_.stages[static_cast<std::size_t>(stage_) + 1].operation);
    // The statistics are given in training too: measured by our own kernel (statistics.h).
    const auto flags = bn_flags(bn, is_relu_next) | normalization_flags::use_global_stats;
    const auto description = describe_.batch_normalization_forward(
        forward_kind(), layout(current_), static_cast<float>(bn.eps), flags);

    ForwardState& here = state();
    here.original = here.source = current_;
    // Backward reads the source again, so only evaluation may write over it.
    here.result = is_training() ? new_value(layout(current_)) : current_;
    std::vector<Argument> arguments = {{DNNL_ARG_SRC, here.source}, {DNNL_ARG_DST, here.result}};
    if (bn.affine) {
      arguments.push_back({DNNL_ARG_SCALE, parameter(network::ParameterKind::scale)});
      arguments.push_back({DNNL_ARG_SHIFT, parameter(network::ParameterKind::offset)});
    }
    if (is_training()) {
      const Layout statistic = plain({stage().input.channels});
      const Program::Statistics statistics{stage_, new_value(statistic), new_value(statistic)};
      program_.statistics.push_back(statistics);
      add(MeasureChannels{.layout = channel_layout(here.source),
                          .source = here.source,
                          .mean = statistics.mean,
                          .variance = statistics.variance});
      arguments.push_back({DNNL_ARG_MEAN, statistics.mean});
      arguments.push_back({DNNL_ARG_VARIANCE, statistics.variance});
      if (is_relu_next) {
        here.workspace = new_value(description.workspace_desc());
        arguments.push_back({DNNL_ARG_WORKSPACE, here.workspace});
      }
    } else {
      arguments.push_back({DNNL_ARG_MEAN, parameter(network::ParameterKind::running_mean)});
      arguments.push_back({DNNL_ARG_VARIANCE, parameter(network::ParameterKind::running_variance)});
    }
    add(description, dnnl::batch_normalization_forward(description),
        is_relu_next ? "forward with relu" : "forward", std::move(arguments));
    keep(here.source);
    current_ = here.result;
    if (is_relu_next) {
      ++stage_;
      state().is_fused = true;
    }
  }

  static normalization_flags bn_flags(const network::BatchNorm& bn, bool is_with_relu) {
    auto flags = normalization_flags::none;
    if (bn.affine) flags |= normalization_flags::use_scale | normalization_flags::use_shift;
    if (is_with_relu) flags |= normalization_flags::fuse_norm_relu;
    return flags;
  }

  void forward(const network::Relu&) { activate(algorithm::eltwise_relu); }
  void forward(const network::Tanh&) { activate(algorithm::eltwise_tanh); }

  /// In place unless the stage before needs its own result later.
  void activate(algorithm kind) {
    ForwardState& here = state();
    here.original = here.source = current_;
    here.eltwise = describe_.eltwise_forward(forward_kind(), kind, layout(current_));
    here.result = buffer(current_).is_kept ? new_value(layout(current_)) : current_;
    add(*here.eltwise, dnnl::eltwise_forward(*here.eltwise), "forward",
        {{DNNL_ARG_SRC, here.source}, {DNNL_ARG_DST, here.result}});
    keep(here.result);
    current_ = here.result;
  }

  void forward(const network::MaxPool& pool) {
    pool_forward(algorithm::pooling_max, window_of(pool));
  }

  void forward(const network::GlobalAveragePool&) {
    pool_forward(algorithm::pooling_avg_exclude_padding, whole_picture());
    become_vector();
  }

  void pool_forward(algorithm kind, const Window& window) {
    const Shape& out = stage().output;
    const Layout result = any_layout({batch_, out.channels, out.height, out.width});
    ForwardState& here = state();
    here.original = here.source = current_;
    here.pool = describe_.pooling_forward(forward_kind(), kind, layout(current_), result, window);
    here.result = new_value(here.pool->dst_desc());
    std::vector<Argument> arguments = {{DNNL_ARG_SRC, here.source}, {DNNL_ARG_DST, here.result}};
    if (is_training() && kind == algorithm::pooling_max) {
      here.workspace = new_value(here.pool->workspace_desc());
      arguments.push_back({DNNL_ARG_WORKSPACE, here.workspace});
    }
    add(*here.pool, dnnl::pooling_forward(*here.pool), "forward", std::move(arguments));
    current_ = here.result;
  }

  void forward(const network::Flatten&) {
    ForwardState& here = state();
    here.original = here.source = here.result = current_;
    become_vector();
  }

  /// The current picture in plain layout, seen as N x C.
  void become_vector() {
    const ValueId picture = to_plain(current_);
    current_ = view(program_.values[static_cast<std::size_t>(picture)].buffer,
                    plain(activation_dims(batch_, stage().output)));
  }

  void forward(const network::FullyConnected& fc) {
    const Layout result = plain(activation_dims(batch_, stage().output));
    const Layout weights = weights_request(weights_dims(fc));
    ForwardState& here = state();
    here.fc = describe_.inner_product_forward(forward_kind(),
                                              {layout(current_), weights, bias_layout(fc), result});
    keep_weights_in(here.fc->weights_desc());
    here.original = here.source = current_;
    here.result = new_value(result);
    std::vector<Argument> arguments = {
        {DNNL_ARG_SRC, here.source},
        {DNNL_ARG_WEIGHTS, parameter(network::ParameterKind::weight)},
        {DNNL_ARG_DST, here.result}};
    if (fc.bias) arguments.push_back({DNNL_ARG_BIAS, parameter(network::ParameterKind::bias)});
    add(*here.fc, dnnl::inner_product_forward(*here.fc), "forward", std::move(arguments));
    keep(here.source);
    current_ = here.result;
  }

  // --- backward -------------------------------------------------------------------------------
  //
  // current_ becomes the gradient of what it was; a gradient has the layout of its value.

  void compile_backward() {
    // The loss stands here: it reads the logits and writes their gradient.
    for (const Program::Statistics& statistics : program_.statistics) {
      touch(statistics.mean);
      touch(statistics.variance);
    }
    touch(program_.logits);
    program_.dlogits = new_value(layout(program_.logits));
    touch(program_.dlogits);
    current_ = program_.dlogits;

    first_trained_ = 0;
    while (first_trained_ < static_cast<int>(network_.stages.size()) &&
           network_.stages[static_cast<std::size_t>(first_trained_)].parameter_count == 0) {
      ++first_trained_;
    }
    stage_ = static_cast<int>(network_.stages.size()) - 1;
    for (; stage_ >= first_trained_; --stage_) {
      if (state().is_fused) continue;
      translate([&] { std::visit([&](const auto& op) { backward(op); }, stage().operation); });
    }
  }

  bool needs_source_gradient() const { return stage_ > first_trained_; }

  /// Hands the gradient of a reordered source back in the layout in which the source was made.
  void pass_back(ValueId dsource) {
    current_ = in_layout(dsource, layout(state().original), "reorder gradient");
  }

  void weight_gradient(const Layout& computed, std::vector<Argument>& arguments,
                       ValueId& computed_value) {
    const ValueId kept = gradient(network::ParameterKind::weight);
    computed_value = computed == layout(kept) ? kept : new_value(computed);
    arguments.push_back({DNNL_ARG_DIFF_WEIGHTS, computed_value});
    kept_gradient_ = kept;
  }

  void finish_weight_gradient(ValueId computed_value) {
    if (computed_value != kept_gradient_) {
      reorder_into(computed_value, kept_gradient_, "reorder weight gradient");
    }
  }

  void backward(const network::Conv& conv) {
    const ForwardState here = state();
    const ValueId dresult = current_;
    const Layout any_weights = any_layout(weights_dims(conv));

    const auto weights = convolution(
        layout(here.source), layout(dresult), [&](const Layout& source, const Layout& result) {
          return describe_.convolution_backward_weights(
              {source, any_weights, bias_layout(conv), result}, window_of(conv), *here.conv);
        });
    std::vector<Argument> arguments = {
        {DNNL_ARG_SRC, in_layout(here.source, weights.src_desc(), "reorder source")},
        {DNNL_ARG_DIFF_DST, in_layout(dresult, weights.diff_dst_desc(), "reorder gradient")}};
    ValueId dweights = -1;
    weight_gradient(weights.diff_weights_desc(), arguments, dweights);
    if (conv.bias) {
      arguments.push_back({DNNL_ARG_DIFF_BIAS, gradient(network::ParameterKind::bias)});
    }
    add(weights, dnnl::convolution_backward_weights(weights), "backward weights",
        std::move(arguments));
    finish_weight_gradient(dweights);
    if (!needs_source_gradient()) return;

    const auto source = convolution(
        layout(here.source), layout(dresult), [&](const Layout& dsource, const Layout& result) {
          return describe_.convolution_backward_data({dsource, any_weights, Layout(), result},
                                                     window_of(conv), *here.conv);
        });
    const ValueId weights_value = in_layout(parameter(network::ParameterKind::weight),
                                            source.weights_desc(), "reorder weights");
    const ValueId dsource = new_value(source.diff_src_desc());
    add(source, dnnl::convolution_backward_data(source), "backward data",
        {{DNNL_ARG_DIFF_DST, in_layout(dresult, source.diff_dst_desc(), "reorder gradient")},
         {DNNL_ARG_WEIGHTS, weights_value},
         {DNNL_ARG_DIFF_SRC, dsource}});
    pass_back(dsource);
  }

  void backward(const network::BatchNorm& bn) {
    const ForwardState& here = state();
    const bool is_with_relu = here.workspace >= 0;
    // Backward through the statistics: without use_global_stats, though forward was given them.
    const auto flags = bn_flags(bn, is_with_relu);
    const auto eps = static_cast<float>(bn.eps);
    const auto hint =
        describe_.batch_normalization_forward(forward_kind(), layout(here.source), eps, flags);
    const auto description = describe_.batch_normalization_backward(
        bn.affine ? prop_kind::backward : prop_kind::backward_data, layout(current_),
        layout(here.source), eps, flags, hint);
    const auto statistics = std::find_if(program_.statistics.begin(), program_.statistics.end(),
                                         [&](const auto& s) { return s.stage == stage_; });
    check(statistics != program_.statistics.end(), "a bn in training has batch statistics");
    std::vector<Argument> arguments = {{DNNL_ARG_SRC, here.source},
                                       {DNNL_ARG_MEAN, statistics->mean},
                                       {DNNL_ARG_VARIANCE, statistics->variance},
                                       {DNNL_ARG_DIFF_DST, current_},
                                       {DNNL_ARG_DIFF_SRC, current_}};
    if (bn.affine) {
      arguments.push_back({DNNL_ARG_SCALE, parameter(network::ParameterKind::scale)});
      if (backward_takes_shift()) {
        arguments.push_back({DNNL_ARG_SHIFT, parameter(network::ParameterKind::offset)});
      }
      arguments.push_back({DNNL_ARG_DIFF_SCALE, gradient(network::ParameterKind::scale)});
      arguments.push_back({DNNL_ARG_DIFF_SHIFT, gradient(network::ParameterKind::offset)});
    }
    if (is_with_relu) arguments.push_back({DNNL_ARG_WORKSPACE, here.workspace});
    add(description, dnnl::batch_normalization_backward(description),
        is_with_relu ? "backward with relu" : "backward", std::move(arguments));
  }

  void backward(const network::Relu&) {
    activate_backward(algorithm::eltwise_relu_use_dst_for_bwd);
  }
  void backward(const network::Tanh&) {
    activate_backward(algorithm::eltwise_tanh_use_dst_for_bwd);
  }

  void activate_backward(algorithm kind) {
    const ForwardState& here = state();
    const auto description =
        describe_.eltwise_backward(kind, layout(current_), layout(here.result), *here.eltwise);
    add(description, dnnl::eltwise_backward(description), "backward",
        {{DNNL_ARG_DST, here.result},
         {DNNL_ARG_DIFF_DST, current_},
         {DNNL_ARG_DIFF_SRC, current_}});
  }

  void backward(const network::MaxPool& pool) {
    pool_backward(algorithm::pooling_max, window_of(pool));
  }

  void backward(const network::GlobalAveragePool&) {
    become_picture(state().result);
    pool_backward(algorithm::pooling_avg_exclude_padding, whole_picture());
  }

  void pool_backward(algorithm kind, const Window& window) {
    const ForwardState here = state();
    const auto description =
        describe_.pooling_backward(kind, layout(here.source), layout(current_), window, *here.pool);
    const ValueId dsource = new_value(layout(here.source));
    std::vector<Argument> arguments = {{DNNL_ARG_DIFF_DST, current_}, {DNNL_ARG_DIFF_SRC, dsource}};
    if (here.workspace >= 0) arguments.push_back({DNNL_ARG_WORKSPACE, here.workspace});
    add(description, dnnl::pooling_backward(description), "backward", std::move(arguments));
    current_ = dsource;
  }

  void backward(const network::Flatten&) { become_picture(state().result); }

  /// The gradient of a vector as the gradient of the picture it was made from.
  void become_picture(ValueId picture) {
    const ValueId seen = view(program_.values[static_cast<std::size_t>(current_)].buffer,
                              plain(dims_of(layout(picture))));
    current_ = in_layout(seen, layout(picture), "reorder gradient");
  }

  void backward(const network::FullyConnected& fc) {
    const Layout any_weights = any_layout(weights_dims(fc));
    const ForwardState here = state();
    const ValueId dresult = current_;

    const auto weights = describe_.inner_product_backward_weights(
        {layout(here.source), any_weights, bias_layout(fc), layout(dresult)}, *here.fc);
    std::vector<Argument> arguments = {{DNNL_ARG_SRC, here.source}, {DNNL_ARG_DIFF_DST, dresult}};
    ValueId dweights = -1;
    weight_gradient(weights.diff_weights_desc(), arguments, dweights);
    if (fc.bias) arguments.push_back({DNNL_ARG_DIFF_BIAS, gradient(network::ParameterKind::bias)});
    add(weights, dnnl::inner_product_backward_weights(weights), "backward weights",
        std::move(arguments));
    finish_weight_gradient(dweights);
    if (!needs_source_gradient()) return;

    const auto source = describe_.inner_product_backward_data(
        {layout(here.source), any_weights, Layout(), layout(dresult)}, *here.fc);
    const ValueId weights_value = in_layout(parameter(network::ParameterKind::weight),
                                            source.weights_desc(), "reorder weights");
    const ValueId dsource = new_value(layout(here.source));
    add(source, dnnl::inner_product_backward_data(source), "backward data",
        {{DNNL_ARG_DIFF_DST, dresult},
         {DNNL_ARG_WEIGHTS, weights_value},
         {DNNL_ARG_DIFF_SRC, dsource}});
    pass_back(dsource);
  }

  const network::Network& network_;
  int batch_;
  Describer describe_;
  Purpose purpose_;
  Program program_;
  std::vector<ValueId> parameters_;  // values made so far, by parameter
  std::vector<ForwardState> states_;
  ValueId current_ = -1;
  ValueId kept_gradient_ = -1;
  int stage_ = 0;
  int first_trained_ = 0;
};

}  // namespace

Layout plain_layout(const network::Parameter& parameter) {
  return plain(memory::dims(parameter.dimensions.begin(), parameter.dimensions.end()));
}

Program compile_training(const network::Network& network, int batch, const dnnl::engine& engine) {
  return Compiler(network, batch, engine, Purpose::training).compile(nullptr);
}

Program compile_evaluation(const network::Network& network, int batch, const dnnl::engine& engine,
                           const std::vector<Layout>& parameter_layouts) {
  return Compiler(network, batch, engine, Purpose::evaluation).compile(&parameter_layouts);
}

}  // namespace whichfirst::engine
