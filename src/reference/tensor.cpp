#include "reference/tensor.h"

#include "base/error.h"

namespace whichfirst::reference {

Tensor zeros(int count, const Shape& shape) {
  check(count > 0 && shape.size() > 0, "a tensor holds at least one number");
  const auto size = static_cast<std::size_t>(count * shape.size());
  return {.count = count, .shape = shape, .values = std::vector<double>(size)};
}

Tensor reshape(Tensor tensor, const Shape& shape) {
  check(tensor.shape.size() == shape.size(), "reshaping keeps the number of numbers");
  tensor.shape = shape;
  return tensor;
}

}  // namespace whichfirst::reference
