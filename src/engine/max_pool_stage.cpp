// How a max-pool becomes steps of our own kernel, where its windows and its layout allow it.
#include "engine/compiler.h"
#include "engine/layouts.h"
#include "engine/max_pool.h"

namespace whichfirst::engine {
namespace {

constexpr int kLargestKernel = 15;  // a place in the window is a byte

/// Channels in a block, where `layout` is nothing but floats in blocks of 8 or 16 channels; else 0.
std::ptrdiff_t block_of(const Layout& layout) {
  using tag = dnnl::memory::format_tag;
  for (const auto& [format, block] : {std::pair(tag::nChw8c, 8), std::pair(tag::nChw16c, 16)}) {
    if (layout == Layout(dims_of(layout), dnnl::memory::data_type::f32, format)) return block;
  }
  return 0;
}

}  // namespace

std::optional<MaxPoolShape> Compiler::max_pool_shape(const network::MaxPool& pool) const {
  const std::ptrdiff_t block = block_of(layout(output_of(stage().source)));
  const bool is_possible =
      pool.stride == pool.kernel && pool.padding == 0 && pool.kernel <= kLargestKernel && block > 0;
  if (!is_possible) return std::nullopt;
  const Shape& in = stage().input;
  const Shape& out = stage().output;
  return MaxPoolShape{.planes = batch_ * ((in.channels + block - 1) / block),
                      .height = in.height,
                      .width = in.width,
                      .out_height = out.height,
                      .out_width = out.width,
                      .kernel = pool.kernel,
                      .block = block};
}

void Compiler::max_pool_forward(const MaxPoolShape& shape) {
  using tag = dnnl::memory::format_tag;
  ForwardState& here = state();
  here.source = read(stage().source);
  const ValueId result =
      new_value({activation_dims(batch_, stage().output), dnnl::memory::data_type::f32,
                 shape.block == 8 ? tag::nChw8c : tag::nChw16c});
  std::vector<ValueId> values = {here.source, result};
  if (is_training()) {
    here.workspace = new_bytes(static_cast<std::size_t>(shape.out_count()));
    values.push_back(here.workspace);
  }
  add_kernel("forward", std::move(values), [shape](Places places, const auto&) {
    engine::max_pool_forward(shape, floats(places[0]), floats(places[1]),
                             places.size() > 2 ? bytes(places[2]) : nullptr);
  });
  make(result);
}

void Compiler::max_pool_backward(const MaxPoolShape& shape) {
  const ForwardState& here = state();
  const ValueId dresult = take_gradient();
  const ValueId dsource = new_value(layout(here.source));
  add_kernel("backward", {dresult, here.workspace, dsource}, [shape](Places places, const auto&) {
    engine::max_pool_backward(shape, floats(places[0]), bytes(places[1]), floats(places[2]));
  });
  give_gradient(stage().source, dsource);
}

}  // namespace whichfirst::engine
