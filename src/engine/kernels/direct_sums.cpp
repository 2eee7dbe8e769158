#include "engine/kernels/direct_sums.h"

#include <algorithm>

namespace whichfirst::engine {
namespace {

/// The weights of two blocks of outputs that are used at once: a share of the first cache.
constexpr std::ptrdiff_t kWeightFloats = 5 << 10;

/// The windows, from `least` on and before `most`, that make pixels of `size`.
std::ptrdiff_t first_of(const Lattice& lattice, std::ptrdiff_t lead, std::ptrdiff_t least) {
  return std::max(least, quotient_up(std::max<std::ptrdiff_t>(-lead, 0), lattice.step));
}
std::ptrdiff_t end_of(const Lattice& lattice, std::ptrdiff_t lead, std::ptrdiff_t most,
                      std::ptrdiff_t size) {
  return std::min(most, quotient_up(std::max<std::ptrdiff_t>(size - lead, 0), lattice.step));
}

}  // namespace

Taps all_taps(std::ptrdiff_t side) {
  Taps taps;
  for (std::ptrdiff_t y = 0; y < side; ++y) {
    for (std::ptrdiff_t x = 0; x < side; ++x) taps.add(y * side + x, y, x);
  }
  return taps;
}

PixelPlace* place_pixels(const Windows& windows, const Lattice& lattice, const Band& band,
                         PixelPlace* to) {
  const Pictures copy = windows.padded(band.rows);
  const Pictures& result = lattice.result;
  const std::ptrdiff_t end_row =
      end_of(lattice, lattice.row_lead, band.row + band.rows, result.height);
  const std::ptrdiff_t first_column = first_of(lattice, lattice.column_lead, 0);
  const std::ptrdiff_t end_column =
      end_of(lattice, lattice.column_lead, windows.columns, result.width);
  for (std::ptrdiff_t image = 0; image < band.images; ++image) {
    for (std::ptrdiff_t row = first_of(lattice, lattice.row_lead, band.row); row < end_row; ++row) {
      const std::ptrdiff_t source =
          image * copy.floats() + (row - band.row) * windows.step * copy.row();
      const std::ptrdiff_t place = image * result.floats() +
                                   (row * lattice.step + lattice.row_lead) * result.row() +
                                   lattice.column_lead * kDirectBlock;
      for (std::ptrdiff_t column = first_column; column < end_column; ++column) {
        *to++ = {static_cast<std::int32_t>(source + column * windows.step * copy.group_channels),
                 static_cast<std::int32_t>(place + column * lattice.step * kDirectBlock)};
      }
    }
  }
  return to;
}

void sum_band(const BandSums& sums, const float* weights, const Finish& finish, float* results,
              Ahead& ahead) {
  const Pictures copy = sums.windows.padded(sums.band.rows);
  const Pictures& result = sums.lattice.result;
  const std::ptrdiff_t plain_channels = copy.is_plain() ? copy.groups : 1;  // then all in one group
  const std::ptrdiff_t groups = copy.is_plain() ? 1 : copy.groups;
  const std::ptrdiff_t terms_a_group = sums.taps.count * plain_channels;
  const std::ptrdiff_t weights_a_group = terms_a_group * copy.group_channels * kDirectBlock;
  const std::ptrdiff_t groups_at_once = std::max<std::ptrdiff_t>(
      kWeightFloats / (2 * std::max<std::ptrdiff_t>(weights_a_group, kDirectBlock * kDirectBlock)),
      1);
  Offsets offsets;
  std::size_t count = 0;
  for (std::ptrdiff_t group = 0; group < std::min(groups, groups_at_once); ++group) {
    for (std::ptrdiff_t tap = 0; tap < sums.taps.count; ++tap) {
      for (std::ptrdiff_t c = 0; c < plain_channels; ++c) {
        offsets[count++] = (group + c) * copy.group() + sums.taps.offset(tap, copy);
      }
    }
  }
  const PixelPlace* end = place_pixels(sums.windows, sums.lattice, sums.band, sums.places);
  Terms terms{.channels = copy.group_channels, .offsets = offsets.data()};
  Outputs outputs{.weights_step = groups * weights_a_group, .results_step = result.group()};
  results += sums.band.image * result.floats();
  for (std::ptrdiff_t block = 0; block < result.groups; block += outputs.blocks) {
    outputs.blocks = blocks_at_once(result.groups - block);
    outputs.results = results + block * result.group();
    for (std::ptrdiff_t group = 0; group < groups; group += groups_at_once) {
      terms.count = std::min(groups_at_once, groups - group) * terms_a_group;
      outputs.weights = weights + block * outputs.weights_step + group * weights_a_group;
      outputs.finish = {};
      if (group == 0) outputs.finish.bias = finish.bias + block * kDirectBlock;
      if (group + groups_at_once >= groups) outputs.finish.least = finish.least;
      sum_terms(terms, outputs, sums.copy + group * copy.group(), sums.places, end - sums.places,
                ahead);
    }
  }
}

}  // namespace whichfirst::engine
