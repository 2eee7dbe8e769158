#include "engine/kernels/direct.h"

#include <algorithm>
#include <array>
#include <new>

#include "base/error.h"
#include "engine/kernels/convolution.h"

namespace whichfirst::engine {
namespace {

constexpr std::ptrdiff_t kMostTaps = kLargestDirectKernel * kLargestDirectKernel;
/// Offsets of what windows read, or of rows of weights.
using Offsets = std::array<std::ptrdiff_t, kMostTaps * kBlock>;

/// Pixels of a kernel that take part in the same results, and places in windows where they read.
struct Taps {
  void add(std::ptrdiff_t kernel_place, std::ptrdiff_t row, std::ptrdiff_t column) {
    const auto t = static_cast<std::size_t>(count++);
    kernel_places[t] = kernel_place;
    rows[t] = row;
    columns[t] = column;
  }
  std::ptrdiff_t offset(std::ptrdiff_t tap, const Pictures& copy) const {
    const auto t = static_cast<std::size_t>(tap);
    return rows[t] * copy.row() + columns[t] * copy.group_channels;
  }

  std::ptrdiff_t count = 0;
  std::array<std::ptrdiff_t, kMostTaps> kernel_places;
  std::array<std::ptrdiff_t, kMostTaps> rows;
  std::array<std::ptrdiff_t, kMostTaps> columns;
};

/// Which of the results are made of windows: window q makes pixel q step + lead, if there is such.
struct OutputGrid {
  Pictures result;
  std::ptrdiff_t step = 1;
  std::ptrdiff_t row_lead = 0;
  std::ptrdiff_t column_lead = 0;
};

/// The weights of two blocks of outputs that are used at once: a share of the first cache.
constexpr std::ptrdiff_t kWeightFloats = 5 << 10;

/// The windows, from `least` on and before `most`, that make pixels of `size`.
std::ptrdiff_t first_of(const OutputGrid& grid, std::ptrdiff_t lead, std::ptrdiff_t least) {
  return std::max(least, quotient_up(std::max<std::ptrdiff_t>(-lead, 0), grid.step));
}
std::ptrdiff_t end_of(const OutputGrid& grid, std::ptrdiff_t lead, std::ptrdiff_t most,
                      std::ptrdiff_t size) {
  return std::min(most, quotient_up(std::max<std::ptrdiff_t>(size - lead, 0), grid.step));
}

/// Of a whole kernel.
Taps all_taps(std::ptrdiff_t side) {
  Taps taps;
  for (std::ptrdiff_t y = 0; y < side; ++y) {
    for (std::ptrdiff_t x = 0; x < side; ++x) taps.add(y * side + x, y, x);
  }
  return taps;
}

/// Writes where the windows of a row block begin in its copy, and where their results lie from the
/// rows's first picture on; returns the end.
PixelPlace* place_pixels(const Windows& windows, const OutputGrid& grid, const RowBlock& slice,
                         PixelPlace* to) {
  const Pictures copy = windows.padded(slice.rows);
  const Pictures& result = grid.result;
  const std::ptrdiff_t end_row = end_of(grid, grid.row_lead, slice.row + slice.rows, result.height);
  const std::ptrdiff_t first_column = first_of(grid, grid.column_lead, 0);
  const std::ptrdiff_t end_column = end_of(grid, grid.column_lead, windows.columns, result.width);
  for (std::ptrdiff_t image = 0; image < slice.images; ++image) {
    for (std::ptrdiff_t row = first_of(grid, grid.row_lead, slice.row); row < end_row; ++row) {
      const std::ptrdiff_t source =
          image * copy.floats() + (row - slice.row) * windows.step * copy.row();
      const std::ptrdiff_t place = image * result.floats() +
                                   (row * grid.step + grid.row_lead) * result.row() +
                                   grid.column_lead * kBlock;
      for (std::ptrdiff_t column = first_column; column < end_column; ++column) {
        *to++ = {static_cast<std::int32_t>(source + column * windows.step * copy.group_channels),
                 static_cast<std::int32_t>(place + column * grid.step * kBlock)};
      }
    }
  }
  return to;
}

/// A row block and how it is summed. `places` is memory for its pixels'.
struct BlockSums {
  const Windows& windows;
  const OutputGrid& grid;
  const Taps& taps;
  const RowBlock& slice;
  const float* copy = nullptr;
  PixelPlace* places = nullptr;
};

/// The results of a row block. `weights` lie in blocks of 8 outputs, and in these, for each group
/// of channels and each tap, 8 numbers a channel; those of plain channels for each tap. The bias is
/// there and padded to blocks.
void sum_block(const BlockSums& sums, const float* weights, const Finish& finish, float* results,
               Prefetch& ahead) {
  const Pictures copy = sums.windows.padded(sums.slice.rows);
  const Pictures& result = sums.grid.result;
  const std::ptrdiff_t plain_channels = copy.is_plain() ? copy.groups : 1;  // then all in one group
  const std::ptrdiff_t groups = copy.is_plain() ? 1 : copy.groups;
  const std::ptrdiff_t terms_a_group = sums.taps.count * plain_channels;
  const std::ptrdiff_t weights_a_group = terms_a_group * copy.group_channels * kBlock;
  const std::ptrdiff_t groups_at_once = std::max<std::ptrdiff_t>(
      kWeightFloats / (2 * std::max<std::ptrdiff_t>(weights_a_group, kBlock * kBlock)), 1);
  Offsets offsets;
  std::size_t count = 0;
  for (std::ptrdiff_t group = 0; group < std::min(groups, groups_at_once); ++group) {
    for (std::ptrdiff_t tap = 0; tap < sums.taps.count; ++tap) {
      for (std::ptrdiff_t c = 0; c < plain_channels; ++c) {
        offsets[count++] = (group + c) * copy.group() + sums.taps.offset(tap, copy);
      }
    }
  }
  const PixelPlace* end = place_pixels(sums.windows, sums.grid, sums.slice, sums.places);
  Terms terms{.channels = copy.group_channels, .offsets = offsets.data()};
  Outputs outputs{.weights_step = groups * weights_a_group, .results_step = result.group()};
  results += sums.slice.image * result.floats();
  for (std::ptrdiff_t block = 0; block < result.groups; block += outputs.blocks) {
    outputs.blocks = blocks_at_once(result.groups - block);
    outputs.results = results + block * result.group();
    for (std::ptrdiff_t group = 0; group < groups; group += groups_at_once) {
      terms.count = std::min(groups_at_once, groups - group) * terms_a_group;
      outputs.weights = weights + block * outputs.weights_step + group * weights_a_group;
      outputs.finish = {};
      if (group == 0) outputs.finish.bias = finish.bias + block * kBlock;
      if (group + groups_at_once >= groups) outputs.finish.least = finish.least;
      sum_terms(terms, outputs, sums.copy + group * copy.group(), sums.places, end - sums.places,
                ahead);
    }
  }
}

/// Pixels of a row block. Where they are summed over, their results in three blocks and their
/// sources in one about fit the first cache.
constexpr std::ptrdiff_t kMostPixels = 1024;
constexpr std::ptrdiff_t kMostSummedPixels = 256;

constexpr std::ptrdiff_t whole_lines(std::ptrdiff_t floats) {
  return quotient_up(floats, kLine) * kLine;
}

Pictures source_of(const ConvolutionShape& shape) {
  if (is_plain(shape)) return {shape.height, shape.width, shape.channels, 1};
  return blocked(shape.channels, shape.height, shape.width);
}

Pictures result_of(const ConvolutionShape& shape) {
  return blocked(shape.outputs, shape.result_side(shape.height), shape.result_side(shape.width));
}

Windows forward_windows(const ConvolutionShape& shape) {
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
Windows backward_windows(const ConvolutionShape& shape) {
  const std::ptrdiff_t side = quotient_up(shape.kernel, shape.stride);
  return {.images = shape.images,
          .source = result_of(shape),
          .rows = (shape.height - 1 + shape.padding) / shape.stride + 1,
          .columns = (shape.width - 1 + shape.padding) / shape.stride + 1,
          .step = 1,
          .side = side,
          .lead = side - 1};
}

/// About how many pieces of results sum_block() makes.
std::ptrdiff_t pieces_of(const Windows& windows, const RowBlock& slice, const Pictures& result) {
  constexpr std::ptrdiff_t kPiece = 12;
  return slice.images * slice.rows * windows.columns * result.groups / kPiece;
}

std::ptrdiff_t weight_floats(const ConvolutionShape& shape) {
  return quotient_up(shape.channels, kBlock) * quotient_up(shape.outputs, kBlock) * shape.kernel *
         shape.kernel * kMatrix;
}

/// A pass: its windows and row blocks, and where areas of scratch memory begin, behind a number for
/// each channel made: `more` floats, places of pixels and the copy of a row block.
struct Pass {
  Pass(const ConvolutionShape& shape, const Windows& of, std::ptrdiff_t most_pixels,
       std::ptrdiff_t more_floats_a_pixel, std::ptrdiff_t more_floats)
      : windows(of),
        row_blocks(of, most_pixels),
        more(whole_lines(std::max(shape.channels, shape.outputs) + kBlock)),
        places(more + whole_lines(more_floats + more_floats_a_pixel * row_blocks.most_pixels())),
        copy(places + whole_lines(2 * row_blocks.most_pixels())),
        end(copy + whole_lines(row_blocks.copy_floats())) {}

  PixelPlace* places_in(float* scratch) const {
    static_assert(sizeof(PixelPlace) == 2 * sizeof(float));
    return new (scratch + places) PixelPlace[static_cast<std::size_t>(row_blocks.most_pixels())];
  }

  Windows windows;
  RowBlocks row_blocks;
  std::ptrdiff_t more;
  std::ptrdiff_t places;
  std::ptrdiff_t copy;
  std::ptrdiff_t end;
};

Pass forward_pass(const ConvolutionShape& shape) {
  return {shape, forward_windows(shape), kMostPixels, 0, 0};
}
/// Keeps exchanged weights.
Pass backward_data_pass(const ConvolutionShape& shape) {
  return {shape, backward_windows(shape), kMostPixels, 0, weight_floats(shape)};
}
/// Keeps gathered results.
Pass backward_weights_pass(const ConvolutionShape& shape) {
  return {shape, forward_windows(shape), kMostSummedPixels, kMostBlocksAtOnce * kBlock, 0};
}

bool is_faster(const ConvolutionShape& shape) {
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
  if (shape.channels < kBlock && shape.is_padded) return false;
  if (is_plain(shape)) return shape.channels <= 2 || (shape.kernel == 5 && shape.outputs > kBlock);
  return std::max(shape.channels, shape.outputs) > kBlock;
}

std::size_t scratch_of(const ConvolutionShape& shape) {
  check(shape.kernel * shape.kernel <= kMostTaps, "the kernel is at most 31x31");
  return static_cast<std::size_t>(std::max(
      {forward_pass(shape).end, backward_data_pass(shape).end, backward_weights_pass(shape).end}));
}

void forward(const ConvolutionShape& shape, const ForwardPlaces& places) {
  const Pass pass = forward_pass(shape);
  const Windows& windows = pass.windows;
  const OutputGrid grid{.result = result_of(shape)};
  const Taps taps = all_taps(windows.side);
  float* bias = places.scratch;
  float* copy = places.scratch + pass.copy;
  PixelPlace* pixels = pass.places_in(places.scratch);
  std::fill_n(bias, pass.more, 0.0F);
  if (places.bias != nullptr) std::copy_n(places.bias, shape.outputs, bias);
  Finish finish{.bias = bias};
  if (places.is_with_relu) finish.least = 0;
  pass.row_blocks.for_each([&](const RowBlock& slice, const RowBlock& next) {
    copy_block(windows, slice, places.src, copy);
    Prefetch ahead = copy_ahead(windows, next, places.src);
    ahead.spread(pieces_of(windows, slice, grid.result));
    sum_block({windows, grid, taps, slice, copy, pixels}, places.weights, finish, places.dst,
              ahead);
  });
}

// With a stride s, pixel y of the source is read by those pixels of the kernel that have the same
// remainder as y + padding. So the gradient of the source falls apart into s x s grids of pixels,
// and each is a convolution of ddst with stride 1 by a part of the kernel (Taps): no multiplication
// with the zeros that dilating ddst would insert. All grids share the copied row block and its
// windows; only taps, weights and where results lie differ. The weights are transposed once, per
// grid, into scratch memory, since inputs and outputs change roles.
void backward_data(const ConvolutionShape& shape, const BackwardDataPlaces& places) {
  const Pass pass = backward_data_pass(shape);
  const Windows& windows = pass.windows;
  float* bias = places.scratch;
  float* copy = places.scratch + pass.copy;
  PixelPlace* pixels = pass.places_in(places.scratch);
  const Pictures result = source_of(shape);
  const std::ptrdiff_t kernel = shape.kernel;
  const std::ptrdiff_t stride = shape.stride;
  // visit(grid, taps, weights) for each pair of remainders of rows and columns.
  const auto for_each_grid = [&](const auto& visit) {
    float* weights = places.scratch + pass.more;
    for (std::ptrdiff_t row = 0; row < stride; ++row) {
      for (std::ptrdiff_t column = 0; column < stride; ++column) {
        Taps taps;
        for (std::ptrdiff_t y = row; y < kernel; y += stride) {
          for (std::ptrdiff_t x = column; x < kernel; x += stride) {
            taps.add(y * kernel + x, windows.lead - y / stride, windows.lead - x / stride);
          }
        }
        visit(OutputGrid{result, stride, row - shape.padding, column - shape.padding}, taps,
              weights);
        weights += taps.count * result.groups * windows.source.groups * kMatrix;
      }
    }
  };
  for_each_grid([&](const OutputGrid&, const Taps& taps, float* to) {
    for (std::ptrdiff_t i = 0; i < result.groups; ++i) {
      for (std::ptrdiff_t o = 0; o < windows.source.groups; ++o) {
        const float* from = places.weights + (o * result.groups + i) * kernel * kernel * kMatrix;
        for (std::ptrdiff_t t = 0; t < taps.count; ++t) {
          transpose_weights(from + taps.kernel_places[static_cast<std::size_t>(t)] * kMatrix, to);
          to += kMatrix;
        }
      }
    }
  });
  std::fill_n(bias, pass.more, 0.0F);
  pass.row_blocks.for_each([&](const RowBlock& slice, const RowBlock& next) {
    copy_block(windows, slice, places.ddst, copy);
    Prefetch ahead = copy_ahead(windows, next, places.ddst);
    ahead.spread(stride * stride * pieces_of(windows, slice, result));
    for_each_grid([&](const OutputGrid& grid, const Taps& taps, const float* weights) {
      sum_block({windows, grid, taps, slice, copy, pixels}, weights, {.bias = bias}, places.dsrc,
                ahead);
    });
  });
}

// For each row block of results: copy what its windows read, gather the gradients of up to 3 blocks
// of outputs so that a pixel's numbers lie together (one stream of loads instead of three), and add
// the products for every block of inputs. The next row block's source and the next gradients are
// asked for while the products run (Prefetch): processors do not foresee jumps from plane to plane.
void backward_weights(const ConvolutionShape& shape, const BackwardWeightsPlaces& places) {
  const Pass pass = backward_weights_pass(shape);
  const Windows& windows = pass.windows;
  const OutputGrid grid{.result = result_of(shape)};
  const Pictures& result = grid.result;
  const Taps taps = all_taps(windows.side);
  float* sums = places.scratch;
  float* gathered = places.scratch + pass.more;
  float* padded = places.scratch + pass.copy;
  PixelPlace* pixels = pass.places_in(places.scratch);
  // Rows of weights that are handled together: those of a block of channels, or of all plain ones.
  const bool plain = is_plain(shape);
  const std::ptrdiff_t parts = plain ? 1 : windows.source.groups;
  const std::ptrdiff_t channels = plain ? windows.source.groups : kBlock;
  WeightRows rows{.count = taps.count * channels,
                  .weights_step = parts * taps.count * channels * kBlock};
  std::fill_n(sums, pass.more, 0.0F);
  std::fill_n(places.dweights, result.groups * rows.weights_step, 0.0F);
  Offsets offsets;
  rows.offsets = offsets.data();
  RowBlock placed{.images = 0};
  pass.row_blocks.for_each([&](const RowBlock& slice, const RowBlock& next) {
    const Pictures copy = windows.padded(slice.rows);
    const std::ptrdiff_t pixel_count = slice.images * slice.rows * windows.columns;
    if (slice.images != placed.images || slice.rows != placed.rows) {
      placed = slice;
      place_pixels(windows, grid, slice, pixels);
      std::size_t row = 0;
      for (std::ptrdiff_t tap = 0; tap < taps.count; ++tap) {
        for (std::ptrdiff_t c = 0; c < channels; ++c) {
          offsets[row++] = taps.offset(tap, copy) + c * (plain ? copy.group() : 1);
        }
      }
    }
    copy_block(windows, slice, places.src, padded);
    Prefetch copy_next = copy_ahead(windows, next, places.src);
    copy_next.spread(result.groups * parts * rows.count / 12);
    for (std::ptrdiff_t block = 0; block < result.groups; block += rows.blocks) {
      rows.blocks = most_blocks_at_once(result.groups - block);
      gather_block(result, slice, {block, rows.blocks}, places.ddst, gathered);
      if (places.dbias != nullptr) {
        add_pixels(gathered, pixel_count, rows.blocks, sums + block * kBlock);
      }
      const std::ptrdiff_t after = block + rows.blocks;
      const bool is_last = after == result.groups;
      Prefetch gather_next =
          gather_ahead(result, is_last ? next : slice,
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

}  // namespace

bool is_plain(const ConvolutionShape& shape) { return shape.channels < kBlock && !shape.is_padded; }

const ConvolutionKernels kDirect = {.name = "own:direct",
                                    .is_faster = is_faster,
                                    .scratch = scratch_of,
                                    .forward = forward,
                                    .backward_data = backward_data,
                                    .backward_weights = backward_weights};

}  // namespace whichfirst::engine
