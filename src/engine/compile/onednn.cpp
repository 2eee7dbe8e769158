#include "engine/compile/onednn.h"

#include "base/error.h"

namespace whichfirst::engine {

using dnnl::algorithm;
using dnnl::memory;
using dnnl::normalization_flags;
using dnnl::prop_kind;

// --- what is said differently -------------------------------------------------------------------

#if DNNL_VERSION_MAJOR < 3

// An operation is described first, and then for an engine. One layout is source and result, or both
// gradients.

template <class Primitive, class... Arguments>
Description<Primitive> Describer::describe(const Arguments&... arguments) const {
  return {typename Primitive::desc(arguments...), attributes_, engine_};
}

template <class Primitive, class Forward, class... Arguments>
Description<Primitive> Describer::describe_backward(const Forward& forward,
                                                    const Arguments&... arguments) const {
  return {typename Primitive::desc(arguments...), attributes_, engine_, forward};
}

Description<dnnl::batch_normalization_forward> Describer::batch_normalization_forward(
    prop_kind pass, const Layout& source, float eps, normalization_flags flags) const {
  return describe<dnnl::batch_normalization_forward>(pass, source, eps, flags);
}

Description<dnnl::batch_normalization_backward> Describer::batch_normalization_backward(
    prop_kind pass, const Layout& gradient, const Layout& source, float eps,
    normalization_flags flags,
    const Description<dnnl::batch_normalization_forward>& forward) const {
  return describe_backward<dnnl::batch_normalization_backward>(forward, pass, gradient, source, eps,
                                                               flags);
}

Description<dnnl::eltwise_forward> Describer::eltwise_forward(prop_kind pass,
                                                              const Elementwise& function,
                                                              const Layout& source) const {
  return describe<dnnl::eltwise_forward>(pass, function.algorithm, source, function.alpha,
                                         function.beta);
}

Description<dnnl::eltwise_backward> Describer::eltwise_backward(
    const Elementwise& function, const Layout& gradient, const Layout& values,
    const Description<dnnl::eltwise_forward>& forward) const {
  return describe_backward<dnnl::eltwise_backward>(forward, function.algorithm, gradient, values,
                                                   function.alpha, function.beta);
}

Description<dnnl::pooling_forward> Describer::pooling_forward(prop_kind pass, algorithm kind,
                                                              const Layout& source,
                                                              const Layout& result,
                                                              const Window& window) const {
  return describe<dnnl::pooling_forward>(pass, kind, source, result, window.strides, window.kernel,
                                         window.padding, window.padding);
}

Description<dnnl::pooling_backward> Describer::pooling_backward(
    algorithm kind, const Layout& source, const Layout& result, const Window& window,
    const Description<dnnl::pooling_forward>& forward) const {
  return describe_backward<dnnl::pooling_backward>(forward, kind, source, result, window.strides,
                                                   window.kernel, window.padding, window.padding);
}

bool backward_takes_shift() { return true; }

namespace {
void append_relu(dnnl::post_ops& operations) {
  operations.append_eltwise(1.0F, algorithm::eltwise_relu, 0.0F, 0.0F);
}
}  // namespace

memory::dims dims_of(const Layout& layout) { return layout.dims(); }

bool is_bf16(const Layout& layout) { return layout.data_type() == memory::data_type::bf16; }

ChannelBlocks channel_blocks_of(const Layout& layout) {
  const auto& blocking = layout.data.format_desc.blocking;
  check(layout.data.format_kind == dnnl_blocked && blocking.inner_nblks <= 1 &&
            (blocking.inner_nblks == 0 || blocking.inner_idxs[0] == 1),
        "only channels are blocked");
  return {.block = blocking.inner_nblks == 0 ? 1 : blocking.inner_blks[0],
          .strides = memory::dims(blocking.strides, blocking.strides + layout.data.ndims)};
}

#else  // oneDNN 3

// All at once. Source and result, and both gradients, have a layout each; a window has a dilation.

namespace {
const memory::dims kNoDilation = {0, 0};
}  // namespace

template <class Primitive, class... Arguments>
Description<Primitive> Describer::describe(const Arguments&... arguments) const {
  return {engine_, arguments..., attributes_};
}

template <class Primitive, class Forward, class... Arguments>
Description<Primitive> Describer::describe_backward(const Forward& forward,
                                                    const Arguments&... arguments) const {
  return {engine_, arguments..., forward, attributes_};
}

Description<dnnl::batch_normalization_forward> Describer::batch_normalization_forward(
    prop_kind pass, const Layout& source, float eps, normalization_flags flags) const {
  return describe<dnnl::batch_normalization_forward>(pass, source, source, eps, flags);
}

Description<dnnl::batch_normalization_backward> Describer::batch_normalization_backward(
    prop_kind pass, const Layout& gradient, const Layout& source, float eps,
    normalization_flags flags,
    const Description<dnnl::batch_normalization_forward>& forward) const {
  return describe_backward<dnnl::batch_normalization_backward>(forward, pass, gradient, gradient,
                                                               source, eps, flags);
}

Description<dnnl::eltwise_forward> Describer::eltwise_forward(prop_kind pass,
                                                              const Elementwise& function,
                                                              const Layout& source) const {
  return describe<dnnl::eltwise_forward>(pass, function.algorithm, source, source, function.alpha,
                                         function.beta);
}

Description<dnnl::eltwise_backward> Describer::eltwise_backward(
    const Elementwise& function, const Layout& gradient, const Layout& values,
    const Description<dnnl::eltwise_forward>& forward) const {
  return describe_backward<dnnl::eltwise_backward>(forward, function.algorithm, gradient, gradient,
                                                   values, function.alpha, function.beta);
}

Description<dnnl::pooling_forward> Describer::pooling_forward(prop_kind pass, algorithm kind,
                                                              const Layout& source,
                                                              const Layout& result,
                                                              const Window& window) const {
  return describe<dnnl::pooling_forward>(pass, kind, source, result, window.strides, window.kernel,
                                         kNoDilation, window.padding, window.padding);
}

Description<dnnl::pooling_backward> Describer::pooling_backward(
    algorithm kind, const Layout& source, const Layout& result, const Window& window,
    const Description<dnnl::pooling_forward>& forward) const {
  return describe_backward<dnnl::pooling_backward>(forward, kind, source, result, window.strides,
                                                   window.kernel, kNoDilation, window.padding,
                                                   window.padding);
}

bool backward_takes_shift() { return false; }

namespace {
void append_relu(dnnl::post_ops& operations) {
  operations.append_eltwise(algorithm::eltwise_relu, 0.0F, 0.0F);
}
}  // namespace

memory::dims dims_of(const Layout& layout) { return layout.get_dims(); }

bool is_bf16(const Layout& layout) { return layout.get_data_type() == memory::data_type::bf16; }

ChannelBlocks channel_blocks_of(const Layout& layout) {
  check(layout.get_format_kind() == memory::format_kind::blocked && layout.get_inner_nblks() <= 1 &&
            (layout.get_inner_nblks() == 0 || layout.get_inner_idxs()[0] == 1),
        "only channels are blocked");
  return {.block = layout.get_inner_nblks() == 0 ? 1 : layout.get_inner_blks()[0],
          .strides = layout.get_strides()};
}

#endif

// --- what is said alike -------------------------------------------------------------------------

namespace {
constexpr auto kDirect = algorithm::convolution_direct;
}  // namespace

Describer::Describer(const dnnl::engine& engine) : engine_(engine) {
  attributes_.set_scratchpad_mode(dnnl::scratchpad_mode::user);
}

Describer Describer::with_relu() const {
  Describer other(engine_);
  dnnl::post_ops operations;
  append_relu(operations);
  other.attributes_.set_post_ops(operations);
  return other;
}

Description<dnnl::reorder> Describer::reorder(const Layout& from, const Layout& to) const {
  return {engine_, from, engine_, to, attributes_};
}

Description<dnnl::convolution_forward> Describer::convolution_forward(
    prop_kind pass, const WeightedLayouts& layouts, const Window& window) const {
  return describe<dnnl::convolution_forward>(pass, kDirect, layouts.source, layouts.weights,
                                             layouts.bias, layouts.result, window.strides,
                                             window.padding, window.padding);
}

Description<dnnl::convolution_backward_weights> Describer::convolution_backward_weights(
    const WeightedLayouts& layouts, const Window& window,
    const Description<dnnl::convolution_forward>& forward) const {
  return describe_backward<dnnl::convolution_backward_weights>(
      forward, kDirect, layouts.source, layouts.weights, layouts.bias, layouts.result,
      window.strides, window.padding, window.padding);
}

Description<dnnl::convolution_backward_data> Describer::convolution_backward_data(
    const WeightedLayouts& layouts, const Window& window,
    const Description<dnnl::convolution_forward>& forward) const {
  return describe_backward<dnnl::convolution_backward_data>(
      forward, kDirect, layouts.source, layouts.weights, layouts.result, window.strides,
      window.padding, window.padding);
}

Description<dnnl::inner_product_forward> Describer::inner_product_forward(
    prop_kind pass, const WeightedLayouts& layouts) const {
  return describe<dnnl::inner_product_forward>(pass, layouts.source, layouts.weights, layouts.bias,
                                               layouts.result);
}

Description<dnnl::inner_product_backward_weights> Describer::inner_product_backward_weights(
    const WeightedLayouts& layouts, const Description<dnnl::inner_product_forward>& forward) const {
  return describe_backward<dnnl::inner_product_backward_weights>(
      forward, layouts.source, layouts.weights, layouts.bias, layouts.result);
}

Description<dnnl::inner_product_backward_data> Describer::inner_product_backward_data(
    const WeightedLayouts& layouts, const Description<dnnl::inner_product_forward>& forward) const {
  return describe_backward<dnnl::inner_product_backward_data>(forward, layouts.source,
                                                              layouts.weights, layouts.result);
}

void limit_to_avx2() {
  // On a processor without AVX2 this is no limit, and oneDNN uses what there is.
  const dnnl::status status = dnnl::set_max_cpu_isa(dnnl::cpu_isa::avx2);
  if (status != dnnl::status::success) {
    throw Error(
        "this oneDNN does not take a limit of its instructions, without which results would differ "
        "between processors: use one that was built with ONEDNN_ENABLE_MAX_CPU_ISA (the default)");
  }
}

std::string_view instruction_set() {
  using dnnl::cpu_isa;
  switch (dnnl::get_effective_cpu_isa()) {
    case cpu_isa::sse41:
      return "sse41";
    case cpu_isa::avx:
      return "avx";
    case cpu_isa::avx2:
      return "avx2";
    case cpu_isa::avx2_vnni:
      return "avx2_vnni";
    case cpu_isa::avx512_core:
      return "avx512_core";
    case cpu_isa::avx512_core_vnni:
      return "avx512_core_vnni";
    case cpu_isa::avx512_core_bf16:
      return "avx512_core_bf16";
    case cpu_isa::avx512_core_amx:
      return "avx512_core_amx";
#if DNNL_VERSION_MAJOR >= 3
    case cpu_isa::avx2_vnni_2:
      return "avx2_vnni_2";
    case cpu_isa::avx512_core_fp16:
      return "avx512_core_fp16";
    case cpu_isa::avx512_core_amx_fp16:
      return "avx512_core_amx_fp16";
#endif
    default:
      return "other";
  }
}

}  // namespace whichfirst::engine
