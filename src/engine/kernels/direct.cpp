#include "engine/kernels/direct.h"

#include <algorithm>
#include <new>

#include "base/error.h"
#include "engine/kernels/direct_products.h"
#include "engine/kernels/direct_sums.h"
#include "engine/kernels/direct_windows.h"

namespace whichfirst::engine {
namespace {

constexpr std::ptrdiff_t kBlock = kDirectBlock;
constexpr std::ptrdiff_t kMatrix = kBlock * kBlock;  // weights of a block at one pixel
constexpr std::ptrdiff_t kLine = 16;                 // floats of a cache line

/// Pixels of a band. Where they are summed over, their results in three blocks and their sources in
/// one about fit the first cache.
constexpr std::ptrdiff_t kMostPixels = 1024;
constexpr std::ptrdiff_t kMostSummedPixels = 256;

constexpr std::ptrdiff_t whole_lines(std::ptrdiff_t floats) {
  return quotient_up(floats, kLine) * kLine;
}

Pictures blocked(int channels, std::ptrdiff_t height, std::ptrdiff_t width) {
  return {height, width, quotient_up(channels, kBlock)};
}

Pictures source_of(const DirectShape& shape) {
  if (is_plain(shape)) return {shape.height, shape.width, shape.channels, 1};
  return blocked(shape.channels, shape.height, shape.width);
}

Pictures result_of(const DirectShape& shape) {
  const auto side = [&](int of) {
    return (of + 2 * shape.padding - shape.kernel) / shape.stride + 1;
  };
  return blocked(shape.outputs, side(shape.height), side(shape.width));
}

Windows forward_windows(const DirectShape& shape) {
  const Pictures result = result_of(shape);
  return {.images = shape.images,
          .source = source_of(shape),
          .rows = result.height,
          .columns = result.width,
          .step = shape.stride,
          .side = shape.kernel,
          .lead = shape.padding};
}

/// The gradient of the source is made of windows of the gradient of the result: pixel y of the one
/// takes part in pixel r of the other by pixel k of the kernel where y + padding = r stride + k.
/// So the pixels y = q stride + remainder - padding have one window, that ends with r = q.
Windows backward_windows(const DirectShape& shape) {
  const std::ptrdiff_t side = quotient_up(shape.kernel, shape.stride);
  return {.images = shape.images,
          .source = result_of(shape),
          .rows = (shape.height - 1 + shape.padding) / shape.stride + 1,
          .columns = (shape.width - 1 + shape.padding) / shape.stride + 1,
          .step = 1,
          .side = side,
          .lead = side - 1};
}

/// About how many pieces of results sum_band() makes.
std::ptrdiff_t pieces_of(const Windows& windows, const Band& band, const Pictures& result) {
  constexpr std::ptrdiff_t kPiece = 12;
  return band.images * band.rows * windows.columns * result.groups / kPiece;
}

std::ptrdiff_t weight_floats(const DirectShape& shape) {
  return quotient_up(shape.channels, kBlock) * quotient_up(shape.outputs, kBlock) * shape.kernel *
         shape.kernel * kMatrix;
}

/// Where areas of scratch memory begin, behind a number for each channel made: `more` floats,
/// places of pixels and the copy of a band.
struct ScratchPlan {
  ScratchPlan(const DirectShape& shape, const Bands& bands, std::ptrdiff_t more_floats)
      : more(whole_lines(std::max(shape.channels, shape.outputs) + kBlock)),
        places(more + whole_lines(more_floats)),
        copy(places + whole_lines(2 * bands.most_pixels())),
        end(copy + whole_lines(bands.copy_floats())) {}

  PixelPlace* places_in(float* scratch, const Bands& bands) const {
    static_assert(sizeof(PixelPlace) == 2 * sizeof(float));
    return new (scratch + places) PixelPlace[static_cast<std::size_t>(bands.most_pixels())];
  }

  std::ptrdiff_t more;
  std::ptrdiff_t places;
  std::ptrdiff_t copy;
  std::ptrdiff_t end;
};

/// A pass: its windows, bands and scratch memory.
struct Pass {
  Pass(const DirectShape& shape, const Windows& of, std::ptrdiff_t most_pixels,
       std::ptrdiff_t more_floats_a_pixel, std::ptrdiff_t more_floats)
      : windows(of),
        bands(of, most_pixels),
        plan(shape, bands, more_floats + more_floats_a_pixel * bands.most_pixels()) {}

