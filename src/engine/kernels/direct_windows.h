// How direct convolutions walk over pictures: row_blocks of results whose sources are copied with
// their border of zeros, so that no kernel meets a border, and whose sizes fit caches.
#pragma once

#include <algorithm>
#include <cstddef>

#include "engine/kernels/direct_products.h"

namespace whichfirst::engine {

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
