// Normalisation as plain loops, forward and backward: the definition of `bn`, `in`, `ln` and `gn`.
// Sources: Ioffe and Szegedy 2015, arXiv:1502.03167, running statistics as torch.nn.BatchNorm2d;
// Wu and He 2018, arXiv:1803.08494, of which `in` and `ln` are the ends.
#pragma once

#include <span>
#include <vector>

#include "network/network.h"
#include "reference/tensor.h"

namespace whichfirst::reference {

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

/// Gradients of a loss whose gradient at the output is `ddst`. In training the statistics are
/// functions of `src` and the gradient goes through them; in evaluation they are constants.
NormGradients batch_norm_backward(const network::BatchNorm& bn, const Tensor& src,
                                  const ChannelStatistics& statistics,
                                  std::span<const double> scale, const Tensor& ddst, Mode mode);

/// dst = scale xhat + offset by channel, xhat = (src - mean) / sqrt(variance + eps), by the mean
/// and population variance of the image's group of C / norm.groups channels and all their pixels.
/// Reads pictures and vectors. `scale` and `offset` have C numbers, or none without affine.
Tensor group_norm_forward(const network::GroupNorm& norm, const Tensor& src,
                          std::span<const double> scale, std::span<const double> offset);

/// Gradients of a loss whose gradient at the output is `ddst`; through the statistics, always.
NormGradients group_norm_backward(const network::GroupNorm& norm, const Tensor& src,
                                  std::span<const double> scale, const Tensor& ddst);

}  // namespace whichfirst::reference