  Windows windows;
  Bands bands;
  ScratchPlan plan;
};

Pass forward_pass(const DirectShape& shape) {
  return {shape, forward_windows(shape), kMostPixels, 0, 0};
}
/// Keeps exchanged weights.
Pass backward_data_pass(const DirectShape& shape) {
  return {shape, backward_windows(shape), kMostPixels, 0, weight_floats(shape)};
}
/// Keeps gathered results.
Pass backward_weights_pass(const DirectShape& shape) {
  return {shape, forward_windows(shape), kMostSummedPixels, kMostBlocksAtOnce * kBlock, 0};
}

}  // namespace

bool is_plain(const DirectShape& shape) { return shape.channels < kDirectBlock; }

bool is_direct_faster(const DirectShape& shape) {
  // Times of all passes against oneDNN 2.6.3's (jit:avx2), batch 32 and 128, in alternation on one
  // core of a Zen 3, with more pictures than its caches hold. Where this says yes oneDNN's time was
  // 1.1 to 1.4 times ours: by pass, 1.0 to 1.5 forward, 0.9 to 1.2 for the gradient of the source
  // (0.6 to 0.8 on pictures of 3x3 and less, whose borders oneDNN leaves out) and 1.1 to 1.5 for
  // that of the weights (3 to 6 on 2x2 and less, and of 1 or 2 plain channels). Where it says no:
  // kernels of 1x1 0.5 to 0.95, of 2x2 0.9; 8 channels to 8 1.0; 3 plain channels 0.8 to 1.0 with
  // 3x3 and 7x7, 1.1 with 5x5.
  constexpr int kLargestKernel = 7;
  constexpr int kLargestStride = 2;
  if (shape.kernel < 3 || shape.kernel > kLargestKernel || shape.stride > kLargestStride) {
    return false;
  }
  if (is_plain(shape)) return shape.channels <= 2 || (shape.kernel == 5 && shape.outputs > kBlock);
  return std::max(shape.channels, shape.outputs) > kBlock;
}

std::size_t direct_scratch(const DirectShape& shape) {
  check(shape.kernel * shape.kernel <= kMostTaps, "the kernel is at most 7x7");
  return static_cast<std::size_t>(
      std::max({forward_pass(shape).plan.end, backward_data_pass(shape).plan.end,
                backward_weights_pass(shape).plan.end}));
}

void direct_forward(const DirectShape& shape, const ForwardPlaces& places) {
  const Pass pass = forward_pass(shape);
  const Windows& windows = pass.windows;
  const Lattice lattice{.result = result_of(shape)};
  const Taps taps = all_taps(windows.side);
  float* bias = places.scratch;
  float* copy = places.scratch + pass.plan.copy;
  PixelPlace* pixels = pass.plan.places_in(places.scratch, pass.bands);
  std::fill_n(bias, pass.plan.more, 0.0F);
  if (places.bias != nullptr) std::copy_n(places.bias, shape.outputs, bias);
  Finish finish{.bias = bias};
  if (places.cuts) finish.least = 0;
  pass.bands.for_each([&](const Band& band, const Band& next) {
    copy_band(windows, band, places.src, copy);
    Ahead ahead = copy_ahead(windows, next, places.src);
    ahead.spread(pieces_of(windows, band, lattice.result));
    sum_band({windows, lattice, taps, band, copy, pixels}, places.weights, finish, places.dst,
             ahead);
  });
}

void direct_backward_data(const DirectShape& shape, const BackwardDataPlaces& places) {
  const Pass pass = backward_data_pass(shape);
  const Windows& windows = pass.windows;
  float* bias = places.scratch;
  float* copy = places.scratch + pass.plan.copy;
  PixelPlace* pixels = pass.plan.places_in(places.scratch, pass.bands);
  const Pictures result = source_of(shape);
  const std::ptrdiff_t kernel = shape.kernel;
  const std::ptrdiff_t stride = shape.stride;
  // visit(lattice, taps, weights) for each pair of remainders of rows and columns.
  const auto for_each_lattice = [&](const auto& visit) {
    float* weights = places.scratch + pass.plan.more;
    for (std::ptrdiff_t row = 0; row < stride; ++row) {
      for (std::ptrdiff_t column = 0; column < stride; ++column) {
        Taps taps;
        for (std::ptrdiff_t y = row; y < kernel; y += stride) {
          for (std::ptrdiff_t x = column; x < kernel; x += stride) {
            taps.add(y * kernel + x, windows.lead - y / stride, windows.lead - x / stride);
          }
        }
        visit(Lattice{result, stride, row - shape.padding, column - shape.padding}, taps, weights);
        weights += taps.count * result.groups * windows.source.groups * kMatrix;
      }
    }
  };
  for_each_lattice([&](const Lattice&, const Taps& taps, float* to) {
    for (std::ptrdiff_t i = 0; i < result.groups; ++i) {
      for (std::ptrdiff_t o = 0; o < windows.source.groups; ++o) {
        const float* from = places.weights + (o * result.groups + i) * kernel * kernel * kMatrix;
        for (std::ptrdiff_t t = 0; t < taps.count; ++t) {
          transpose_block(from + taps.kernel_places[static_cast<std::size_t>(t)] * kMatrix, to);
          to += kMatrix;
        }
      }
    }
  });
  std::fill_n(bias, pass.plan.more, 0.0F);
  pass.bands.for_each([&](const Band& band, const Band& next) {
    copy_band(windows, band, places.ddst, copy);
    Ahead ahead = copy_ahead(windows, next, places.ddst);
    ahead.spread(stride * stride * pieces_of(windows, band, result));
    for_each_lattice([&](const Lattice& lattice, const Taps& taps, const float* weights) {
      sum_band({windows, lattice, taps, band, copy, pixels}, weights, {.bias = bias}, places.dsrc,
               ahead);
    });
  });
}

void direct_backward_weights(const DirectShape& shape, const BackwardWeightsPlaces& places) {
  const Pass pass = backward_weights_pass(shape);
  const Windows& windows = pass.windows;
  const Lattice lattice{.result = result_of(shape)};
  const Pictures& result = lattice.result;
  const Taps taps = all_taps(windows.side);
  float* sums = places.scratch;
  float* gathered = places.scratch + pass.plan.more;
  float* padded = places.scratch + pass.plan.copy;
  PixelPlace* pixels = pass.plan.places_in(places.scratch, pass.bands);
  // Rows of weights that are handled together: those of a block of channels, or of all plain ones.
  const bool plain = is_plain(shape);
  const std::ptrdiff_t parts = plain ? 1 : windows.source.groups;
  const std::ptrdiff_t channels = plain ? windows.source.groups : kBlock;
  WeightRows rows{.count = taps.count * channels,
                  .weights_step = parts * taps.count * channels * kBlock};
  std::fill_n(sums, pass.plan.more, 0.0F);
  std::fill_n(places.dweights, result.groups * rows.weights_step, 0.0F);
  Offsets offsets;
  rows.offsets = offsets.data();
  Band placed{.images = 0};
  pass.bands.for_each([&](const Band& band, const Band& next) {
    const Pictures copy = windows.padded(band.rows);
    const std::ptrdiff_t pixel_count = band.images * band.rows * windows.columns;
    if (band.images != placed.images || band.rows != placed.rows) {
      placed = band;
      place_pixels(windows, lattice, band, pixels);
      std::size_t row = 0;
      for (std::ptrdiff_t tap = 0; tap < taps.count; ++tap) {
        for (std::ptrdiff_t c = 0; c < channels; ++c) {
          offsets[row++] = taps.offset(tap, copy) + c * (plain ? copy.group() : 1);
        }
      }
    }
    copy_band(windows, band, places.src, padded);
    Ahead copy_next = copy_ahead(windows, next, places.src);
    copy_next.spread(result.groups * parts * rows.count / 12);
    for (std::ptrdiff_t block = 0; block < result.groups; block += rows.blocks) {
      rows.blocks = most_blocks_at_once(result.groups - block);
      gather_band(result, band, {block, rows.blocks}, places.ddst, gathered);
      if (places.dbias != nullptr) {
        add_pixels(gathered, pixel_count, rows.blocks, sums + block * kBlock);
      }
      const std::ptrdiff_t after = block + rows.blocks;
      const bool is_last = after == result.groups;
      Ahead gather_next =
          gather_ahead(result, is_last ? next : band,
                       is_last ? Blocks{0, most_blocks_at_once(result.groups)}
                               : Blocks{after, most_blocks_at_once(result.groups - after)},
                       places.ddst);
      gather_next.spread(rows.count / 6);
      for (std::ptrdiff_t part = 0; part < parts; ++part) {
        rows.weights = places.dweights + block * rows.weights_step + part * rows.count * kBlock;
        add_products(rows, padded + part * copy.group(), pixels, gathered, pixel_count,
                     part == 0 ? gather_next : copy_next);
      }
    }
  });
  if (places.dbias != nullptr) std::copy_n(sums, shape.outputs, places.dbias);
}

}  // namespace whichfirst::engine
