// What is asked of oneDNN, in the same words for oneDNN 2.6 (Debian 12) and 3.x (newer
// distributions). Which one is installed is known here, to onednn.cpp and to nobody else.
#pragma once

#include <oneapi/dnnl/dnnl.hpp>
#include <string_view>
#include <tuple>

#include "base/shape.h"

namespace whichfirst::engine {

using Layout = dnnl::memory::desc;
using NumberType = dnnl::memory::data_type;

/// Plain and row-major.
Layout plain(const dnnl::memory::dims& dims, NumberType type = NumberType::f32);

/// Whatever the primitive likes.
inline Layout any_layout(const dnnl::memory::dims& dims, NumberType type = NumberType::f32) {
  return {dims, type, dnnl::memory::format_tag::any};
}

/// N C H W, or N C of vectors.
inline dnnl::memory::dims activation_dims(int batch, const Shape& shape) {
  if (shape.is_vector) return {batch, shape.channels};
  return {batch, shape.channels, shape.height, shape.width};
}

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
inline constexpr bool kBackwardTakesShift = DNNL_VERSION_MAJOR < 3;

/// Makes AVX2 the widest instructions that kernels of this process use, whatever the environment
/// allows. Must come before oneDNN is asked for anything that depends on instructions.
void limit_to_avx2();
/// The widest instructions that the kernels use: "avx2", "avx512_core_bf16"; "other" if unknown.
/// The first call fixes them for the process.
std::string_view instruction_set();

// Arguments of a description that stand for several of oneDNN's.

/// One layout of source and result, or of both gradients.
struct InPlace {
  const Layout& layout;
};
/// A window of height x width that moves over pictures: of a convolution, whose kernel's size its
/// weights tell,
struct Window {
  dnnl::memory::dims kernel;
  dnnl::memory::dims strides;
  dnnl::memory::dims padding;  // on either side
};
/// and of a pool.
struct Pooling {
  const Window& window;
};

template <class Argument>
std::tuple<const Argument&> spelled(const Argument& argument) {
  return {argument};
}
inline auto spelled(const Window& window) {
  return std::tie(window.strides, window.padding, window.padding);
}
inline auto spelled(const InPlace& both) {
#if DNNL_VERSION_MAJOR < 3
  return std::tie(both.layout);
#else
  return std::tie(both.layout, both.layout);
#endif
}
inline auto spelled(const Pooling& pool) {
  const auto& [kernel, strides, padding] = pool.window;
#if DNNL_VERSION_MAJOR < 3
  return std::tie(strides, kernel, padding, padding);
#else
  static const dnnl::memory::dims kNoDilation = {0, 0};
  return std::tie(strides, kernel, kNoDilation, padding, padding);
#endif
}

template <class Primitive>
using Description = typename Primitive::primitive_desc;

/// Describes primitives that find their scratch memory among their arguments, by what oneDNN's
/// reference lists for each: `Layout()` stands for a bias that there is not, and a gradient is
/// described by the layout of what it is of. Throws dnnl::error where there is no kernel.
class Describer {
 public:
  explicit Describer(const dnnl::engine& engine) : engine_(engine) {
    attributes_.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  }
  /// Whose convolutions and inner products end with a relu: of forward passes only.
  Describer with_relu() const;

  Description<dnnl::reorder> reorder(const Layout& from, const Layout& to) const {
    return {engine_, from, engine_, to, attributes_};
  }

  template <class Primitive, class... Arguments>
  Description<Primitive> forward(const Arguments&... arguments) const {
    return describe<Primitive>(std::tuple_cat(spelled(arguments)...), std::tuple<>());
  }

  /// `forward` describes the primitive whose gradient this is.
  template <class Primitive, class Forward, class... Arguments>
  Description<Primitive> backward(const Forward& forward, const Arguments&... arguments) const {
    return describe<Primitive>(std::tuple_cat(spelled(arguments)...), std::tie(forward));
  }

 private:
  /// oneDNN 2 describes an operation first, and then for an engine.
  template <class Primitive, class Operation, class Forward>
  Description<Primitive> describe(const Operation& operation, const Forward& forward) const {
    const auto make = [](const auto&... all) { return Description<Primitive>(all...); };
#if DNNL_VERSION_MAJOR < 3
    const auto described = std::make_from_tuple<typename Primitive::desc>(operation);
    return std::apply(make, std::tuple_cat(std::tie(described, attributes_, engine_), forward));
#else
    return std::apply(make,
                      std::tuple_cat(std::tie(engine_), operation, forward, std::tie(attributes_)));
#endif
  }

  dnnl::engine engine_;
  dnnl::primitive_attr attributes_;
};

}  // namespace whichfirst::engine
