// The results of direct convolutions, band by band: which pixels they are sums over, and where they
// lie.
#pragma once

#include <array>
#include <cstddef>

#include "engine/kernels/direct_products.h"
#include "engine/kernels/direct_windows.h"

namespace whichfirst::engine {

inline constexpr std::ptrdiff_t kMostTaps = 49;  // pixels of a kernel
/// Offsets of what windows read, or of rows of weights.
using Offsets = std::array<std::ptrdiff_t, kMostTaps * kDirectBlock>;

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

/// Of a whole kernel.
Taps all_taps(std::ptrdiff_t side);

/// Which of the results are made of windows: window q makes pixel q step + lead, if there is such.
struct Lattice {
  Pictures result;
  std::ptrdiff_t step = 1;
  std::ptrdiff_t row_lead = 0;
  std::ptrdiff_t column_lead = 0;
};

/// Writes where the windows of a band begin in its copy, and where their results lie from the
/// band's first picture on; returns the end.
PixelPlace* place_pixels(const Windows& windows, const Lattice& lattice, const Band& band,
                         PixelPlace* to);

/// A band and how it is summed. `places` is memory for its pixels'.
struct BandSums {
  const Windows& windows;
  const Lattice& lattice;
  const Taps& taps;
  const Band& band;
  const float* copy = nullptr;
  PixelPlace* places = nullptr;
};

/// The results of a band. `weights` lie in blocks of 8 outputs, and in these, for each group of
/// channels and each tap, 8 numbers a channel; those of plain channels for each tap. The bias
/// is there and padded to blocks.
void sum_band(const BandSums& sums, const float* weights, const Finish& finish, float* results,
              Ahead& ahead);

}  // namespace whichfirst::engine
