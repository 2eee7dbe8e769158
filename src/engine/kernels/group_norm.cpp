#include "engine/kernels/group_norm.h"

#include <algorithm>
#include <cmath>

#include "engine/kernels/channel_blocks.h"
#include "engine/kernels/vector_width.h"

namespace whichfirst::engine {
namespace {

/// result = (source - mean) slope + offset.
template <int kBlock, class Number>
WHICHFIRST_FOR_EACH_WIDTH void normalise_block(const Number* source, Number* result,
                                               const BlockView& view, const Lanes& mean,
                                               const Lanes& slope, const Lanes& offset) {
  for (std::ptrdiff_t p = 0; p < view.pixels; ++p) {
    const Number* x = source + p * view.stride;
    Number* y = result + p * view.stride;
    for (int c = 0; c < kBlock; ++c) {
      y[c] = from_float<Number>((to_float(x[c]) - mean.values[c]) * slope.values[c] +
                                offset.values[c]);
    }
  }
}

/// Sums over the pixels of dresult, and of dresult times the normalised source.
struct BlockSums {
  double of_gradient[kWidestBlock] = {};
  double of_product[kWidestBlock] = {};
};

template <int kBlock, class Number>
WHICHFIRST_FOR_EACH_WIDTH void sum_block(const Number* source, const Number* dresult,
                                         const BlockView& view, const Lanes& mean,
                                         const Lanes& inverse, BlockSums& sums) {
  constexpr std::ptrdiff_t kChunk = 64;  // pixels summed in float before they are added in double
  for (std::ptrdiff_t begin = 0; begin < view.pixels; begin += kChunk) {
    float gradient[kBlock] = {};
    float product[kBlock] = {};
    const std::ptrdiff_t end = std::min(begin + kChunk, view.pixels);
    for (std::ptrdiff_t p = begin; p < end; ++p) {
      const Number* x = source + p * view.stride;
      const Number* dy = dresult + p * view.stride;
      for (int c = 0; c < kBlock; ++c) {
        gradient[c] += to_float(dy[c]);
        product[c] += to_float(dy[c]) * ((to_float(x[c]) - mean.values[c]) * inverse.values[c]);
      }
    }
    for (int c = 0; c < kBlock; ++c) {
      sums.of_gradient[c] += gradient[c];
      sums.of_product[c] += product[c];
    }
  }
}

/// dsource = inverse (scale dresult - common - normalised shared).
template <int kBlock, class Number>
WHICHFIRST_FOR_EACH_WIDTH void differentiate_block(const Number* source, const Number* dresult,
                                                   Number* dsource, const BlockView& view,
                                                   const Lanes& mean, const Lanes& inverse,
                                                   const Lanes& scale, const Lanes& common,
                                                   const Lanes& shared) {
  for (std::ptrdiff_t p = 0; p < view.pixels; ++p) {
    const Number* x = source + p * view.stride;
    const Number* dy = dresult + p * view.stride;
    Number* dx = dsource + p * view.stride;
    for (int c = 0; c < kBlock; ++c) {
      const float normalised = (to_float(x[c]) - mean.values[c]) * inverse.values[c];
      dx[c] = from_float<Number>(
          inverse.values[c] *
          (scale.values[c] * to_float(dy[c]) - common.values[c] - normalised * shared.values[c]));
    }
  }
}

}  // namespace

// A group's numbers, C / G channels x H x W of one image, do not lie together: a block of 8 or 16
// channels may hold parts of several groups, and a group may span several blocks. So statistics are
// measured per channel (measure_channels) and put together per group, and normalising walks over
// blocks with one mean, slope and offset per lane (Lanes), whichever group the lane belongs to.
// Lanes of padding have slope and offset 0, which keeps the zeros that other kernels count on.
template <class Number>
void group_norm_forward(const GroupNormPlan& plan, const Number* source,
                        std::span<const float> scale, std::span<const float> offset, Number* result,
                        std::span<float> mean, std::span<float> inverse,
                        GroupNormScratch& scratch) {
  const ChannelLayout& layout = plan.layout;
  const ChannelLayout image = layout.of_one_image();
  const auto channels = static_cast<std::size_t>(layout.channels);
  const std::ptrdiff_t group_size = layout.channels / plan.groups;
  scratch.mean.resize(channels);
  scratch.variance.resize(channels);

  for (std::ptrdiff_t n = 0; n < layout.images; ++n) {
    const Number* const from = source + n * layout.image_stride;
    measure_channels(from, image, scratch.mean, scratch.variance);
    const auto group_means = mean.subspan(static_cast<std::size_t>(n * plan.groups));
    const auto group_inverses = inverse.subspan(static_cast<std::size_t>(n * plan.groups));
    for (std::ptrdiff_t g = 0; g < plan.groups; ++g) {
      // Channels of equal size: the mean of means; the mean variance plus the variance of means.
      double centre = 0;
      for (std::ptrdiff_t c = 0; c < group_size; ++c) {
        centre += at(scratch.mean, g * group_size + c);
      }
      centre /= static_cast<double>(group_size);
      double variance = 0;
      for (std::ptrdiff_t c = 0; c < group_size; ++c) {
        const double distance = at(scratch.mean, g * group_size + c) - centre;
        variance += at(scratch.variance, g * group_size + c) + distance * distance;
      }
      variance /= static_cast<double>(group_size);
      group_means[static_cast<std::size_t>(g)] = static_cast<float>(centre);
      group_inverses[static_cast<std::size_t>(g)] =
          static_cast<float>(1.0 / std::sqrt(variance + plan.eps));
    }
    with_block(layout, [&](auto block) {
      for (std::ptrdiff_t first = 0; first < layout.channels; first += layout.block) {
        const auto place = layout.block_begin(n, first);
        normalise_block<decltype(block)::value>(
            source + place, result + place, view_of(layout),
            gather(layout, first, [&](auto c) { return at(group_means, c / group_size); }),
            gather(layout, first,
                   [&](auto c) {
                     return at(group_inverses, c / group_size) *
                            (scale.empty() ? 1.0F : at(scale, c));
                   }),
            gather(layout, first, [&](auto c) { return offset.empty() ? 0.0F : at(offset, c); }));
      }
    });
  }
}

// With y = (x - mean) inverse and g = scale dresult, the gradient is
//   dsource = inverse (g - mean over the group of g - y (mean over the group of g y)),
// `common` and `shared` below. Both means need all blocks of an image before the first number can
// be written, so each image is walked over twice, while it is still in a cache; dscale and doffset
// are by-products of the first walk. dsource may be dresult itself: the second walk reads before it
// writes.
template <class Number>
void group_norm_backward(const GroupNormPlan& plan, const Number* source,
                         std::span<const float> scale, std::span<const float> mean,
                         std::span<const float> inverse, const Number* dresult, Number* dsource,
                         const AffineGradients& gradients, GroupNormScratch& scratch) {
  const ChannelLayout& layout = plan.layout;
  const auto channels = static_cast<std::size_t>(layout.channels);
  const std::ptrdiff_t group_size = layout.channels / plan.groups;
  const auto group_values = static_cast<double>(group_size * layout.pixels);
  auto& dscale = scratch.dscale;
  auto& doffset = scratch.doffset;
  auto& common = scratch.common;
  auto& shared = scratch.shared;
  dscale.assign(channels, 0);
  doffset.assign(channels, 0);

  for (std::ptrdiff_t n = 0; n < layout.images; ++n) {
    const auto image_mean = mean.subspan(static_cast<std::size_t>(n * plan.groups));
    const auto image_inverse = inverse.subspan(static_cast<std::size_t>(n * plan.groups));
    const auto mean_of = [&](std::ptrdiff_t c) { return at(image_mean, c / group_size); };
    const auto inverse_of = [&](std::ptrdiff_t c) { return at(image_inverse, c / group_size); };
    const auto scale_of = [&](std::ptrdiff_t c) { return scale.empty() ? 1.0F : at(scale, c); };
    common.assign(static_cast<std::size_t>(plan.groups), 0);
    shared.assign(static_cast<std::size_t>(plan.groups), 0);
    with_block(layout, [&](auto block) {
      constexpr int kBlock = decltype(block)::value;
      for (std::ptrdiff_t first = 0; first < layout.channels; first += kBlock) {
        const auto place = layout.block_begin(n, first);
        BlockSums sums;
        sum_block<kBlock>(source + place, dresult + place, view_of(layout),
                          gather(layout, first, mean_of), gather(layout, first, inverse_of), sums);
        const auto count = std::min<std::ptrdiff_t>(kBlock, layout.channels - first);
        for (std::ptrdiff_t lane = 0; lane < count; ++lane) {
          const std::ptrdiff_t c = first + lane;
          const auto group = static_cast<std::size_t>(c / group_size);
          doffset[static_cast<std::size_t>(c)] += sums.of_gradient[lane];
          dscale[static_cast<std::size_t>(c)] += sums.of_product[lane];
          common[group] += double{scale_of(c)} * sums.of_gradient[lane] / group_values;
          shared[group] += double{scale_of(c)} * sums.of_product[lane] / group_values;
        }
      }
      for (std::ptrdiff_t first = 0; first < layout.channels; first += kBlock) {
        const auto place = layout.block_begin(n, first);
        differentiate_block<kBlock>(
            source + place, dresult + place, dsource + place, view_of(layout),
            gather(layout, first, mean_of), gather(layout, first, inverse_of),
            gather(layout, first, scale_of),
            gather(layout, first,
                   [&](auto c) { return common[static_cast<std::size_t>(c / group_size)]; }),
            gather(layout, first,
                   [&](auto c) { return shared[static_cast<std::size_t>(c / group_size)]; }));
      }
    });
  }
  if (gradients.scale.empty()) return;
  for (std::size_t c = 0; c < channels; ++c) {
    gradients.scale[c] = static_cast<float>(dscale[c]);
    gradients.offset[c] = static_cast<float>(doffset[c]);
  }
}

template void group_norm_forward(const GroupNormPlan&, const float*, std::span<const float>,
                                 std::span<const float>, float*, std::span<float>, std::span<float>,
                                 GroupNormScratch&);
template void group_norm_backward(const GroupNormPlan&, const float*, std::span<const float>,
                                  std::span<const float>, std::span<const float>, const float*,
                                  float*, const AffineGradients&, GroupNormScratch&);

template void group_norm_forward(const GroupNormPlan&, const Bf16*, std::span<const float>,
                                 std::span<const float>, Bf16*, std::span<float>, std::span<float>,
                                 GroupNormScratch&);
template void group_norm_backward(const GroupNormPlan&, const Bf16*, std::span<const float>,
                                  std::span<const float>, std::span<const float>, const Bf16*,
                                  Bf16*, const AffineGradients&, GroupNormScratch&);

}  // namespace whichfirst::engine
