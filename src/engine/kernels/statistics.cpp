#include "engine/kernels/statistics.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "engine/kernels/vector_width.h"

namespace whichfirst::engine {
namespace {

/// Count, mean and sum of squared deviations of what was seen of a channel.
struct Moments {
  double count = 0;
  double mean = 0;
  double squares = 0;

  void merge(double other_count, double other_mean, double other_squares) {
    const double total = count + other_count;
    const double difference = other_mean - mean;
    mean += difference * other_count / total;
    squares += other_squares + difference * difference * count * other_count / total;
    count = total;
  }
};

/// Pixels that are summed in float before they are merged in double; they fit the nearest cache.
constexpr std::ptrdiff_t kChunk = 64;

// A channel's N H W numbers are taken in chunks of 64 pixels. Within a chunk, sums are float and
// two passes are made over memory that lies in the first cache: the mean, then squared deviations
// from it, which loses nothing to cancellation. Chunks are merged in double by Chan's formula
// (Moments). So the cost is one pass over memory at the speed of floats, and the error that of 64
// additions, not of 100,000. E[x^2] - E[x]^2 in one pass would be as fast and wrong where the mean
// is large. kChunk and the order of merging decide the last bits of every network with a bn.
// Source: Chan, Golub and LeVeque 1983, The American Statistician 37(3).

/// Mean and squared deviations of `count` pixels of kBlock channels side by side. Every lane does
/// the same operations in the same order whatever the width of the vectors.
template <int kBlock, class Number>
WHICHFIRST_FOR_EACH_WIDTH void measure_chunk(const Number* source, std::ptrdiff_t count,
                                             std::array<float, kBlock>& mean,
                                             std::array<float, kBlock>& squares) {
  float sum[kBlock] = {};
  for (std::ptrdiff_t p = 0; p < count; ++p) {
    for (int c = 0; c < kBlock; ++c) sum[c] += to_float(source[p * kBlock + c]);
  }
  const float share = 1.0F / static_cast<float>(count);
  for (int c = 0; c < kBlock; ++c) mean[static_cast<std::size_t>(c)] = sum[c] * share;
  float local_mean[kBlock];
  float local_squares[kBlock] = {};
  for (int c = 0; c < kBlock; ++c) local_mean[c] = mean[static_cast<std::size_t>(c)];
  for (std::ptrdiff_t p = 0; p < count; ++p) {
    for (int c = 0; c < kBlock; ++c) {
      const float difference = to_float(source[p * kBlock + c]) - local_mean[c];
      local_squares[c] += difference * difference;
    }
  }
  for (int c = 0; c < kBlock; ++c) squares[static_cast<std::size_t>(c)] = local_squares[c];
}

template <int kBlock, class Number>
void measure_block(const Number* source, const ChannelLayout& layout,
                   std::array<Moments, kBlock>& moments) {
  std::array<float, kBlock> mean{};
  std::array<float, kBlock> squares{};
  for (std::ptrdiff_t n = 0; n < layout.images; ++n) {
    const Number* image = source + n * layout.image_stride;
    for (std::ptrdiff_t p = 0; p < layout.pixels; p += kChunk) {
      const std::ptrdiff_t count = std::min(kChunk, layout.pixels - p);
      measure_chunk<kBlock>(image + p * kBlock, count, mean, squares);
      for (std::size_t c = 0; c < kBlock; ++c) {
        moments[c].merge(static_cast<double>(count), mean[c], squares[c]);
      }
    }
  }
}

template <int kBlock, class Number>
void measure_blocked(const Number* source, const ChannelLayout& layout, std::span<float> mean,
                     std::span<float> variance) {
  for (std::ptrdiff_t first = 0; first < layout.channels; first += kBlock) {
    std::array<Moments, kBlock> moments{};
    measure_block<kBlock>(source + first / kBlock * layout.block_stride, layout, moments);
    const std::ptrdiff_t count = std::min<std::ptrdiff_t>(kBlock, layout.channels - first);
    for (std::ptrdiff_t c = 0; c < count; ++c) {
      const Moments& found = moments[static_cast<std::size_t>(c)];
      mean[static_cast<std::size_t>(first + c)] = static_cast<float>(found.mean);
      variance[static_cast<std::size_t>(first + c)] =
          static_cast<float>(found.squares / found.count);
    }
  }
}

/// Any layout, one number at a time: pictures and vectors in plain order, which are small.
template <class Number>
void measure_plain(const Number* source, const ChannelLayout& layout, std::span<float> mean,
                   std::span<float> variance) {
  for (std::ptrdiff_t c = 0; c < layout.channels; ++c) {
    const Number* channel = source + c / layout.block * layout.block_stride + c % layout.block;
    const auto sum = [&](double centre, bool is_squared) {
      double total = 0;
      for (std::ptrdiff_t n = 0; n < layout.images; ++n) {
        for (std::ptrdiff_t p = 0; p < layout.pixels; ++p) {
          const double value =
              to_float(channel[n * layout.image_stride + p * layout.pixel_stride]) - centre;
          total += is_squared ? value * value : value;
        }
      }
      return total / static_cast<double>(layout.images * layout.pixels);
    };
    const double channel_mean = sum(0, false);
    mean[static_cast<std::size_t>(c)] = static_cast<float>(channel_mean);
    variance[static_cast<std::size_t>(c)] = static_cast<float>(sum(channel_mean, true));
  }
}

}  // namespace

template <class Number>
void measure_channels(const Number* source, const ChannelLayout& layout, std::span<float> mean,
                      std::span<float> variance) {
  check(
      mean.size() == variance.size() && static_cast<std::ptrdiff_t>(mean.size()) == layout.channels,
      "every channel has a mean and a variance");
  const bool is_dense = layout.pixel_stride == layout.block;
  if (layout.block == 8 && is_dense) {
    measure_blocked<8>(source, layout, mean, variance);
  } else if (layout.block == 16 && is_dense) {
    measure_blocked<16>(source, layout, mean, variance);
  } else {
    measure_plain(source, layout, mean, variance);
  }
}

template void measure_channels(const float*, const ChannelLayout&, std::span<float>,
                               std::span<float>);
template void measure_channels(const Bf16*, const ChannelLayout&, std::span<float>,
                               std::span<float>);

}  // namespace whichfirst::engine
