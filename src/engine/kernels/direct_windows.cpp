#include "engine/kernels/direct.h"

namespace whichfirst::engine {
namespace {

/// Of the copy of a row block: a share of the second cache.
constexpr std::ptrdiff_t kBlockFloats = 24 << 10;

}  // namespace

// As many whole pictures as fit, else as many rows of one. Rows are spread evenly over the blocks
// of a picture: a short last block would pay for the copied border and fill no register block.
RowBlocks::RowBlocks(const Windows& windows, std::ptrdiff_t most_pixels)
    : windows_(windows), images_(1), rows_(windows.rows) {
  const std::ptrdiff_t picture_pixels = windows.rows * windows.columns;
  const std::ptrdiff_t picture_floats = windows.padded(windows.rows).floats();
  const std::ptrdiff_t whole =
      std::min(most_pixels / picture_pixels, kBlockFloats / picture_floats);
  if (whole >= 1) {
    images_ = std::min(whole, windows.images);
    return;
  }
  const std::ptrdiff_t first = windows.padded(1).floats();
  const std::ptrdiff_t more = windows.step * windows.padded(1).row() * windows.source.groups;
  const std::ptrdiff_t fit = std::min(most_pixels / windows.columns,
                                      1 + std::max<std::ptrdiff_t>(kBlockFloats - first, 0) / more);
  const std::ptrdiff_t count = quotient_up(windows.rows, std::max<std::ptrdiff_t>(fit, 1));
  rows_ = quotient_up(windows.rows, count);
}

void copy_block(const Windows& windows, const RowBlock& slice, const float* source, float* to) {
  const Pictures& from = windows.source;
  const Pictures copy = windows.padded(slice.rows);
  const std::ptrdiff_t left = std::min(windows.lead, copy.width);
  const std::ptrdiff_t inside = std::min(from.width, copy.width - left);
  const std::ptrdiff_t right = copy.width - left - inside;
  const std::ptrdiff_t channels = from.group_channels;
  const std::ptrdiff_t top = slice.row * windows.step - windows.lead;
  for (std::ptrdiff_t image = slice.image; image < slice.image + slice.images; ++image) {
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

Prefetch copy_ahead(const Windows& windows, const RowBlock& slice, const float* source) {
  const Pictures& of = windows.source;
  const float* picture = source + slice.image * of.floats();
  if (slice.images != 1)
    return {.from = picture, .run = of.floats(), .step = of.floats(), .runs = slice.images};
  const std::ptrdiff_t top = slice.row * windows.step - windows.lead;
  const std::ptrdiff_t first = std::max<std::ptrdiff_t>(top, 0);
  const std::ptrdiff_t end = std::min(top + windows.padded(slice.rows).height, of.height);
  return {.from = picture + first * of.row(),
          .run = (end - first) * of.row(),
          .step = of.group(),
          .runs = end > first ? of.groups : 0};
}

void gather_block(const Pictures& pictures, const RowBlock& slice, const Blocks& blocks,
                  const float* from, float* to) {
  const std::ptrdiff_t pixels = slice.rows * pictures.width;
  from += blocks.first * pictures.group() + slice.row * pictures.row();
  for (std::ptrdiff_t image = slice.image; image < slice.image + slice.images; ++image) {
    interleave_blocks(from + image * pictures.floats(), pictures.group(), blocks.count, pixels, to);
    to += pixels * blocks.count * kBlock;
  }
}

Prefetch gather_ahead(const Pictures& pictures, const RowBlock& slice, const Blocks& blocks,
                      const float* from) {
  from += slice.image * pictures.floats() + blocks.first * pictures.group() +
          slice.row * pictures.row();
  if (slice.images == 1) {
    return {.from = from,
            .run = slice.rows * pictures.row(),
            .step = pictures.group(),
            .runs = blocks.count};
  }
  return {.from = from,
          .run = blocks.count * pictures.group(),
          .step = pictures.floats(),
          .runs = slice.images};
}

}  // namespace whichfirst::engine
