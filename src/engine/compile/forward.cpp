#include "base/error.h"
#include "engine/compile/compiler.h"
#include "engine/kernels/group_norm.h"
#include "engine/kernels/prelu.h"

namespace whichfirst::engine {

using dnnl::algorithm;
using dnnl::normalization_flags;
using network::ParameterKind;

ValueId Compiler::output_of(int stage) const {
  return stage == network::kInput ? input_ : states_[static_cast<std::size_t>(stage)].result;
}

ValueId Compiler::read(int source) {
  const ValueId value = output_of(source);
  --readers(value);
  if (!is_bf16(layout(value)) || number_type() == NumberType::bf16) return value;
  return reorder(value, plain(dims_of(layout(value))), "source");
}

ValueId Compiler::writable(ValueId value) {
  return may_overwrite(value) ? value : new_value(layout(value));
}

void Compiler::keep(ValueId value) {
  if (is_training()) buffer(value).is_kept = true;
}

void Compiler::make(ValueId result) {
  state().result = result;
  readers(result) += stage_readers_[static_cast<std::size_t>(stage_)];
  if (purpose_ == Purpose::probe) show(result);
}

void Compiler::make(ValueId result, bool is_with_relu) {
  if (!is_with_relu) return make(result);
  ++stage_;  // the relu, whose result this is; its backward is done here too
  state().is_fused = true;
  make(result);
  --stage_;
  state().result = result;
}

void Compiler::show(ValueId result) {
  const ValueId values = to_plain(result);
  const auto count = static_cast<std::size_t>(batch_ * stage().output.size());
  add_kernel(StepKind::tap, {values},
             [tap = tap_, stage = stage_, count](Places places, const auto&) {
               tap(stage, {floats(places[0]), count});
             });
}

void Compiler::forward(const network::Conv& conv) {
  state().own = own_convolution(conv, DirectSum::where_faster);
  if (!state().own && falls_back(conv)) {
    state().own = own_convolution(conv, DirectSum::wherever_possible);
  }
  if (state().own) return own_forward(conv, *state().own);
  const bool is_with_relu = ends_with_relu(conv);
  ForwardState& here = state();
  here.conv = describe_forward(conv, weights_describer(is_with_relu), forward_kind(),
                               weights_request(weights_dims(conv)));
  here.source = in_layout(read(stage().source), here.conv->src_desc(), "source");
  const ValueId result = new_value(here.conv->dst_desc());
  std::vector<Argument> arguments = {{DNNL_ARG_SRC, here.source},
                                     {DNNL_ARG_WEIGHTS, weights_for(conv, *here.conv)},
                                     {DNNL_ARG_DST, result}};
  if (conv.bias) arguments.push_back({DNNL_ARG_BIAS, common_bias(conv)});
  add(*here.conv, dnnl::convolution_forward(*here.conv), forward_name(is_with_relu),
      std::move(arguments));
  finish_forward(conv, result);
}

Description<dnnl::convolution_forward> Compiler::describe_forward(const network::Conv& conv,
                                                                  const Describer& describe,
                                                                  dnnl::prop_kind pass,
                                                                  const Layout& weights) const {
  // Few channels are read as plain NCHW: left to itself oneDNN may take its reference kernel.
  constexpr int kFewChannels = 8;
  const dnnl::memory::dims source_dims = activation_dims(batch_, stage().input);
  return convolution(
      stage().input.channels < kFewChannels ? plain_numbers(source_dims) : any_numbers(source_dims),
      any_numbers(activation_dims(batch_, stage().output)),
      [&](const Layout& source, const Layout& result) {
        return describe.forward<dnnl::convolution_forward>(pass, algorithm::convolution_direct,
                                                           source, weights, bias_layout(conv.bias),
                                                           result, window_of(conv));
      });
}

// Asked for all three passes of training whatever the purpose, because evaluation reads the weights
// in the layout that training chose. The answer must not depend on the batch either, and between
// gemm and reference kernels oneDNN's choice does: so both count.
bool Compiler::falls_back(const network::Conv& conv) const {
  const auto is_fallback = [](const auto& description) {
    const std::string_view kernel = description.impl_info_str();
    return kernel.find("gemm") != std::string_view::npos || kernel.starts_with("ref");
  };
  const auto forward = describe_forward(conv, describe_, dnnl::prop_kind::forward_training,
                                        any_numbers(weights_dims(conv)));
  if (is_fallback(forward) || is_fallback(weight_gradient_of(conv, forward))) return true;
  return stage().source != network::kInput &&
         is_fallback(source_gradient_of(conv, forward, forward.src_desc(), forward.dst_desc()));
}

void Compiler::finish_forward(const network::Conv& conv, ValueId result) {
  const bool is_with_relu = is_relu_fused();
  keep(state().source);
  if (conv.has_bias_map) add_border_bias(result, is_with_relu ? add_border_and_relu : add_border);
  make(result, is_with_relu);
}

ValueId Compiler::common_bias(const network::Conv& conv) {
  const ValueId bias = parameter(ParameterKind::bias);
  return conv.has_bias_map ? view(bias, bias_layout(true)) : bias;
}

void Compiler::add_border_bias(ValueId result, BorderKernel kernel) {
  add_kernel(StepKind::border_bias, {result, parameter(ParameterKind::bias)},
             [border = border_bias_of(stage()), layout = channel_layout(result, stage().output),
              kernel](Places places, const auto&) {
               kernel(border, layout, floats(places[1]) + border.channels, floats(places[0]));
             });
}

/// Whether the next stage is a relu that reads this one and is its only reader.
bool Compiler::is_relu_next() const {
  if (purpose_ == Purpose::probe) return false;
  const auto next = static_cast<std::size_t>(stage_) + 1;
  if (next >= network_.stages.size()) return false;
  const network::Stage& candidate = network_.stages[next];
  const auto* activation = std::get_if<network::Activation>(&candidate.operation);
  return activation != nullptr && activation->kind == network::ActivationKind::relu &&
         number_type_of(stage_ + 1) == number_type() && candidate.source == stage_ &&
         stage_readers_[static_cast<std::size_t>(stage_)] == 1;
}

dnnl::normalization_flags Compiler::bn_flags(const network::BatchNorm& bn, bool is_with_relu) {
  auto flags = normalization_flags::none;
  if (bn.affine) flags |= normalization_flags::use_scale | normalization_flags::use_shift;
  if (is_with_relu) flags |= normalization_flags::fuse_norm_relu;
  return flags;
}

void Compiler::forward(const network::BatchNorm& bn) {
  const bool is_with_relu = is_relu_next();
  const ValueId source = read(stage().source);
  // The statistics are given in training too: measured by our own kernel (statistics.h).
  const auto flags = bn_flags(bn, is_with_relu) | normalization_flags::use_global_stats;
  const auto description = describe_.forward<dnnl::batch_normalization_forward>(
      forward_kind(), InPlace{layout(source)}, static_cast<float>(bn.eps), flags);

  ForwardState& here = state();
  here.source = source;
  // Backward reads the source again, so only evaluation may write over it.
  const ValueId result = is_training() ? new_value(layout(source)) : writable(source);
  std::vector<Argument> arguments = {{DNNL_ARG_SRC, source}, {DNNL_ARG_DST, result}};
  if (bn.affine) {
    arguments.push_back({DNNL_ARG_SCALE, parameter(ParameterKind::scale)});
    arguments.push_back({DNNL_ARG_SHIFT, parameter(ParameterKind::offset)});
  }
  if (is_training()) {
    const auto channels = static_cast<std::size_t>(stage().input.channels);
    here.mean = new_floats(channels);
    here.spread = new_floats(channels);
    program_.statistics.push_back({stage_, here.mean, here.spread});
    program_.watched.push_back({stage_, here.mean, channels, "mean of the batch"});
    program_.watched.push_back({stage_, here.spread, channels, "variance of the batch"});
    add_kernel(StepKind::statistics, {source, here.mean, here.spread},
               for_numbers(source, [layout = channel_layout(source), channels](
                                       auto number, Places places, const auto&) {
                 measure_channels(numbers<decltype(number)>(places[0]), layout,
                                  {floats(places[1]), channels}, {floats(places[2]), channels});
               }));
    arguments.push_back({DNNL_ARG_MEAN, here.mean});
    arguments.push_back({DNNL_ARG_VARIANCE, here.spread});
    if (is_with_relu) {
      here.workspace = new_value(description.workspace_desc());
      arguments.push_back({DNNL_ARG_WORKSPACE, here.workspace});
    }
  } else {
    arguments.push_back({DNNL_ARG_MEAN, parameter(ParameterKind::running_mean)});
    arguments.push_back({DNNL_ARG_VARIANCE, parameter(ParameterKind::running_variance)});
  }
  add(description, dnnl::batch_normalization_forward(description), forward_name(is_with_relu),
      std::move(arguments));
  keep(source);
  make(result, is_with_relu);
}

void Compiler::forward(const network::GroupNorm& norm) {
  const ValueId source = read(stage().source);
  const ValueId result = is_training() ? new_value(layout(source)) : writable(source);
  const auto channels = static_cast<std::size_t>(stage().input.channels);
  const auto groups = static_cast<std::size_t>(batch_) * static_cast<std::size_t>(norm.groups);
  ForwardState& here = state();
  here.source = source;
  here.mean = new_floats(groups);
  here.spread = new_floats(groups);
  if (is_training()) {
    program_.watched.push_back({stage_, here.mean, groups, "mean of a group"});
    program_.watched.push_back({stage_, here.spread, groups, "inverse deviation of a group"});
  }
  std::vector<ValueId> values = {source, result, here.mean, here.spread};
  if (norm.affine) {
    values.push_back(parameter(ParameterKind::scale));
    values.push_back(parameter(ParameterKind::offset));
  }
  const GroupNormPlan plan{
      .layout = channel_layout(source), .groups = norm.groups, .eps = norm.eps};
  add_kernel(StepKind::forward, std::move(values),
             for_numbers(source, [plan, channels, groups, scratch = GroupNormScratch{}](
                                     auto number, Places places, const auto&) mutable {
               using Number = decltype(number);
               const bool is_affine = places.size() > 4;
               const auto affine = [&](std::size_t i) {
                 return is_affine ? std::span<const float>(floats(places[i]), channels)
                                  : std::span<const float>();
               };
               group_norm_forward(plan, numbers<Number>(places[0]), affine(4), affine(5),
                                  numbers<Number>(places[1]), {floats(places[2]), groups},
                                  {floats(places[3]), groups}, scratch);
             }));
  keep(source);
  make(result);
}

ActivationKernel kernel_of(const network::Activation& activation) {
  using network::ActivationKind;
  const auto of_source = [](algorithm function, float alpha = 0, float beta = 0) {
    return ActivationKernel{function, function, false, alpha, beta};
  };
  // Backward has a form that reads the result, so that forward may run in place.
  const auto of_result = [&](algorithm function, algorithm backward) {
    return ActivationKernel{function, backward, true, static_cast<float>(activation.alpha)};
  };
  switch (activation.kind) {
    case ActivationKind::relu:
    case ActivationKind::leaky:
      return of_result(algorithm::eltwise_relu, algorithm::eltwise_relu_use_dst_for_bwd);
    case ActivationKind::elu:
      return of_result(algorithm::eltwise_elu, algorithm::eltwise_elu_use_dst_for_bwd);
    case ActivationKind::tanh:
      return of_result(algorithm::eltwise_tanh, algorithm::eltwise_tanh_use_dst_for_bwd);
    case ActivationKind::sigmoid:
      return of_result(algorithm::eltwise_logistic, algorithm::eltwise_logistic_use_dst_for_bwd);
    case ActivationKind::gelu:
      return of_source(algorithm::eltwise_gelu_erf);
    case ActivationKind::silu:
      return of_source(algorithm::eltwise_swish, 1.0F);
    case ActivationKind::hardswish:
      return of_source(algorithm::eltwise_hardswish, 1.0F / 6.0F, 0.5F);
    case ActivationKind::mish:
      return of_source(algorithm::eltwise_mish);
    case ActivationKind::softplus:
      return of_source(algorithm::eltwise_soft_relu, 1.0F);
    case ActivationKind::softsign:
      return {.backward_reads_result = true};
    case ActivationKind::prelu:
    case ActivationKind::sign:
      return {};
  }
  check(false, "every activation has a kernel");
  return {};
}

void Compiler::forward(const network::Activation& activation) {
  const ActivationKernel kernel = kernel_of(activation);
  ForwardState& here = state();
  here.source = read(stage().source);
  const bool needs_source = is_training() && !kernel.backward_reads_result;
  const ValueId result = needs_source ? new_value(layout(here.source)) : writable(here.source);
  if (!kernel.is_own()) {
    here.eltwise = describe_.forward<dnnl::eltwise_forward>(
        forward_kind(), kernel.forward, InPlace{layout(here.source)}, kernel.alpha, kernel.beta);
    add(*here.eltwise, dnnl::eltwise_forward(*here.eltwise), StepKind::forward,
        {{DNNL_ARG_SRC, here.source}, {DNNL_ARG_DST, result}});
  } else if (activation.kind == network::ActivationKind::prelu) {
    add_kernel(StepKind::forward, {here.source, parameter(ParameterKind::slope), result},
               for_numbers(result, [layout = channel_layout(here.source)](
                                       auto number, Places places, const auto&) {
                 using Number = decltype(number);
                 prelu_forward(layout, numbers<Number>(places[0]),
                               {floats(places[1]), static_cast<std::size_t>(layout.channels)},
                               numbers<Number>(places[2]));
               }));
  } else if (activation.kind == network::ActivationKind::softsign) {
    add_elementwise(StepKind::forward, NumberFunction::softsign, {here.source}, result);
  } else {
    add_kernel(
        StepKind::forward, {here.source, result},
        for_numbers(result, [count = number_count(result), layout = channel_layout(here.source)](
                                auto number, Places places, const auto&) {
          using Number = decltype(number);
          const auto* source = numbers<Number>(places[0]);
          apply(NumberFunction::sign, count, source, source, numbers<Number>(places[1]));
          clear_padding(numbers<Number>(places[1]), layout);
        }));
  }
  keep(needs_source ? here.source : result);
  make(result);
}

void Compiler::forward(const network::MaxPool& pool) {
  state().max_pool = max_pool_shape(pool);
  if (state().max_pool) return max_pool_forward(*state().max_pool);
  make(pool_forward(algorithm::pooling_max, window_of(pool)));
}

void Compiler::forward(const network::AveragePool& pool) {
  make(pool_forward(algorithm::pooling_avg_exclude_padding, window_of(pool)));
}

void Compiler::forward(const network::GlobalAveragePool&) {
  make(as_vector(pool_forward(algorithm::pooling_avg_exclude_padding, whole_picture())));
}

ValueId Compiler::pool_forward(dnnl::algorithm kind, const Window& window) {
  const Shape& out = stage().output;
  const Layout wanted = any_numbers({batch_, out.channels, out.height, out.width});
  ForwardState& here = state();
  here.source = read(stage().source);
  here.pool = describe_.forward<dnnl::pooling_forward>(forward_kind(), kind, layout(here.source),
                                                       wanted, Pooling{window});
  const ValueId result = new_value(here.pool->dst_desc());
  std::vector<Argument> arguments = {{DNNL_ARG_SRC, here.source}, {DNNL_ARG_DST, result}};
  if (is_training() && kind == algorithm::pooling_max) {
    here.workspace = new_value(here.pool->workspace_desc());
    arguments.push_back({DNNL_ARG_WORKSPACE, here.workspace});
  }
  add(*here.pool, dnnl::pooling_forward(*here.pool), StepKind::forward, std::move(arguments));
  return result;
}

ValueId Compiler::as_vector(ValueId picture) {
  const ValueId rows = in_layout(picture, plain_numbers(dims_of(layout(picture))), "to plain");
  return view(rows, plain_numbers(activation_dims(batch_, stage().output)));
}

void Compiler::forward(const network::Flatten&) {
  state().source = read(stage().source);
  make(as_vector(state().source));
}

void Compiler::forward(const network::Dropout& drop_stage) {
  ForwardState& here = state();
  here.source = read(stage().source);
  here.is_nothing = !is_training() || drop_stage.rate == 0;
  if (here.is_nothing) return make(here.source);

  const std::size_t count = number_count(here.source);
  const auto pixels = static_cast<std::size_t>(stage().input.pixels());
  here.workspace = new_bytes(count);
  const ValueId coins = new_bytes(pixels);
  const ValueId result = writable(here.source);
  add_kernel(StepKind::forward, {here.source, here.workspace, coins, result},
             for_numbers(result, [count, pixels, stage = stage(), rate = drop_stage.rate,
                                  layout = channel_layout(here.source)](
                                     auto number, Places places, const network::DropoutStep& step) {
               using Number = decltype(number);
               const std::span<std::uint8_t> dropped{bytes(places[1]), count};
               draw_dropped(network::dropout_key(stage, step), rate, layout, dropped,
                            {bytes(places[2]), pixels});
               drop(numbers<Number>(places[0]), dropped.data(), rate, count,
                    numbers<Number>(places[3]));
             }));
  make(result);
}

void Compiler::forward(const network::FullyConnected& fc) {
  const Layout result_layout = plain_numbers(activation_dims(batch_, stage().output));
  const Layout weights = weights_request(weights_dims(fc));
  ForwardState& here = state();
  here.source = read(stage().source);
  const bool is_with_relu = is_relu_fused();
  here.fc = weights_describer(is_with_relu)
                .forward<dnnl::inner_product_forward>(forward_kind(), layout(here.source), weights,
                                                      bias_layout(fc.bias), result_layout);
  const ValueId result = new_value(result_layout);
  std::vector<Argument> arguments = {{DNNL_ARG_SRC, here.source},
                                     {DNNL_ARG_WEIGHTS, weights_for(fc, *here.fc)},
                                     {DNNL_ARG_DST, result}};
  if (fc.bias) arguments.push_back({DNNL_ARG_BIAS, parameter(ParameterKind::bias)});
  add(*here.fc, dnnl::inner_product_forward(*here.fc), forward_name(is_with_relu),
      std::move(arguments));
  keep(here.source);
  make(result, is_with_relu);
}

void Compiler::forward(const network::Add&) {
  const ValueId body = read(stage().source);
  const ValueId shortcut = in_layout(read(*stage().shortcut), layout(body), "shortcut");
  const ValueId result = writable(body);
  const bool is_with_relu = is_relu_next();
  add_elementwise(forward_name(is_with_relu),
                  is_with_relu ? NumberFunction::add_and_relu : NumberFunction::add,
                  {body, shortcut}, result);
  if (is_with_relu) keep(result);
  make(result, is_with_relu);
}

}  // namespace whichfirst::engine
