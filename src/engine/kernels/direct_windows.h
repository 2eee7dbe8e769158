// How direct convolutions walk over pictures: bands of results whose sources are copied with their
// border of zeros, so that no kernel meets a border, and whose sizes fit caches.
#pragma once

#include <algorithm>
#include <cstddef>

#include "engine/kernels/direct_products.h"

namespace whichfirst::engine {

constexpr std::ptrdiff_t quotient_up(std::ptrdiff_t a, std::ptrdiff_t b) { return (a + b - 1) / b; }

/// Pictures one behind the other, whose channels lie in groups: blocks of 8, or single ones.
struct Pictures {
  std::ptrdiff_t height = 1;
  std::ptrdiff_t width = 1;
  std::ptrdiff_t groups = 1;
  std::ptrdiff_t group_channels = kDirectBlock;  // 8 or 1

  bool is_plain() const { return group_channels == 1; }
  std::ptrdiff_t row() const { return width * group_channels; }  // floats, and below
  std::ptrdiff_t group() const { return height * row(); }
  std::ptrdiff_t floats() const { return groups * group(); }
};

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
struct Band {
  std::ptrdiff_t image = 0;
  std::ptrdiff_t images = 1;
  std::ptrdiff_t row = 0;
  std::ptrdiff_t rows = 1;
};

/// Cuts pictures into bands of at most `most_pixels` windows, whose copies hold at most
/// kBandFloats; but a row is not cut.
class Bands {
 public:
  Bands(const Windows& windows, std::ptrdiff_t most_pixels);

  std::ptrdiff_t most_pixels() const { return images_ * rows_ * windows_.columns; }
  std::ptrdiff_t copy_floats() const { return images_ * windows_.padded(rows_).floats(); }

  /// visit(band, the next one or, behind the last, one of no images).
  template <class Visit>
  void for_each(const Visit& visit) const {
    for (Band band = at(0, 0); band.images > 0;) {
      const std::ptrdiff_t row = band.row + band.rows;
      const Band next = row < windows_.rows ? at(band.image, row) : at(band.image + band.images, 0);
      visit(band, next);
      band = next;
    }
  }

 private:
  Band at(std::ptrdiff_t image, std::ptrdiff_t row) const {
    return {image, std::min(images_, windows_.images - image), row,
            std::min(rows_, windows_.rows - row)};
  }

  Windows windows_;
  std::ptrdiff_t images_;
  std::ptrdiff_t rows_;
};

/// Copies what a band reads, with zeros where windows leave the picture: picture after picture.
void copy_band(const Windows& windows, const Band& band, const float* source, float* to);
/// What copy_band() will read.
Ahead copy_ahead(const Windows& windows, const Band& band, const float* source);

/// So many blocks of channels from `first` on.
struct Blocks {
  std::ptrdiff_t first = 0;
  std::ptrdiff_t count = 1;
};

/// Gathers blocks of a band's pixels, so that a pixel's numbers lie together.
void gather_band(const Pictures& pictures, const Band& band, const Blocks& blocks,
                 const float* from, float* to);
/// What gather_band() will read.
Ahead gather_ahead(const Pictures& pictures, const Band& band, const Blocks& blocks,
                   const float* from);

}  // namespace whichfirst::engine
