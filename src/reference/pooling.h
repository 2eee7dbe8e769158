// Pooling as plain loops, forward and backward: the definition of `maxpool`, `avgpool` and `gap`.
//
// The windows of maxpool and avgpool start at p stride - padding and q stride - padding. Each holds
// at least one pixel of the picture.
#pragma once

#include "network/network.h"
#include "reference/tensor.h"

namespace whichfirst::reference {

/// The largest value under each window. Padded pixels never win, not even over -infinity, and NaN
/// wins over every number.
Tensor max_pool_forward(const network::MaxPool& pool, const Tensor& src);

/// Each window's gradient goes to its winner: of equal values, or of several NaN, the first in
/// row-major order. A pixel that wins several windows gets the sum.
Tensor max_pool_backward(const network::MaxPool& pool, const Tensor& src, const Tensor& ddst);

/// The mean of the pixels that each window has of the picture; padded pixels do not count
/// (torch.nn.AvgPool2d with count_include_pad=False).
Tensor average_pool_forward(const network::AveragePool& pool, const Tensor& src);

/// Each pixel of a window gets the window's gradient divided by their number; a pixel of several
/// windows gets the sum. `shape` is that of one image of src.
Tensor average_pool_backward(const network::AveragePool& pool, const Shape& shape,
                             const Tensor& ddst);

/// The mean over the pixels of each channel of each image: N x C x H x W -> N vectors of C.
Tensor global_average_pool_forward(const Tensor& src);

/// Every pixel gets ddst / (H W). `shape` is that of one image of src.
Tensor global_average_pool_backward(const Shape& shape, const Tensor& ddst);

}  // namespace whichfirst::reference
