// oneDNN's descriptions of primitives, with the same arguments for oneDNN 2.6 (Debian 12) and 3.x
// (newer distributions). Which one is installed is known to onednn.cpp and to nobody else.
#pragma once

#include <oneapi/dnnl/dnnl.hpp>
#include <string_view>

namespace whichfirst::engine {

using Layout = dnnl::memory::desc;

/// The size of each dimension, without padding.
dnnl::memory::dims dims_of(const Layout& layout);

/// Whether the numbers are bf16; else they are floats.
bool is_bf16(const Layout& layout);

/// A layout in which channels, and nothing but channels, may lie in blocks.
struct ChannelBlocks {
  dnnl::memory::dim block = 1;  // channels that lie side by side; 1 where the layout is plain
  dnnl::memory::dims strides;   // one a dimension, in numbers; of channels: from block to block
};
ChannelBlocks channel_blocks_of(const Layout& layout);

/// Whether DNNL_ARG_SHIFT is an argument of batch normalisation's backward, which has no use for
/// it: oneDNN 2 asks for every parameter of the flags, oneDNN 3 refuses this one.
bool backward_takes_shift();

/// Makes AVX2 the widest instructions that kernels of this process use, whatever the environment
/// allows. Must come before oneDNN is asked for anything that depends on instructions.
void limit_to_avx2();
/// The widest instructions that the kernels use: "avx2", "avx512_core_bf16"; "other" if unknown.
/// The first call fixes them for the process.
std::string_view instruction_set();

/// A window of height x width that moves over pictures.
struct Window {
  dnnl::memory::dims kernel;
  dnnl::memory::dims strides;
  dnnl::memory::dims padding;  // on either side
};

/// Of a convolution or an inner product. A gradient is described by the layout of what it is of.
struct WeightedLayouts {
  Layout source;
  Layout weights;
  Layout bias;  // Layout() where there is none
  Layout result;
};

/// A function of one number, with its parameters as oneDNN names them.
struct Elementwise {
  dnnl::algorithm algorithm;
  float alpha = 0;
  float beta = 0;
};

template <class Primitive>
using Description = typename Primitive::primitive_desc;

/// Describes primitives that find their scratch memory among their arguments. A backward primitive
/// is described by its forward's description too. All throw dnnl::error where there is no kernel.
class Describer {
 public:
  explicit Describer(const dnnl::engine& engine);
  /// Whose convolutions and inner products end with a relu: of forward passes only.
  Describer with_relu() const;

  Description<dnnl::reorder> reorder(const Layout& from, const Layout& to) const;

  Description<dnnl::convolution_forward> convolution_forward(dnnl::prop_kind pass,
                                                             const WeightedLayouts& layouts,
                                                             const Window& window) const;
  Description<dnnl::convolution_backward_weights> convolution_backward_weights(
      const WeightedLayouts& layouts, const Window& window,
      const Description<dnnl::convolution_forward>& forward) const;
  Description<dnnl::convolution_backward_data> convolution_backward_data(
      const WeightedLayouts& layouts, const Window& window,
      const Description<dnnl::convolution_forward>& forward) const;

  Description<dnnl::inner_product_forward> inner_product_forward(
      dnnl::prop_kind pass, const WeightedLayouts& layouts) const;
  Description<dnnl::inner_product_backward_weights> inner_product_backward_weights(
      const WeightedLayouts& layouts,
      const Description<dnnl::inner_product_forward>& forward) const;
  Description<dnnl::inner_product_backward_data> inner_product_backward_data(
      const WeightedLayouts& layouts,
      const Description<dnnl::inner_product_forward>& forward) const;

  // The following write their results, or gradients, in the layout in which they read.

  Description<dnnl::batch_normalization_forward> batch_normalization_forward(
      dnnl::prop_kind pass, const Layout& source, float eps, dnnl::normalization_flags flags) const;
  Description<dnnl::batch_normalization_backward> batch_normalization_backward(
      dnnl::prop_kind pass, const Layout& gradient, const Layout& source, float eps,
      dnnl::normalization_flags flags,
      const Description<dnnl::batch_normalization_forward>& forward) const;

  Description<dnnl::eltwise_forward> eltwise_forward(dnnl::prop_kind pass,
                                                     const Elementwise& function,
                                                     const Layout& source) const;
  /// `values` is the layout of what the algorithm reads beside the gradient: the forward's source,
  /// or its result for algorithms named so.
  Description<dnnl::eltwise_backward> eltwise_backward(
      const Elementwise& function, const Layout& gradient, const Layout& values,
      const Description<dnnl::eltwise_forward>& forward) const;

  Description<dnnl::pooling_forward> pooling_forward(dnnl::prop_kind pass, dnnl::algorithm kind,
                                                     const Layout& source, const Layout& result,
                                                     const Window& window) const;
  Description<dnnl::pooling_backward> pooling_backward(
      dnnl::algorithm kind, const Layout& source, const Layout& result, const Window& window,
      const Description<dnnl::pooling_forward>& forward) const;

 private:
  template <class Primitive, class... Arguments>
  Description<Primitive> describe(const Arguments&... arguments) const;
  template <class Primitive, class Forward, class... Arguments>
  Description<Primitive> describe_backward(const Forward& forward,
                                           const Arguments&... arguments) const;

  dnnl::engine engine_;
  dnnl::primitive_attr attributes_;
};

}  // namespace whichfirst::engine
