// Which stages run by our own convolutions and our own max-pool, and how they become steps.
#include "engine/compile/compiler.h"
#include "engine/platform.h"

namespace whichfirst::engine {

using network::ParameterKind;
using tag = dnnl::memory::format_tag;

std::optional<OwnConvolution> Compiler::own_convolution(const network::Conv& conv,
                                                        DirectSum direct) const {
  const Shape& in = stage().input;
  const Shape& out = stage().output;
  const ConvolutionShape shape{.images = batch_,
                               .channels = in.channels,
                               .outputs = out.channels,
                               .height = in.height,
                               .width = in.width,
                               .kernel = conv.kernel,
                               .stride = conv.stride,
                               .padding = conv.padding,
                               // Of plain pictures there is no gradient.
                               .is_padded = stage().source != network::kInput};
  const bool may_be_direct = precision_ != Precision::bf16 &&
                             own_processor().has_own_convolutions() &&
                             shape.kernel <= kLargestDirectKernel;
  const ConvolutionKernels* kernels = nullptr;
  if (precision_ == Precision::fp32_fast && kWinograd.is_faster(shape)) {
    kernels = &kWinograd;
  } else if (may_be_direct &&
             (direct == DirectSum::wherever_possible || kDirect.is_faster(shape))) {
    kernels = &kDirect;
  }
  if (kernels == nullptr) return std::nullopt;
  const auto floats_in = [](const dnnl::memory::dims& dims, tag order) {
    return Layout(dims, NumberType::f32, order);
  };
  const bool plain = is_plain(shape);
  return OwnConvolution{
      .kernels = kernels,
      .shape = shape,
      .source = floats_in(activation_dims(batch_, in), plain ? tag::nchw : tag::nChw8c),
      .weights = floats_in(weights_dims(conv), plain ? tag::Ohwi8o : tag::OIhw8i8o),
      .result = floats_in(activation_dims(batch_, out), tag::nChw8c)};
}

ValueId Compiler::own_scratch(const OwnConvolution& own) {
  const ValueId scratch = new_floats(own.kernels->scratch(own.shape));
  buffer(scratch).is_scratch = true;
  return scratch;
}

void Compiler::own_forward(const network::Conv& conv, const OwnConvolution& own) {
  keep_weights_in(own.weights);
  ForwardState& here = state();
  here.source = in_layout(read(stage().source), own.source, "source");
  const ValueId result = new_value(own.result);
  std::vector<ValueId> values = {own_scratch(own), here.source, parameter(ParameterKind::weight),
                                 result};
  if (conv.bias) values.push_back(common_bias(conv));
  const bool is_with_relu = ends_with_relu(conv);
  add_kernel(
      forward_name(is_with_relu), std::move(values),
      [run = own.kernels->forward, shape = own.shape, is_with_relu](Places places, const auto&) {
        run(shape, {.src = floats(places[1]),
                    .weights = floats(places[2]),
                    .bias = places.size() > 4 ? floats(places[4]) : nullptr,
                    .dst = floats(places[3]),
                    .scratch = floats(places[0]),
                    .is_with_relu = is_with_relu});
      },
      own.kernels->name);
  finish_forward(conv, result);
}

void Compiler::own_backward(const network::Conv& conv, const OwnConvolution& own) {
  const ForwardState& here = state();
  const ValueId dresult = take_gradient();
  std::vector<ValueId> values = {own_scratch(own), here.source, dresult,
                                 gradient(ParameterKind::weight)};
  if (conv.bias) values.push_back(gradient(ParameterKind::bias));
  add_kernel(
      StepKind::backward_weights, std::move(values),
      [run = own.kernels->backward_weights, shape = own.shape](Places places, const auto&) {
        run(shape, {.src = floats(places[1]),
                    .ddst = floats(places[2]),
                    .dweights = floats(places[3]),
                    .dbias = places.size() > 4 ? floats(places[4]) : nullptr,
                    .scratch = floats(places[0])});
      },
      own.kernels->name);
  if (!depends_on_parameters(stage().source)) return;

  const ValueId dsource = new_value(layout(here.source));
  add_kernel(
      StepKind::backward_data,
      {own_scratch(own), dresult, parameter(ParameterKind::weight), dsource},
      [run = own.kernels->backward_data, shape = own.shape](Places places, const auto&) {
        run(shape, {.ddst = floats(places[1]),
                    .weights = floats(places[2]),
                    .dsrc = floats(places[3]),
                    .scratch = floats(places[0])});
      },
      own.kernels->name);
  give_gradient(stage().source, dsource);
}

std::optional<MaxPoolShape> Compiler::max_pool_shape(const network::MaxPool& pool) const {
  constexpr int kLargestKernel = 15;  // a place in the window is a byte
  if (pool.stride != pool.kernel || pool.padding != 0 || pool.kernel > kLargestKernel) {
    return std::nullopt;
  }
  const Layout& source = layout(output_of(stage().source));
  const auto type = is_bf16(source) ? NumberType::bf16 : NumberType::f32;
  const Shape& in = stage().input;
  const Shape& out = stage().output;
  for (const auto& [format, block] : {std::pair(tag::nChw8c, 8), std::pair(tag::nChw16c, 16)}) {
    if (source != Layout(dims_of(source), type, format)) continue;
    return MaxPoolShape{.planes = batch_ * ((in.channels + block - 1) / block),
                        .height = in.height,
                        .width = in.width,
                        .out_height = out.height,
                        .out_width = out.width,
                        .kernel = pool.kernel,
                        .block = block};
  }
  return std::nullopt;
}

void Compiler::max_pool_forward(const MaxPoolShape& shape) {
  ForwardState& here = state();
  here.source = read(stage().source);
  const ValueId result = new_value({activation_dims(batch_, stage().output), number_type(),
                                    shape.block == 8 ? tag::nChw8c : tag::nChw16c});
  std::vector<ValueId> values = {here.source, result};
  if (is_training()) {
    here.workspace = new_bytes(static_cast<std::size_t>(shape.out_count()));
    values.push_back(here.workspace);
  }
  add_kernel(StepKind::forward, std::move(values),
             for_numbers(result, [shape](auto number, Places places, const auto&) {
               using Number = decltype(number);
               engine::max_pool_forward(shape, numbers<Number>(places[0]),
                                        numbers<Number>(places[1]),
                                        places.size() > 2 ? bytes(places[2]) : nullptr);
             }));
  make(result);
}

void Compiler::max_pool_backward(const MaxPoolShape& shape) {
  const ForwardState& here = state();
  const ValueId dresult = take_gradient();
  const ValueId dsource = new_value(layout(here.source));
  add_kernel(StepKind::backward, {dresult, here.workspace, dsource},
             for_numbers(dsource, [shape](auto number, Places places, const auto&) {
               using Number = decltype(number);
               engine::max_pool_backward(shape, numbers<Number>(places[0]), bytes(places[1]),
                                         numbers<Number>(places[2]));
             }));
  give_gradient(stage().source, dsource);
}

}  // namespace whichfirst::engine
