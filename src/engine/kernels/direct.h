// The two sums of direct convolutions that take all the time: of results over the pixels and
// channels that they read, and of weights' gradients over pixels. Small pieces of either stay in
// registers from the first term to the last.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "engine/kernels/blocked.h"

namespace whichfirst::engine {

inline constexpr int kMostBlocksAtOnce = 3;

/// How many of `left` blocks of outputs are handled at once: 2 if possible, and 3 at the end of an
/// odd number.
constexpr std::ptrdiff_t blocks_at_once(std::ptrdiff_t left) {
  return left == 3 || left < 2 ? left : 2;
}
/// Likewise 3, where fewer numbers loaded count for more than more kept: never 1 but for the last.
constexpr std::ptrdiff_t most_blocks_at_once(std::ptrdiff_t left) {
  return left > 4 ? 3 : blocks_at_once(left);
}

/// Where a pixel's window begins in what is read, and where its result lies, in floats.
struct PixelPlace {
  std::int32_t source = 0;
  std::int32_t result = 0;
};

/// What each result is a sum over: channels at `count` places from where its window begins. At each
/// lie kBlock channels, or a single one.
struct Terms {
  std::ptrdiff_t channels = kBlock;
  std::ptrdiff_t count = 0;
  const std::ptrdiff_t* offsets = nullptr;
};

/// Up to 3 blocks of 8 outputs, and where they lie.
struct Outputs {
  std::ptrdiff_t blocks = 1;
  const float* weights = nullptr;   // 8 for each channel of each term, one behind the other
  std::ptrdiff_t weights_step = 0;  // from block to block
  float* results = nullptr;
  std::ptrdiff_t results_step = 0;  // likewise
  /// Its bias has 8 numbers a block; nullptr: the sums are added to the results.
  Finish finish = {};
};

/// Memory that is wanted next: `runs` of `run` floats, `step` apart. It is asked for while sums are
/// made, so many lines a piece.
struct Prefetch {
  /// Spreads the lines over so many pieces.
  void spread(std::ptrdiff_t pieces) {
    lines_a_piece = pieces > 0 ? (runs * (run / kLine + 1) + pieces - 1) / pieces : 0;
  }
  void ask() {
    for (std::ptrdiff_t line = 0; line < lines_a_piece && runs > 0; ++line) {
      __builtin_prefetch(from + done, 0, 2);
      done += kLine;
      if (done < run) continue;
      done = 0;
      from += step;
      --runs;
    }
  }

  const float* from = nullptr;
  std::ptrdiff_t run = 0;
  std::ptrdiff_t step = 0;
  std::ptrdiff_t runs = 0;
  std::ptrdiff_t lines_a_piece = 0;
  std::ptrdiff_t done = 0;
};

/// The results of `count` pixels.
void sum_terms(const Terms& terms, const Outputs& outputs, const float* source,
               const PixelPlace* pixels, std::ptrdiff_t count, Prefetch& ahead);

/// The gradient of a piece of weights: `rows` of 8 times `blocks` numbers. A row belongs to one
/// place in windows, rows[i] from where they begin.
struct WeightRows {
  std::ptrdiff_t blocks = 1;  // up to 3
  std::ptrdiff_t count = 0;
  const std::ptrdiff_t* offsets = nullptr;
  float* weights = nullptr;         // 8 for each row, one behind the other
  std::ptrdiff_t weights_step = 0;  // from block to block
};

/// Adds, for each row, the sum over `count` pixels of the row's number and the pixel's `gradients`,
/// of which 8 times `blocks` lie together.
void add_products(const WeightRows& rows, const float* source, const PixelPlace* pixels,
                  const float* gradients, std::ptrdiff_t count, Prefetch& ahead);

/// Pixels of `blocks`, `step` apart, so that a pixel's numbers lie together.
void interleave_blocks(const float* from, std::ptrdiff_t step, std::ptrdiff_t blocks,
                       std::ptrdiff_t pixels, float* to);

/// Adds pixels of 8 times `blocks` numbers that lie together to as many `sums`.
void add_pixels(const float* pixels, std::ptrdiff_t count, std::ptrdiff_t blocks, float* sums);

/// Weights of 8 inputs x 8 outputs become those of 8 outputs x 8 inputs.
void transpose_weights(const float* from, float* to);

/// Sums over square windows of pictures, rows x columns of them. That of row r and column q begins
/// `lead` pixels before pixel (r step, q step) and may leave the picture.
struct Windows {
  std::ptrdiff_t images = 1;
  Pictures source;
  std::ptrdiff_t rows = 1;
  std::ptrdiff_t columns = 1;
  std::ptrdiff_t step = 1;
  std::ptrdiff_t side = 1;
  std::ptrdiff_t lead = 0;

  /// What `count` rows of windows read.
  Pictures padded(std::ptrdiff_t count) const {
    return {(count - 1) * step + side, (columns - 1) * step + side, source.groups,
            source.group_channels};
  }
};

/// Rows of windows: all of some pictures, or some of one.
struct RowBlock {
  std::ptrdiff_t image = 0;
  std::ptrdiff_t images = 1;
  std::ptrdiff_t row = 0;
  std::ptrdiff_t rows = 1;
};

/// Divides pictures into row blocks of at most `most_pixels` windows, whose copies hold at most
/// kBlockFloats; but a row is not divided.
class RowBlocks {
 public:
  RowBlocks(const Windows& windows, std::ptrdiff_t most_pixels);

  std::ptrdiff_t most_pixels() const { return images_ * rows_ * windows_.columns; }
  std::ptrdiff_t copy_floats() const { return images_ * windows_.padded(rows_).floats(); }

  /// visit(a row block, the next one or, behind the last, one of no images).
  template <class Visit>
  void for_each(const Visit& visit) const {
    for (RowBlock slice = at(0, 0); slice.images > 0;) {
      const std::ptrdiff_t row = slice.row + slice.rows;
      const RowBlock next =
          row < windows_.rows ? at(slice.image, row) : at(slice.image + slice.images, 0);
      visit(slice, next);
      slice = next;
    }
  }

 private:
  RowBlock at(std::ptrdiff_t image, std::ptrdiff_t row) const {
    return {image, std::min(images_, windows_.images - image), row,
            std::min(rows_, windows_.rows - row)};
  }

  Windows windows_;
  std::ptrdiff_t images_;
  std::ptrdiff_t rows_;
};

/// Copies what a row block reads, with zeros where windows leave the picture: picture after
/// picture.
void copy_block(const Windows& windows, const RowBlock& slice, const float* source, float* to);
/// What copy_block() will read.
Prefetch copy_ahead(const Windows& windows, const RowBlock& slice, const float* source);

/// So many blocks of channels from `first` on.
struct Blocks {
  std::ptrdiff_t first = 0;
  std::ptrdiff_t count = 1;
};

/// Gathers blocks of a row block's pixels, so that a pixel's numbers lie together.
void gather_block(const Pictures& pictures, const RowBlock& slice, const Blocks& blocks,
                  const float* from, float* to);
/// What gather_block() will read.
Prefetch gather_ahead(const Pictures& pictures, const RowBlock& slice, const Blocks& blocks,
                      const float* from);

}  // namespace whichfirst::engine
