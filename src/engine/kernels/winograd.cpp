#include "engine/kernels/winograd.h"

#include <algorithm>

#include "engine/kernels/convolution.h"

namespace whichfirst::engine {
namespace {

/// Tiles are handled in groups whose values at the points fit the second cache, or a share of the
/// third where weights are reduced over tiles, which takes a pass over all weights a group.
constexpr std::ptrdiff_t kGroupBytes = 320 << 10;
constexpr std::ptrdiff_t kReducedGroupBytes = 1 << 20;

/// One pass from pictures to pictures, and how its tiles, groups and scratch memory lie. In scratch
/// memory values at a point lie as activations do, in blocks of 8 channels. Planes begin a cache
/// line beyond a round number, so that the 36 values of a pixel do not all compete for the same few
/// places of a cache.
struct Pass {
  Pass(const ConvolutionShape& shape, std::ptrdiff_t group_bytes)
      : images(shape.images),
        padding(shape.padding),
        source(blocked(shape.channels, shape.height, shape.width)),
        result(blocked(shape.outputs, shape.result_side(shape.height),
                       shape.result_side(shape.width))),
        rows(quotient_up(result.height, kWinogradTile)),
        columns(quotient_up(result.width, kWinogradTile)) {
    constexpr std::ptrdiff_t kLeast = 24;
    constexpr std::ptrdiff_t kMost = 96;
    const auto tile_bytes = (source.channels() + result.channels()) * kWinogradPoints *
                            static_cast<std::ptrdiff_t>(sizeof(float));
    group = std::min(std::clamp(group_bytes / tile_bytes, kLeast, kMost), tiles());
    group = quotient_up(group, kTilesAtOnce) * kTilesAtOnce;
  }

  std::ptrdiff_t tiles() const { return images * rows * columns; }
  std::ptrdiff_t block_step() const { return group * kBlock; }
  ProductSizes sizes(std::ptrdiff_t count) const {
    return {count, source.channels(), result.channels(), block_step()};
  }

  // Scratch memory: a number a channel made; weights, patches and products at the points.
  std::ptrdiff_t weight_plane() const { return source.channels() * result.channels() + kLine; }
  std::ptrdiff_t patch_plane() const { return group * source.channels() + kLine; }
  std::ptrdiff_t product_plane() const { return group * result.channels() + kLine; }
  float* weights(float* scratch) const { return scratch + result.channels(); }
  float* patches(float* scratch) const {
    return weights(scratch) + kWinogradPoints * weight_plane();
  }
  float* products(float* scratch) const {
    return patches(scratch) + kWinogradPoints * patch_plane();
  }
  std::ptrdiff_t scratch_floats() const {
    return result.channels() + kWinogradPoints * (weight_plane() + patch_plane() + product_plane());
  }

  std::ptrdiff_t images;
  std::ptrdiff_t padding;
  Pictures source;
  Pictures result;
  std::ptrdiff_t rows;     // of tiles in a picture
  std::ptrdiff_t columns;  // of tiles in a picture
  std::ptrdiff_t group = 0;
};

/// Backward data is a convolution too: of the gradient, with turned kernels.
ConvolutionShape backward_shape(const ConvolutionShape& shape) {
  return {.images = shape.images,
          .channels = shape.outputs,
          .outputs = shape.channels,
          .height = shape.result_side(shape.height),
          .width = shape.result_side(shape.width),
          .padding = 2 - shape.padding};
}

/// Walks over the tiles of all pictures, row by row.
struct Tile {
  Tile(const Pass& of, std::ptrdiff_t index)
      : pass(of),
        image(index / (of.rows * of.columns)),
        row(index / of.columns % of.rows),
        column(index % of.columns) {}

  void advance() {
    if (++column < pass.columns) return;
    column = 0;
    if (++row < pass.rows) return;
    row = 0;
    ++image;
  }
  Corner corner() const { return {row * kWinogradTile, column * kWinogradTile}; }
  /// Where its patch begins.
  Corner patch_corner() const { return {corner().y - pass.padding, corner().x - pass.padding}; }

