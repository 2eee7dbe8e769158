// NumPy archives: a zip of arrays, as numpy.savez and savez_compressed write them.
//
//   x_train x_test   pixels, uint8 or float32 or float64, either byte order, C order
//                    (N, H, W), (N, H, W, C) or (N, C, H, W)
//   y_train y_test   labels, integers 0 to 999 of any width, (N,) or (N, 1)
//
// Four axes are NHWC when the last has 1, 3 or 4 entries, NCHW when the second has; a shape that
// fits both or neither is refused. Other arrays in the file are not read.
#pragma once

#include <filesystem>

#include "data/dataset.h"

namespace whichfirst::data {

/// Throws Error naming file and array. Doubles are rounded to float; a number that is not finite as
/// a float is refused with its index.
Dataset load_npz(const std::filesystem::path& path);

}  // namespace whichfirst::data
