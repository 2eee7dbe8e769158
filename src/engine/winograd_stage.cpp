// How a convolution becomes steps of Winograd's algorithm, where the precision allows it.
#include "engine/compiler.h"
#include "engine/layouts.h"
#include "engine/winograd.h"

namespace whichfirst::engine {
namespace {

using network::ParameterKind;

constexpr const char* kImplementation = "own:winograd";
constexpr std::size_t kScratchPlace = 3;  // among the values of each of its kernels

/// nChw8c.
Layout in_blocks(const dnnl::memory::dims& dims) {
  return {dims, dnnl::memory::data_type::f32, dnnl::memory::format_tag::nChw8c};
}

}  // namespace

std::optional<WinogradShape> Compiler::winograd_shape(const network::Conv& conv) const {
  const bool is_possible = precision_ == Precision::fp32_fast && conv.kernel == 3 &&
                           conv.stride == 1 && conv.padding <= 2;
  const Shape& in = stage().input;
  const WinogradShape shape{.images = batch_,
                            .channels = in.channels,
                            .outputs = stage().output.channels,
                            .height = in.height,
                            .width = in.width,
                            .padding = conv.padding};
  return is_possible && is_winograd_faster(shape) ? std::optional(shape) : std::nullopt;
}

void Compiler::add_winograd(std::string what, std::vector<ValueId> values, Kernel kernel) {
  buffer(values.at(kScratchPlace)).is_scratch = true;
  add_kernel(std::move(what), std::move(values), std::move(kernel), kImplementation);
}

void Compiler::winograd_forward(const network::Conv& conv, const WinogradShape& shape) {
  keep_weights_in(
      {weights_dims(conv), dnnl::memory::data_type::f32, dnnl::memory::format_tag::OIhw8i8o});
  ForwardState& here = state();
  here.source = in_layout(read(stage().source), in_blocks(activation_dims(batch_, stage().input)),
                          "reorder source");
  const ValueId result = new_value(in_blocks(activation_dims(batch_, stage().output)));
  std::vector<ValueId> values = {here.source, parameter(ParameterKind::weight), result,
                                 new_floats(winograd_scratch(shape))};
  if (conv.bias) values.push_back(common_bias(conv));
  const bool cuts = cuts_itself(conv);
  add_winograd(forward_name(cuts), std::move(values), [shape, cuts](Places places, const auto&) {
    engine::winograd_forward(shape, {.src = floats(places[0]),
                                     .weights = floats(places[1]),
                                     .bias = places.size() > 4 ? floats(places[4]) : nullptr,
                                     .dst = floats(places[2]),
                                     .scratch = floats(places[3]),
                                     .cuts = cuts});
  });
  finish_forward(conv, result);
}

void Compiler::winograd_backward(const network::Conv& conv, const WinogradShape& shape) {
  const ForwardState& here = state();
  const ValueId dresult = take_gradient();
  std::vector<ValueId> values = {here.source, dresult, gradient(ParameterKind::weight),
                                 new_floats(winograd_scratch(shape))};
  if (conv.bias) values.push_back(gradient(ParameterKind::bias));
  add_winograd("backward weights", std::move(values), [shape](Places places, const auto&) {
    winograd_backward_weights(shape, {.src = floats(places[0]),
                                      .ddst = floats(places[1]),
                                      .dweights = floats(places[2]),
                                      .dbias = places.size() > 4 ? floats(places[4]) : nullptr,
                                      .scratch = floats(places[3])});
  });
  if (!depends_on_parameters(stage().source)) return;

  const ValueId dsource = new_value(layout(here.source));
  add_winograd(
      "backward data",
      {dresult, parameter(ParameterKind::weight), dsource, new_floats(winograd_scratch(shape))},
      [shape](Places places, const auto&) {
        winograd_backward_data(shape, {.ddst = floats(places[0]),
                                       .weights = floats(places[1]),
                                       .dsrc = floats(places[2]),
                                       .scratch = floats(places[3])});
      });
  give_gradient(stage().source, dsource);
}

}  // namespace whichfirst::engine
