// A batch of pictures or vectors in double precision, as the reference stages read and write it.
#pragma once

#include <cstddef>
#include <vector>

#include "base/error.h"
#include "base/shape.h"

namespace whichfirst::reference {

/// N images of one shape: N C H W numbers, row-major in that order. A vector of C features is
/// C x 1 x 1.
struct Tensor {
  int count = 0;               // N
  Shape shape;                 // C x H x W
  std::vector<double> values;  // NCHW

  /// Where the number of image n, channel c, row h, column w stands in `values`. Not checked.
  std::size_t index(int n, int c, int h, int w) const {
    const auto place =
        ((std::int64_t{n} * shape.channels + c) * shape.height + h) * shape.width + w;
    return static_cast<std::size_t>(place);
  }
  double& at(int n, int c, int h, int w) { return values[index(n, c, h, w)]; }
  double at(int n, int c, int h, int w) const { return values[index(n, c, h, w)]; }

  bool operator==(const Tensor&) const = default;
};

/// `count` images of `shape`, all numbers 0.
inline Tensor zeros(int count, const Shape& shape) {
  check(count > 0 && shape.size() > 0, "a tensor holds at least one number");
  const auto size = static_cast<std::size_t>(count * shape.size());
  return {.count = count, .shape = shape, .values = std::vector<double>(size)};
}

/// The same numbers under another shape of equal size: `flatten`, and its backward.
inline Tensor reshape(Tensor tensor, const Shape& shape) {
  check(tensor.shape.size() == shape.size(), "reshaping keeps the number of numbers");
  tensor.shape = shape;
  return tensor;
}

}  // namespace whichfirst::reference
