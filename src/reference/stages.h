// Every stage as a plain loop in double precision, forward and backward: the definition of each.
//
// Gradients are those of a loss whose gradient at the stage's output is `ddst`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/error.h"
#include "base/random.h"
#include "base/shape.h"
#include "network/network.h"

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

// --- activations: `activation.cpp`
//
//   word       PyTorch         y(x)                                      at kinks, y' is
//   relu       ReLU            max(x, 0)                                 0 at 0
//   leaky      LeakyReLU       x where x > 0, else alpha x               alpha at 0
//   prelu      PReLU(C)        x where x > 0, else slope x, a trained    slope at 0
//                              slope per channel
//   elu        ELU             x where x > 0, else alpha (e^x - 1)       alpha at 0
//   gelu       GELU, erf form  x (1 + erf(x / sqrt 2)) / 2
//   silu       SiLU            x sigmoid(x)
//   tanh       Tanh            tanh(x)
//   sigmoid    Sigmoid         1 / (1 + e^-x)
//   softsign   Softsign        x / (1 + |x|)
//   hardswish  Hardswish       x min(max(x + 3, 0), 6) / 6               -1/2 at -3, 1 at 3
//   mish       Mish            x tanh(softplus(x))
//   softplus   Softplus        log(1 + e^x), without a threshold
//   sign       -               1 where x >= 0, else -1                   see below
//
// PyTorch itself has either 1 or 3/2 for hardswish at 3, by where the number stands in its vectors.
// sign's gradient is 1 where |x| <= 1 and else 0: "straight through", for it has no other that is
// not 0. Source: Rastegari et al. 2016, XNOR-Net, arXiv:1603.05279.

/// y(src), number by number; NaN stays NaN. `slopes`: C numbers of `prelu`, else empty.
Tensor activation_forward(const network::Activation& activation, const Tensor& src,
                          std::span<const double> slopes = {});

/// ddst y'(src), NaN where src is NaN. Where nothing passes (relu up to 0, hardswish below
/// -3, sign beyond 1) it is 0 whatever ddst is, as in PyTorch.
Tensor activation_backward(const network::Activation& activation, const Tensor& src,
                           const Tensor& ddst, std::span<const double> slopes = {});

/// The C gradients of `prelu`'s slopes: the sum of ddst x where x <= 0, over N, H, W.
std::vector<double> slope_gradients(const Tensor& src, const Tensor& ddst);

// --- conv, fc: `weights.cpp`

/// dst[n,k,p,q] = bias[k] + sum over c,r,s of src[n,c, p stride + r - padding, q stride + s -
/// padding] weights[k,c,r,s], where pixels outside the picture add nothing (torch.nn.Conv2d).
/// `weights_kcrs` has R = S = conv.kernel and gives K; `bias` has K numbers, K x P x Q with a bias
/// map, or none without bias.
Tensor convolution_forward(const network::Conv& conv, const Tensor& src,
                           std::span<const double> weights_kcrs, std::span<const double> bias);

/// Of a stage with weights.
struct WeightGradients {
  Tensor dsrc;
  std::vector<double> dweights;  // KCRS or K x C
  std::vector<double> dbias;     // K; empty without bias
};

/// `ddst` is N x K x P x Q.
WeightGradients convolution_backward(const network::Conv& conv, const Tensor& src,
                                     std::span<const double> weights_kcrs, const Tensor& ddst);

/// dst[n,k] = bias[k] + sum over c of src[n,c] weights[k,c] (torch.nn.Linear). `src` are vectors;
/// `weights_kc` gives K; `bias` has K numbers, or none without bias.
Tensor fully_connected_forward(const network::FullyConnected& fc, const Tensor& src,
                               std::span<const double> weights_kc, std::span<const double> bias);

/// `ddst` is N vectors of K.
WeightGradients fully_connected_backward(const network::FullyConnected& fc, const Tensor& src,
                                         std::span<const double> weights_kc, const Tensor& ddst);

