#include "engine/kernels/direct_windows.h"

namespace whichfirst::engine {
namespace {

/// Of the copy of a band: a share of the second cache.
constexpr std::ptrdiff_t kBandFloats = 24 << 10;

}  // namespace

Bands::Bands(const Windows& windows, std::ptrdiff_t most_pixels)
    : windows_(windows), images_(1), rows_(windows.rows) {
  const std::ptrdiff_t picture_pixels = windows.rows * windows.columns;
  const std::ptrdiff_t picture_floats = windows.padded(windows.rows).floats();
  const std::ptrdiff_t whole = std::min(most_pixels / picture_pixels, kBandFloats / picture_floats);
  if (whole >= 1) {
    images_ = std::min(whole, windows.images);
    return;
  }
  const std::ptrdiff_t first = windows.padded(1).floats();
  const std::ptrdiff_t more = windows.step * windows.padded(1).row() * windows.source.groups;
  const std::ptrdiff_t fit = std::min(most_pixels / windows.columns,
                                      1 + std::max<std::ptrdiff_t>(kBandFloats - first, 0) / more);
  const std::ptrdiff_t bands = quotient_up(windows.rows, std::max<std::ptrdiff_t>(fit, 1));
  rows_ = quotient_up(windows.rows, bands);
}

void copy_band(const Windows& windows, const Band& band, const float* source, float* to) {
  const Pictures& from = windows.source;
  const Pictures copy = windows.padded(band.rows);
  const std::ptrdiff_t left = std::min(windows.lead, copy.width);
  const std::ptrdiff_t inside = std::min(from.width, copy.width - left);
  const std::ptrdiff_t right = copy.width - left - inside;
  const std::ptrdiff_t channels = from.group_channels;
  const std::ptrdiff_t top = band.row * windows.step - windows.lead;
  for (std::ptrdiff_t image = band.image; image < band.image + band.images; ++image) {
    for (std::ptrdiff_t group = 0; group < from.groups; ++group) {
      const float* picture = source + image * from.floats() + group * from.group();
      for (std::ptrdiff_t y = top; y < top + copy.height; ++y) {
        if (y < 0 || y >= from.height) {
          to = std::fill_n(to, copy.row(), 0.0F);
          continue;
        }
        to = std::fill_n(to, left * channels, 0.0F);
        to = std::copy_n(picture + y * from.row(), inside * channels, to);
        to = std::fill_n(to, right * channels, 0.0F);
      }
    }
  }
}

Ahead copy_ahead(const Windows& windows, const Band& band, const float* source) {
  const Pictures& of = windows.source;
  const float* picture = source + band.image * of.floats();
  if (band.images != 1)
    return {.from = picture, .run = of.floats(), .step = of.floats(), .runs = band.images};
  const std::ptrdiff_t top = band.row * windows.step - windows.lead;
  const std::ptrdiff_t first = std::max<std::ptrdiff_t>(top, 0);
  const std::ptrdiff_t end = std::min(top + windows.padded(band.rows).height, of.height);
  return {.from = picture + first * of.row(),
          .run = (end - first) * of.row(),
          .step = of.group(),
          .runs = end > first ? of.groups : 0};
}

void gather_band(const Pictures& pictures, const Band& band, const Blocks& blocks,
                 const float* from, float* to) {
  const std::ptrdiff_t pixels = band.rows * pictures.width;
  from += blocks.first * pictures.group() + band.row * pictures.row();
  for (std::ptrdiff_t image = band.image; image < band.image + band.images; ++image) {
    interleave_blocks(from + image * pictures.floats(), pictures.group(), blocks.count, pixels, to);
    to += pixels * blocks.count * kDirectBlock;
  }
}

Ahead gather_ahead(const Pictures& pictures, const Band& band, const Blocks& blocks,
                   const float* from) {
  from +=
      band.image * pictures.floats() + blocks.first * pictures.group() + band.row * pictures.row();
  if (band.images == 1) {
    return {.from = from,
            .run = band.rows * pictures.row(),
            .step = pictures.group(),
            .runs = blocks.count};
  }
  return {.from = from,
          .run = blocks.count * pictures.group(),
          .step = pictures.floats(),
          .runs = band.images};
}

}  // namespace whichfirst::engine
