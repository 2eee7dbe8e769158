// The value in the middle.
#pragma once

#include <algorithm>
#include <vector>

#include "base/error.h"

namespace whichfirst {

/// Of an even number of values the mean of the middle two. One value at least.
inline double median(std::vector<double> values) {
  check(!values.empty(), "there is a value in the middle");
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

}  // namespace whichfirst
