// How a convolution becomes steps of our own direct kernels, where these are the faster ones.
#include "engine/compiler.h"
#include "engine/direct.h"
#include "engine/layouts.h"
#include "engine/onednn.h"

namespace whichfirst::engine {
namespace {

using dnnl::memory;
using network::ParameterKind;

constexpr const char* kImplementation = "own:direct";
constexpr std::size_t kScratchPlace = 3;  // among the values of each of its kernels

Layout source_layout(const DirectShape& shape, const memory::dims& dims) {
  return {dims, memory::data_type::f32,
          is_plain(shape) ? memory::format_tag::nchw : memory::format_tag::nChw8c};
}
Layout result_layout(const memory::dims& dims) {
  return {dims, memory::data_type::f32, memory::format_tag::nChw8c};
}
Layout weights_layout(const DirectShape& shape, const memory::dims& dims) {
  return {dims, memory::data_type::f32,
          is_plain(shape) ? memory::format_tag::Ohwi8o : memory::format_tag::OIhw8i8o};
}

}  // namespace

std::optional<DirectShape> Compiler::direct_shape(const network::Conv& conv) const {
  // Also "avx2_vnni", which has nothing more for floats; with AVX-512 oneDNN's are wider.
  const bool is_possible = precision_ != Precision::bf16 && instruction_set().starts_with("avx2");
  const Shape& in = stage().input;
  const DirectShape shape{.images = batch_,
                          .channels = in.channels,
                          .outputs = stage().output.channels,
                          .height = in.height,
                          .width = in.width,
                          .kernel = conv.kernel,
                          .stride = conv.stride,
                          .padding = conv.padding};
  // Of plain pictures there is no gradient.
  const bool has_passes = !is_plain(shape) || stage().source == network::kInput;
  return is_possible && has_passes && is_direct_faster(shape) ? std::optional(shape) : std::nullopt;
}

void Compiler::add_direct(std::string what, std::vector<ValueId> values, Kernel kernel) {
  buffer(values.at(kScratchPlace)).is_scratch = true;
  add_kernel(std::move(what), std::move(values), std::move(kernel), kImplementation);
}

void Compiler::direct_forward(const network::Conv& conv, const DirectShape& shape) {
  keep_weights_in(weights_layout(shape, weights_dims(conv)));
  ForwardState& here = state();
  here.source =
      in_layout(read(stage().source), source_layout(shape, activation_dims(batch_, stage().input)),
                "reorder source");
  const ValueId result = new_value(result_layout(activation_dims(batch_, stage().output)));
  std::vector<ValueId> values = {here.source, parameter(ParameterKind::weight), result,
                                 new_floats(direct_scratch(shape))};
  if (conv.bias) values.push_back(common_bias(conv));
  const bool cuts = cuts_itself(conv);
  add_direct(forward_name(cuts), std::move(values), [shape, cuts](Places places, const auto&) {
    engine::direct_forward(shape, {.src = floats(places[0]),
                                   .weights = floats(places[1]),
                                   .bias = places.size() > 4 ? floats(places[4]) : nullptr,
                                   .dst = floats(places[2]),
                                   .scratch = floats(places[3]),
                                   .cuts = cuts});
  });
  finish_forward(conv, result);
}

void Compiler::direct_backward(const network::Conv& conv, const DirectShape& shape) {
  const ForwardState& here = state();
  const ValueId dresult = take_gradient();
  std::vector<ValueId> values = {here.source, dresult, gradient(ParameterKind::weight),
                                 new_floats(direct_scratch(shape))};
  if (conv.bias) values.push_back(gradient(ParameterKind::bias));
  add_direct("backward weights", std::move(values), [shape](Places places, const auto&) {
    direct_backward_weights(shape, {.src = floats(places[0]),
                                    .ddst = floats(places[1]),
                                    .dweights = floats(places[2]),
                                    .dbias = places.size() > 4 ? floats(places[4]) : nullptr,
                                    .scratch = floats(places[3])});
  });
  if (!depends_on_parameters(stage().source)) return;

  const ValueId dsource = new_value(layout(here.source));
  add_direct(
      "backward data",
      {dresult, parameter(ParameterKind::weight), dsource, new_floats(direct_scratch(shape))},
      [shape](Places places, const auto&) {
        direct_backward_data(shape, {.ddst = floats(places[0]),
                                     .weights = floats(places[1]),
                                     .dsrc = floats(places[2]),
                                     .scratch = floats(places[3])});
      });
  give_gradient(stage().source, dsource);
}

}  // namespace whichfirst::engine
