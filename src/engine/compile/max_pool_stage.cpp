// How a max-pool becomes steps of our own kernel, where its windows and its layout allow it.
#include "engine/compile/compiler.h"
#include "engine/compile/layouts.h"
#include "engine/kernels/max_pool.h"

namespace whichfirst::engine {
namespace {

constexpr int kLargestKernel = 15;  // a place in the window is a byte

/// Channels in a block, where `layout` is nothing but numbers in blocks of 8 or 16 channels; else
/// 0.
std::ptrdiff_t block_of(const Layout& layout) {
  using tag = dnnl::memory::format_tag;
  const auto type = is_bf16(layout) ? NumberType::bf16 : NumberType::f32;
  for (const auto& [format, block] : {std::pair(tag::nChw8c, 8), std::pair(tag::nChw16c, 16)}) {
    if (layout == Layout(dims_of(layout), type, format)) return block;
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
