#include "engine/kernels/prelu.h"

#include <algorithm>
#include <vector>

#include "engine/kernels/channel_blocks.h"
#include "engine/kernels/vector_width.h"

namespace whichfirst::engine {
namespace {

template <int kBlock, class Number>
WHICHFIRST_FOR_EACH_WIDTH void rectify_block(const Number* source, Number* result,
                                             const BlockView& view, const Lanes& slope) {
  for (std::ptrdiff_t p = 0; p < view.pixels; ++p) {
    for (int c = 0; c < kBlock; ++c) {
      const float x = to_float(source[p * view.stride + c]);
      result[p * view.stride + c] = from_float<Number>(x > 0 ? x : x * slope.values[c]);
    }
  }
}

/// Adds the sums over the pixels of dresult x where x <= 0 to `sums`.
template <int kBlock, class Number>
WHICHFIRST_FOR_EACH_WIDTH void differentiate_block(const Number* source, const Number* dresult,
                                                   Number* dsource, const BlockView& view,
                                                   const Lanes& slope, double* sums) {
  constexpr std::ptrdiff_t kChunk = 64;  // pixels summed in float before they are added in double
  for (std::ptrdiff_t begin = 0; begin < view.pixels; begin += kChunk) {
    float sum[kBlock] = {};
    const std::ptrdiff_t end = std::min(begin + kChunk, view.pixels);
    for (std::ptrdiff_t p = begin; p < end; ++p) {
      for (int c = 0; c < kBlock; ++c) {
        const float x = to_float(source[p * view.stride + c]);
        const float dy = to_float(dresult[p * view.stride + c]);
        dsource[p * view.stride + c] = from_float<Number>(x > 0 ? dy : dy * slope.values[c]);
        sum[c] += x > 0 ? 0.0F : dy * x;
      }
    }
    for (int c = 0; c < kBlock; ++c) sums[c] += sum[c];
  }
}

/// Calls visit(std::integral_constant<int, block>, first channel, place, slopes) for every block
/// of every image.
template <class Visit>
void visit_blocks(const ChannelLayout& layout, std::span<const float> slope, const Visit& visit) {
  with_block(layout, [&](auto block) {
    for (std::ptrdiff_t first = 0; first < layout.channels; first += layout.block) {
      const Lanes slopes = gather(layout, first, [&](auto c) { return at(slope, c); });
      for (std::ptrdiff_t n = 0; n < layout.images; ++n) {
        visit(block, first, layout.block_begin(n, first), slopes);
      }
    }
  });
}

}  // namespace

template <class Number>
void prelu_forward(const ChannelLayout& layout, const Number* source, std::span<const float> slope,
                   Number* result) {
  visit_blocks(layout, slope, [&](auto block, auto, std::ptrdiff_t place, const Lanes& slopes) {
    rectify_block<decltype(block)::value>(source + place, result + place, view_of(layout), slopes);
  });
}

template <class Number>
void prelu_backward(const ChannelLayout& layout, const Number* source, std::span<const float> slope,
                    const Number* dresult, Number* dsource, std::span<float> dslope) {
  std::vector<double> sums(dslope.size() + kWidestBlock);
  visit_blocks(layout, slope,
               [&](auto block, std::ptrdiff_t first, std::ptrdiff_t place, const Lanes& slopes) {
                 differentiate_block<decltype(block)::value>(source + place, dresult + place,
                                                             dsource + place, view_of(layout),
                                                             slopes, sums.data() + first);
               });
  std::transform(sums.begin(), sums.begin() + std::ssize(dslope), dslope.begin(),
                 [](double sum) { return static_cast<float>(sum); });
}

template void prelu_forward(const ChannelLayout&, const float*, std::span<const float>, float*);
template void prelu_forward(const ChannelLayout&, const Bf16*, std::span<const float>, Bf16*);
template void prelu_backward(const ChannelLayout&, const float*, std::span<const float>,
                             const float*, float*, std::span<float>);
template void prelu_backward(const ChannelLayout&, const Bf16*, std::span<const float>, const Bf16*,
                             Bf16*, std::span<float>);

}  // namespace whichfirst::engine