// --- bn, in, ln, gn: `normalisation.cpp`
//
// Sources: Ioffe and Szegedy 2015, arXiv:1502.03167, running statistics as torch.nn.BatchNorm2d;
// Wu and He 2018, arXiv:1803.08494, of which `in` and `ln` are the ends.

/// Whether `bn` normalises by the batch at hand or by the running statistics.
enum class Mode { training, evaluation };

/// One number a channel each; of a batch the population variance (divided by N H W).
struct ChannelStatistics {
  std::vector<double> mean;
  std::vector<double> variance;
};

/// Mean and population variance of each channel over N, H, W, in two passes.
ChannelStatistics batch_statistics(const Tensor& src);

/// The running statistics after a batch: (1 - momentum) running + momentum batch, with the batch's
/// unbiased variance. `values` is N H W, the numbers a channel had in the batch: at least 2.
ChannelStatistics move_running_statistics(const network::BatchNorm& bn,
                                          const ChannelStatistics& running,
                                          const ChannelStatistics& batch, std::int64_t values);

/// dst = scale xhat + offset, xhat = (src - mean) / sqrt(variance + eps), by channel. The
/// statistics are the batch's in training, the running ones in evaluation. `scale` and `offset`
/// have C numbers, or none without affine.
Tensor batch_norm_forward(const network::BatchNorm& bn, const Tensor& src,
                          const ChannelStatistics& statistics, std::span<const double> scale,
                          std::span<const double> offset);

struct NormGradients {
  Tensor dsrc;
  std::vector<double> dscale;   // C; empty without affine
  std::vector<double> doffset;  // C; empty without affine
};

/// In training the statistics are functions of `src` and the gradient goes through them; in
/// evaluation they are constants.
NormGradients batch_norm_backward(const network::BatchNorm& bn, const Tensor& src,
                                  const ChannelStatistics& statistics,
                                  std::span<const double> scale, const Tensor& ddst, Mode mode);

/// dst = scale xhat + offset by channel, xhat = (src - mean) / sqrt(variance + eps), by the mean
/// and population variance of the image's group of C / norm.groups channels and all their pixels.
/// Reads pictures and vectors. `scale` and `offset` have C numbers, or none without affine.
Tensor group_norm_forward(const network::GroupNorm& norm, const Tensor& src,
                          std::span<const double> scale, std::span<const double> offset);

/// Through the statistics, always.
NormGradients group_norm_backward(const network::GroupNorm& norm, const Tensor& src,
                                  std::span<const double> scale, const Tensor& ddst);

// --- maxpool, avgpool, gap: `pooling.cpp`
//
// The windows of maxpool and avgpool start at p stride - padding and q stride - padding. Each holds
// at least one pixel of the picture.

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

// --- drop, and the loss that networks are trained on: `loss.cpp`

/// Forward and, of ddst, backward: each number is only scaled, by 0, 1 / (1 - rate) or 1.
/// In training 0 where the coin of a number shows heads - also where the number is NaN - and else
/// src / (1 - rate); in evaluation src. The coin of values[i] is number i of `key` at the stage's
/// rate (toss_coins; network::dropout_key gives the key).
Tensor dropout(const network::Dropout& drop, const Tensor& src, const RandomKey& key, Mode mode);

struct CrossEntropy {
  double loss = 0;  // mean over the batch, in nats
  int right = 0;    // images whose label has the largest logit, the first of equals
  Tensor dlogits;   // gradient of `loss`
};

/// Mean over the batch of -sum over k of target[k] log softmax(logits)[k], computed without
/// overflow. `logits` are N vectors of K numbers, one per class, `labels` N class numbers from 0.
/// target is label_smoothing / K, and 1 - label_smoothing more at the label; label_smoothing is in
/// [0, 1) (torch.nn.CrossEntropyLoss). An image with a NaN logit is never right.
CrossEntropy softmax_cross_entropy(const Tensor& logits, std::span<const std::int32_t> labels,
                                   double label_smoothing = 0);

}  // namespace whichfirst::reference
