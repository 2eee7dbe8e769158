#include "base/error.h"
#include "engine/compile/compiler.h"
#include "engine/kernels/group_norm.h"
#include "engine/kernels/prelu.h"

namespace whichfirst::engine {

using dnnl::algorithm;
using dnnl::prop_kind;
using network::ParameterKind;

// A gradient has the layout of its value. readers() counts the stages whose gradient a buffer
// holds: a sum passes one gradient on to both of its sources.

bool Compiler::depends_on_parameters(int stage) const {
  return stage != network::kInput && depends_[static_cast<std::size_t>(stage)];
}

ValueId Compiler::take_gradient(bool is_with_relu) {
  const ValueId dresult = dresults_[static_cast<std::size_t>(stage_ + (is_with_relu ? 1 : 0))];
  check(dresult >= 0, "every stage's result is read by another");
  --readers(dresult);
  return dresult;
}

void Compiler::give_gradient(int source, ValueId value) {
  if (!depends_on_parameters(source)) return;
  const ValueId given = in_layout(value, layout(output_of(source)), "gradient");
  ValueId& slot = dresults_[static_cast<std::size_t>(source)];
  if (slot < 0) {
    slot = given;
    ++readers(slot);
    return;
  }
  --readers(slot);
  const ValueId sum = readers(slot) == 0    ? slot
                      : readers(given) == 0 ? given
                                            : new_value(layout(given));
  add_elementwise(StepKind::add_gradients, NumberFunction::add, {slot, given}, sum);
  slot = sum;
  ++readers(slot);
}

ValueId Compiler::weight_gradient(const Layout& computed) {
  const ValueId kept = gradient(ParameterKind::weight);
  return computed == layout(kept) ? kept : new_value(computed);
}

void Compiler::finish_weight_gradient(ValueId computed) {
  if (buffer(computed).home == Home::gradient) return;
  reorder_into(computed, gradient(ParameterKind::weight), "weight gradient");
}

Description<dnnl::convolution_backward_data> Compiler::source_gradient_of(
    const network::Conv& conv, const Description<dnnl::convolution_forward>& forward,
    const Layout& dsource, const Layout& dresult) const {
  return convolution(dsource, dresult, [&](const Layout& source, const Layout& result) {
    return describe_.backward<dnnl::convolution_backward_data>(
        forward, algorithm::convolution_direct, source, any_numbers(weights_dims(conv)), result,
        window_of(conv));
  });
}

void Compiler::backward(const network::Conv& conv) {
  const ForwardState& here = state();
  if (here.own) return own_backward(conv, *here.own);
  const ValueId dresult = take_gradient();
  const auto weights = weight_gradient_of(conv, *here.conv);
  const ValueId dweights = weight_gradient(weights.diff_weights_desc());
  std::vector<Argument> arguments = {
      {DNNL_ARG_SRC, in_layout(here.source, weights.src_desc(), "source")},
      {DNNL_ARG_DIFF_DST, in_layout(dresult, weights.diff_dst_desc(), "gradient")},
      {DNNL_ARG_DIFF_WEIGHTS, dweights}};
  if (conv.bias) arguments.push_back({DNNL_ARG_DIFF_BIAS, gradient(ParameterKind::bias)});
  add(weights, dnnl::convolution_backward_weights(weights), StepKind::backward_weights,
      std::move(arguments));
  finish_weight_gradient(dweights);
  if (!depends_on_parameters(stage().source)) return;

  const auto source = source_gradient_of(conv, *here.conv, layout(here.source), layout(dresult));
  const ValueId weights_value =
      in_layout(parameter(ParameterKind::weight), source.weights_desc(), "weights");
  const ValueId dsource = new_value(source.diff_src_desc());
  add(source, dnnl::convolution_backward_data(source), StepKind::backward_data,
      {{DNNL_ARG_DIFF_DST, in_layout(dresult, source.diff_dst_desc(), "gradient")},
       {DNNL_ARG_WEIGHTS, weights_value},
       {DNNL_ARG_DIFF_SRC, dsource}});
  give_gradient(stage().source, dsource);
}

void Compiler::backward(const network::BatchNorm& bn) {
  const ForwardState& here = state();
  const bool is_with_relu = here.workspace >= 0;
  const ValueId dresult = take_gradient(is_with_relu);
  const ValueId dsource = writable(dresult);
  // Backward through the statistics: without use_global_stats, though forward was given them.
  const auto flags = bn_flags(bn, is_with_relu);
  const auto eps = static_cast<float>(bn.eps);
  const auto hint = describe_.forward<dnnl::batch_normalization_forward>(
      forward_kind(), InPlace{layout(here.source)}, eps, flags);
  const auto description = describe_.backward<dnnl::batch_normalization_backward>(
      hint, bn.affine ? prop_kind::backward : prop_kind::backward_data, InPlace{layout(dresult)},
      layout(here.source), eps, flags);
  std::vector<Argument> arguments = {{DNNL_ARG_SRC, here.source},
                                     {DNNL_ARG_MEAN, here.mean},
                                     {DNNL_ARG_VARIANCE, here.spread},
                                     {DNNL_ARG_DIFF_DST, dresult},
                                     {DNNL_ARG_DIFF_SRC, dsource}};
  if (bn.affine) {
    arguments.push_back({DNNL_ARG_SCALE, parameter(ParameterKind::scale)});
    if (kBackwardTakesShift) {
      arguments.push_back({DNNL_ARG_SHIFT, parameter(ParameterKind::offset)});
    }
    arguments.push_back({DNNL_ARG_DIFF_SCALE, gradient(ParameterKind::scale)});
    arguments.push_back({DNNL_ARG_DIFF_SHIFT, gradient(ParameterKind::offset)});
  }
  if (is_with_relu) arguments.push_back({DNNL_ARG_WORKSPACE, here.workspace});
  add(description, dnnl::batch_normalization_backward(description),
      StepName(StepKind::backward, is_with_relu ? "with relu" : ""), std::move(arguments));
  give_gradient(stage().source, dsource);
}

void Compiler::backward(const network::GroupNorm& norm) {
  const ForwardState& here = state();
  const ValueId dresult = take_gradient();
  const ValueId dsource = writable(dresult);
  const auto channels = static_cast<std::size_t>(stage().input.channels);
  const auto groups = static_cast<std::size_t>(batch_) * static_cast<std::size_t>(norm.groups);
  std::vector<ValueId> values = {here.source, here.mean, here.spread, dresult, dsource};
  if (norm.affine) {
    values.push_back(parameter(ParameterKind::scale));
    values.push_back(gradient(ParameterKind::scale));
    values.push_back(gradient(ParameterKind::offset));
  }
  const GroupNormPlan plan{
      .layout = channel_layout(here.source), .groups = norm.groups, .eps = norm.eps};
  add_kernel(StepKind::backward, std::move(values),
             for_numbers(here.source, [plan, channels, groups, scratch = GroupNormScratch{}](
                                          auto number, Places places, const auto&) mutable {
               using Number = decltype(number);
               const bool is_affine = places.size() > 5;
               const auto affine = [&](std::size_t i) {
                 return is_affine ? std::span<float>(floats(places[i]), channels)
                                  : std::span<float>();
               };
               group_norm_backward(plan, numbers<Number>(places[0]), affine(5),
                                   {floats(places[1]), groups}, {floats(places[2]), groups},
                                   numbers<Number>(places[3]), numbers<Number>(places[4]),
                                   {affine(6), affine(7)}, scratch);
             }));
  give_gradient(stage().source, dsource);
}

void Compiler::backward(const network::Activation& activation) {
  const ActivationKernel kernel = kernel_of(activation);
  const ForwardState& here = state();
  const ValueId dresult = take_gradient();
  const ValueId dsource = writable(dresult);
  const bool reads_result = kernel.backward_reads_result;
  const ValueId read = reads_result ? here.result : here.source;
  if (activation.kind == network::ActivationKind::prelu) {
    add_kernel(
        StepKind::backward,
        {read, dresult, dsource, parameter(ParameterKind::slope), gradient(ParameterKind::slope)},
        for_numbers(dsource, [layout = channel_layout(here.source)](auto number, Places places,
                                                                    const auto&) {
          using Number = decltype(number);
          const auto channels = static_cast<std::size_t>(layout.channels);
          prelu_backward(layout, numbers<Number>(places[0]), {floats(places[3]), channels},
                         numbers<Number>(places[1]), numbers<Number>(places[2]),
                         {floats(places[4]), channels});
        }));
  } else if (kernel.is_own()) {
    add_elementwise(StepKind::backward,
                    activation.kind == network::ActivationKind::softsign
                        ? NumberFunction::softsign_backward
                        : NumberFunction::sign_backward,
                    {read, dresult}, dsource);
  } else {
    const auto description = describe_.backward<dnnl::eltwise_backward>(
        *here.eltwise, kernel.backward, InPlace{layout(dresult)}, layout(read), kernel.alpha,
        kernel.beta);
    add(description, dnnl::eltwise_backward(description), StepKind::backward,
        {{reads_result ? DNNL_ARG_DST : DNNL_ARG_SRC, read},
         {DNNL_ARG_DIFF_DST, dresult},
         {DNNL_ARG_DIFF_SRC, dsource}});
  }
  give_gradient(stage().source, dsource);
}

void Compiler::backward(const network::MaxPool& pool) {
  if (state().max_pool) return max_pool_backward(*state().max_pool);
  const ValueId dresult = take_gradient();
  give_gradient(stage().source, pool_backward(algorithm::pooling_max, window_of(pool), dresult));
}

void Compiler::backward(const network::AveragePool& pool) {
  const ValueId dresult = take_gradient();
  give_gradient(stage().source,
                pool_backward(algorithm::pooling_avg_exclude_padding, window_of(pool), dresult));
}

void Compiler::backward(const network::GlobalAveragePool&) {
  const ValueId dvector = take_gradient();
  const Layout pooled = state().pool->dst_desc();
  const ValueId dpooled =
      in_layout(view(dvector, plain_numbers(dims_of(pooled))), pooled, "gradient");
  give_gradient(stage().source,
                pool_backward(algorithm::pooling_avg_exclude_padding, whole_picture(), dpooled));
}

ValueId Compiler::pool_backward(dnnl::algorithm kind, const Window& window, ValueId dresult) {
  const ForwardState& here = state();
  const auto description = describe_.backward<dnnl::pooling_backward>(
      *here.pool, kind, layout(here.source), layout(dresult), Pooling{window});
  const ValueId dsource = new_value(layout(here.source));
  std::vector<Argument> arguments = {{DNNL_ARG_DIFF_DST, dresult}, {DNNL_ARG_DIFF_SRC, dsource}};
  if (here.workspace >= 0) arguments.push_back({DNNL_ARG_WORKSPACE, here.workspace});
  add(description, dnnl::pooling_backward(description), StepKind::backward, std::move(arguments));
  return dsource;
}

void Compiler::backward(const network::Flatten&) {
  const ValueId dvector = take_gradient();
  give_gradient(stage().source, view(dvector, plain_numbers(dims_of(layout(state().source)))));
}

void Compiler::backward(const network::Dropout& drop_stage) {
  const ForwardState& here = state();
  const ValueId dresult = take_gradient();
  if (here.is_nothing) return give_gradient(stage().source, dresult);
  const ValueId dsource = writable(dresult);
  const std::size_t count = number_count(dresult);
  add_kernel(StepKind::backward, {dresult, here.workspace, dsource},
             for_numbers(dsource,
                         [count, rate = drop_stage.rate](auto number, Places places, const auto&) {
                           using Number = decltype(number);
                           drop(numbers<Number>(places[0]), bytes(places[1]), rate, count,
                                numbers<Number>(places[2]));
                         }));
  give_gradient(stage().source, dsource);
}

void Compiler::backward(const network::FullyConnected& fc) {
  const ForwardState& here = state();
  const auto weights = weight_gradient_of(fc, *here.fc);
  const ValueId dresult = take_gradient();
  const ValueId dweights = weight_gradient(weights.diff_weights_desc());
  std::vector<Argument> arguments = {
      {DNNL_ARG_SRC, here.source}, {DNNL_ARG_DIFF_DST, dresult}, {DNNL_ARG_DIFF_WEIGHTS, dweights}};
  if (fc.bias) arguments.push_back({DNNL_ARG_DIFF_BIAS, gradient(ParameterKind::bias)});
  add(weights, dnnl::inner_product_backward_weights(weights), StepKind::backward_weights,
      std::move(arguments));
  finish_weight_gradient(dweights);
  if (!depends_on_parameters(stage().source)) return;

  const auto source = describe_.backward<dnnl::inner_product_backward_data>(
      *here.fc, layout(here.source), any_numbers(weights_dims(fc)), layout(dresult));
  const ValueId weights_value =
      in_layout(parameter(ParameterKind::weight), source.weights_desc(), "weights");
  const ValueId dsource = new_value(layout(here.source));
  add(source, dnnl::inner_product_backward_data(source), StepKind::backward_data,
      {{DNNL_ARG_DIFF_DST, dresult},
       {DNNL_ARG_WEIGHTS, weights_value},
       {DNNL_ARG_DIFF_SRC, dsource}});
  give_gradient(stage().source, dsource);
}

void Compiler::backward(const network::Add&) {
  const bool is_with_relu = is_relu_next();
  const ValueId dresult = take_gradient(is_with_relu);
  ValueId dsum = dresult;
  if (is_with_relu) {
    dsum = writable(dresult);
    add_elementwise(StepName(StepKind::backward, "with relu"), NumberFunction::relu_backward,
                    {state().result, dresult}, dsum);
  }
  give_gradient(stage().source, dsum);
  give_gradient(*stage().shortcut, dsum);
}

}  // namespace whichfirst::engine
