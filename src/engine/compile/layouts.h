// Layouts that are asked for: plain row-major ones, and "whatever the primitive likes".
#pragma once

#include "base/shape.h"
#include "engine/compile/onednn.h"

namespace whichfirst::engine {

using NumberType = dnnl::memory::data_type;

inline Layout plain(const dnnl::memory::dims& dims, NumberType type = NumberType::f32) {
  using tag = dnnl::memory::format_tag;
  const auto order = dims.size() == 1   ? tag::a
                     : dims.size() == 2 ? tag::ab
                     : dims.size() == 3 ? tag::abc
                                        : tag::abcd;
  return {dims, type, order};
}

inline Layout any_layout(const dnnl::memory::dims& dims, NumberType type = NumberType::f32) {
  return {dims, type, dnnl::memory::format_tag::any};
}

/// N C H W, or N C of vectors.
inline dnnl::memory::dims activation_dims(int batch, const Shape& shape) {
  if (shape.is_vector) return {batch, shape.channels};
  return {batch, shape.channels, shape.height, shape.width};
}

}  // namespace whichfirst::engine
