// Normalisation of each image alone, over groups of channels: the stages `in`, `ln` and `gn`, which
// oneDNN 2 has not. Statistics in double; blocked layouts are walked block by block, and the
// padding of the last one stays zero. Numbers are float or Bf16.
#pragma once

#include <span>
#include <vector>

#include "engine/kernels/statistics.h"

namespace whichfirst::engine {

struct GroupNormPlan {
  ChannelLayout layout;
  std::ptrdiff_t groups = 1;  // divides the channels
  double eps = 1e-5;
};

/// Room for sums by channel and by group, kept from step to step.
struct GroupNormScratch {
  std::vector<float> mean, variance;
  std::vector<double> dscale, doffset, common, shared;
};

/// `scale` and `offset` hold C numbers, or none without affine. Writes the population mean and 1 /
/// sqrt(variance + eps) of each group of each image into `mean` and `inverse` (N x groups), which
/// backward reads. Source: Wu and He 2018, arXiv:1803.08494.
template <class Number>
void group_norm_forward(const GroupNormPlan& plan, const Number* source,
                        std::span<const float> scale, std::span<const float> offset, Number* result,
                        std::span<float> mean, std::span<float> inverse, GroupNormScratch& scratch);

/// What backward writes, each C numbers; empty without affine.
struct AffineGradients {
  std::span<float> scale;
  std::span<float> offset;
};

/// Gradients through the statistics. `dresult` and `dsource` may be the same place.
template <class Number>
void group_norm_backward(const GroupNormPlan& plan, const Number* source,
                         std::span<const float> scale, std::span<const float> mean,
                         std::span<const float> inverse, const Number* dresult, Number* dsource,
                         const AffineGradients& gradients, GroupNormScratch& scratch);

}  // namespace whichfirst::engine
