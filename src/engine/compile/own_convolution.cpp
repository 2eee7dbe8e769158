// How a convolution becomes steps of our own kernels: Winograd's algorithm where the precision
// allows it, else the direct ones, each where it was measured to be the faster way.
#include "engine/compile/own_convolution.h"

#include "engine/compile/compiler.h"
#include "engine/compile/layouts.h"
#include "engine/kernels/direct.h"
#include "engine/kernels/winograd.h"
#include "engine/platform.h"

namespace whichfirst::engine {
namespace {

using network::ParameterKind;
using tag = dnnl::memory::format_tag;

constexpr std::size_t kScratchPlace = 3;  // among the values of each of its kernels

OwnConvolution by_winograd(const WinogradShape& shape) {
  return {.implementation = "own:winograd",
          .scratch = winograd_scratch(shape),
          .forward = [shape](const ForwardPlaces& at) { winograd_forward(shape, at); },
          .backward_data = [shape](const auto& at) { winograd_backward_data(shape, at); },
          .backward_weights = [shape](const auto& at) { winograd_backward_weights(shape, at); }};
}

OwnConvolution by_sums(const DirectShape& shape) {
  return {.implementation = "own:direct",
          .scratch = direct_scratch(shape),
          .forward = [shape](const ForwardPlaces& at) { direct_forward(shape, at); },
          .backward_data = [shape](const auto& at) { direct_backward_data(shape, at); },
          .backward_weights = [shape](const auto& at) { direct_backward_weights(shape, at); }};
}

}  // namespace

std::optional<OwnConvolution> Compiler::own_convolution(const network::Conv& conv) const {
  const Shape& in = stage().input;
  const int outputs = stage().output.channels;
  const WinogradShape winograd{.images = batch_,
                               .channels = in.channels,
                               .outputs = outputs,
                               .height = in.height,
                               .width = in.width,
                               .padding = conv.padding};
  const bool may_be_winograd = precision_ == Precision::fp32_fast && conv.kernel == 3 &&
                               conv.stride == 1 && conv.padding <= 2;
  const DirectShape direct{.images = batch_,
                           .channels = in.channels,
                           .outputs = outputs,
                           .height = in.height,
                           .width = in.width,
                           .kernel = conv.kernel,
                           .stride = conv.stride,
                           .padding = conv.padding};
  // Of plain pictures there is no gradient.
  const bool is_plain = engine::is_plain(direct);
  const bool may_be_direct = precision_ != Precision::bf16 && own_processor().has_avx2 &&
                             own_processor().has_fma &&
                             (!is_plain || stage().source == network::kInput);

  std::optional<OwnConvolution> own;
  if (may_be_winograd && is_winograd_faster(winograd)) {
    own = by_winograd(winograd);
  } else if (may_be_direct && is_direct_faster(direct)) {
    own = by_sums(direct);
  }
  if (!own) return std::nullopt;
  const auto layout = [](const dnnl::memory::dims& dims, tag order) {
    return Layout(dims, NumberType::f32, order);
  };
  own->source = layout(activation_dims(batch_, in), is_plain ? tag::nchw : tag::nChw8c);
  own->weights = layout(weights_dims(conv), is_plain ? tag::Ohwi8o : tag::OIhw8i8o);
  own->result = layout(activation_dims(batch_, stage().output), tag::nChw8c);
  return own;
}

void Compiler::add_own(const OwnConvolution& own, std::string what, std::vector<ValueId> values,
                       Kernel kernel) {
  buffer(values.at(kScratchPlace)).is_scratch = true;
  add_kernel(std::move(what), std::move(values), std::move(kernel), own.implementation);
}

void Compiler::own_forward(const network::Conv& conv, const OwnConvolution& own) {
  keep_weights_in(own.weights);
  ForwardState& here = state();
  here.source = in_layout(read(stage().source), own.source, "reorder source");
  const ValueId result = new_value(own.result);
  std::vector<ValueId> values = {here.source, parameter(ParameterKind::weight), result,
                                 new_floats(own.scratch)};
  if (conv.bias) values.push_back(common_bias(conv));
  const bool cuts = cuts_itself(conv);
  add_own(own, forward_name(cuts), std::move(values),
          [run = own.forward, cuts](Places places, const auto&) {
            run({.src = floats(places[0]),
                 .weights = floats(places[1]),
                 .bias = places.size() > 4 ? floats(places[4]) : nullptr,
                 .dst = floats(places[2]),
                 .scratch = floats(places[3]),
                 .cuts = cuts});
          });
  finish_forward(conv, result);
}

void Compiler::own_backward(const network::Conv& conv, const OwnConvolution& own) {
  const ForwardState& here = state();
  const ValueId dresult = take_gradient();
  std::vector<ValueId> values = {here.source, dresult, gradient(ParameterKind::weight),
                                 new_floats(own.scratch)};
  if (conv.bias) values.push_back(gradient(ParameterKind::bias));
  add_own(own, "backward weights", std::move(values),
          [run = own.backward_weights](Places places, const auto&) {
            run({.src = floats(places[0]),
                 .ddst = floats(places[1]),
                 .dweights = floats(places[2]),
                 .dbias = places.size() > 4 ? floats(places[4]) : nullptr,
                 .scratch = floats(places[3])});
          });
  if (!depends_on_parameters(stage().source)) return;

  const ValueId dsource = new_value(layout(here.source));
  add_own(own, "backward data",
          {dresult, parameter(ParameterKind::weight), dsource, new_floats(own.scratch)},
          [run = own.backward_data](Places places, const auto&) {
            run({.ddst = floats(places[0]),
                 .weights = floats(places[1]),
                 .dsrc = floats(places[2]),
                 .scratch = floats(places[3])});
          });
  give_gradient(stage().source, dsource);
}

}  // namespace whichfirst::engine