  const Pass& pass;
  std::ptrdiff_t image;
  std::ptrdiff_t row;
  std::ptrdiff_t column;
};

/// Asks for the lines of the tile at `corner` and of the row below it.
void prefetch(const Pictures& pictures, const float* pixels, Corner corner) {
  const std::ptrdiff_t end = std::min(corner.y + kWinogradTile + 1, pictures.height);
  for (std::ptrdiff_t y = corner.y; y < end; ++y) {
    const float* row = pixels + (y * pictures.width + corner.x) * kBlock;
    __builtin_prefetch(row);
    __builtin_prefetch(row + kLine);
  }
}

struct Group {
  std::ptrdiff_t first = 0;
  std::ptrdiff_t count = 0;
};

/// Calls visit(tile, block, its picture's pixels in that block of channels, place) for each block
/// and each tile of the group; `place` is the tile's in a plane of scratch memory. The lines of a
/// tile are asked for a few tiles before: no processor foresees the order in which they are read,
/// and without it a pass takes half as long again where pictures come from memory (measured).
template <class Pixels, class Visit>
void for_each_tile(const Pass& pass, const Group& group, const Pictures& pictures, Pixels* pixels,
                   Visit visit) {
  constexpr std::ptrdiff_t kAhead = 4;
  for (std::ptrdiff_t block = 0; block < pictures.groups; ++block) {
    Tile tile(pass, group.first);
    Tile ahead(pass, group.first + kAhead);
    for (std::ptrdiff_t t = 0; t < group.count; ++t) {
      if (ahead.image < pass.images) {
        prefetch(pictures, pixels + ahead.image * pictures.floats(), ahead.corner());
      }
      visit(tile, block, pixels + tile.image * pictures.floats(),
            block * pass.block_step() + t * kBlock);
      tile.advance();
      ahead.advance();
    }
    pixels += pictures.group();
  }
}

/// Calls visit(group) for all tiles of a pass.
template <class Visit>
void for_each_group(const Pass& pass, Visit visit) {
  for (std::ptrdiff_t first = 0; first < pass.tiles(); first += pass.group) {
    visit(Group{first, std::min(pass.group, pass.tiles() - first)});
  }
}

void read_patches(const Pass& pass, const Group& group, const float* source, float* patches) {
  for_each_tile(pass, group, pass.source, source,
                [&](const Tile& tile, std::ptrdiff_t, const float* pixels, std::ptrdiff_t place) {
                  patch_to_points(pass.source, pixels, tile.patch_corner(), patches + place,
                                  pass.patch_plane());
                });
}

// A convolution in three moves. (1) Each tile of 4x4 results reads a patch of 6x6 pixels; B^T d B
// turns the patch into 36 numbers, "at the points", where the convolution of a channel with a
// channel is a product of numbers. (2) At each point, the sum over channels is a product of
// matrices, T x C by C x K; 36 small products replace the convolution. (3) A^T m A takes the 36
// products of a tile back to its 4x4 results, and the bias and relu are added while they are in
// registers.
//
// Tiles go through all three moves in groups of some dozens, so that patches (36 x C x T) and
// products (36 x K x T) of a group stay in the second cache; with all tiles at once they would
// travel to memory and back. Tiles are counted over all pictures of the batch, because the last
// layers have one tile per picture. A result belongs to one tile and sums its channels in one
// order, and sums of weights' gradients go on where the group before stopped: the size of a group
// is a matter of caches alone and changes no bit.

/// A convolution with the weights at the points that stand in scratch memory. The bias of `finish`
/// is padded, or nullptr.
void convolve(const Pass& pass, const float* source, const Finish& finish, float* result,
              float* scratch) {
  float* patches = pass.patches(scratch);
  float* products = pass.products(scratch);
  for_each_group(pass, [&](const Group& group) {
    read_patches(pass, group, source, patches);
    const std::ptrdiff_t padded = quotient_up(group.count, kTilesAtOnce) * kTilesAtOnce;
    for (std::ptrdiff_t point = 0; point < kWinogradPoints; ++point) {
      float* plane = patches + point * pass.patch_plane();
      for (std::ptrdiff_t block = 0; block < pass.source.groups; ++block) {
        std::fill_n(plane + block * pass.block_step() + group.count * kBlock,
                    (padded - group.count) * kBlock, 0.0F);
      }
      multiply(pass.sizes(padded), plane, pass.weights(scratch) + point * pass.weight_plane(),
               products + point * pass.product_plane());
    }
    for_each_tile(pass, group, pass.result, result,
                  [&](const Tile& tile, std::ptrdiff_t block, float* pixels, std::ptrdiff_t place) {
                    const float* bias =
                        finish.bias != nullptr ? finish.bias + block * kBlock : nullptr;
                    points_to_tile(products + place, pass.product_plane(), {bias, finish.least},
                                   pass.result, pixels, tile.corner());
                  });
  });
}

bool is_faster(const ConvolutionShape& shape) {
  // Whole steps of small networks of such convolutions against oneDNN's direct kernels, batch 32,
  // AVX2, processor time, 8 to 256 channels. Where this says yes they were 0.95 to 2.2 times as
  // fast; below 1.1 only 3x3 results of 5x5 and padding 2 at 16 channels. Where it says no: 1x1
  // results 0.6 to 0.8 times; 2x2 results 1.0 (256 channels) to 2.5 (16); 3x3 padded by 2, where 9
  // pixels make four tiles, 0.85; 5x5, where four tiles of 16 give 25 results, 1.0 at 16 channels
  // (1.1 at 32, 1.4 at 64). Fewer than 8 channels are padded to a block of 8.
  constexpr int kFewestChannels = 8;
  constexpr int kChannelsThatPayForWaste = 32;
  constexpr std::ptrdiff_t kSmallestSide = 3;
  constexpr std::ptrdiff_t kFewestPixelsATile = 4;
  if (shape.kernel != 3 || shape.stride != 1 || shape.padding > 2) return false;
  const Pass pass(shape, kGroupBytes);
  const Pictures& source = pass.source;
  const Pictures& result = pass.result;
  const std::ptrdiff_t tiles = pass.rows * pass.columns;
  const bool is_small =
      std::min({source.height, source.width, result.height, result.width}) < kSmallestSide ||
      source.height * source.width < tiles * kFewestPixelsATile;
  const bool is_wasteful =
      tiles > 1 && 2 * result.height * result.width < tiles * kWinogradTile * kWinogradTile;
  return !is_small && std::min(shape.channels, shape.outputs) >=
                          (is_wasteful ? kChannelsThatPayForWaste : kFewestChannels);
}

std::size_t scratch_of(const ConvolutionShape& shape) {
  return static_cast<std::size_t>(std::max(
      {Pass(shape, kGroupBytes).scratch_floats(), Pass(shape, kReducedGroupBytes).scratch_floats(),
       Pass(backward_shape(shape), kGroupBytes).scratch_floats()}));
}

void forward(const ConvolutionShape& shape, const ForwardPlaces& places) {
  const Pass pass(shape, kGroupBytes);
  weights_to_points({pass.source.groups, pass.result.groups}, places.weights,
                    pass.weights(places.scratch), pass.weight_plane());
  Finish finish;
  if (places.bias != nullptr) {
    std::fill_n(places.scratch, pass.result.channels(), 0.0F);
    std::copy_n(places.bias, shape.outputs, places.scratch);
    finish.bias = places.scratch;
  }
  if (places.is_with_relu) finish.least = 0;
  convolve(pass, places.src, finish, places.dst, places.scratch);
}

// The gradient of the source is again a convolution with stride 1: of the gradient of the result,
// with each kernel turned by half a turn, inputs and outputs exchanged, and padding 2 - padding.
void backward_data(const ConvolutionShape& shape, const BackwardDataPlaces& places) {
  const Pass pass(backward_shape(shape), kGroupBytes);
  turned_weights_to_points({pass.result.groups, pass.source.groups}, places.weights,
                           pass.weights(places.scratch), pass.weight_plane());
  convolve(pass, places.ddst, {}, places.dsrc, places.scratch);
}

// The gradient of the weights is the adjoint of the three moves: gradients of tiles go to the
// points by A y A^T, at each point dU (C x K) += patches^T (C x T) x gradients (T x K), and G^T dU
// G comes back to 3x3 once, at the end, when all tiles are summed.
void backward_weights(const ConvolutionShape& shape, const BackwardWeightsPlaces& places) {
  const Pass pass(shape, kReducedGroupBytes);
  float* sums = places.scratch;
  float* weights = pass.weights(places.scratch);
  float* patches = pass.patches(places.scratch);
  float* gradients = pass.products(places.scratch);
  std::fill(sums, patches, 0.0F);  // and the weights between them
  for_each_group(pass, [&](const Group& group) {
    read_patches(pass, group, places.src, patches);
    for_each_tile(
        pass, group, pass.result, places.ddst,
        [&](const Tile& tile, std::ptrdiff_t block, const float* pixels, std::ptrdiff_t place) {
          gradient_to_points(pass.result, pixels, tile.corner(), gradients + place,
                             pass.product_plane(), sums + block * kBlock);
        });
    for (std::ptrdiff_t point = 0; point < kWinogradPoints; ++point) {
      add_transposed_product(pass.sizes(group.count), patches + point * pass.patch_plane(),
                             gradients + point * pass.product_plane(),
                             weights + point * pass.weight_plane());
    }
  });
  points_to_weights({pass.source.groups, pass.result.groups}, weights, pass.weight_plane(),
                    places.dweights);
  if (places.dbias != nullptr) std::copy_n(sums, shape.outputs, places.dbias);
}

}  // namespace

const ConvolutionKernels kWinograd = {.name = "own:winograd",
                                      .is_faster = is_faster,
                                      .scratch = scratch_of,
                                      .forward = forward,
                                      .backward_data = backward_data,
                                      .backward_weights = backward_weights};

}  // namespace whichfirst::engine
