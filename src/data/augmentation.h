// Random changes to training pictures: shifted, mirrored, with a square erased.
//
// What happens to a picture is a pure function of (seed, replicate, epoch, its index in the set),
// so that in one replicate every order sees the same changed pictures, whatever the batch.
#pragma once

#include <cstdint>

#include "base/shape.h"

namespace whichfirst::data {

/// One pass over the training pictures: decides its order and its augmentation, and nothing else
/// does.
struct EpochKey {
  std::uint64_t seed = 0;       ///< the study's
  std::uint64_t replicate = 0;  ///< from 1
  std::uint64_t epoch = 0;      ///< from 0
};

/// Applied in this order. What is outside the picture and what is erased becomes the training mean,
/// which is 0 after normalisation.
struct Augmentation {
  int crop = 0;  ///< pixels padded on each side before a window of the old size is taken; 0: off
  bool flip = false;  ///< left and right are exchanged with probability 1/2
  int cutout = 0;     ///< side of the erased square, pixels; 0: off
  bool operator==(const Augmentation&) const = default;
};

/// Throws Error unless `crop` and `cutout` are 0 or more and below the shorter side of a picture.
void require_fits(const Augmentation& augmentation, const Shape& shape);

/// What happens to one picture in one epoch.
struct Alteration {
  int down = 0;              ///< the window's first row is this row of the picture, -crop .. crop
  int right = 0;             ///< and its first column this column
  bool is_mirrored = false;  ///< after the window was taken
  /// The erased rectangle, rows top .. bottom - 1 and columns left .. end - 1 of the result.
  int hole_top = 0, hole_bottom = 0, hole_left = 0, hole_end = 0;
};

/// The alteration of the picture at `index` of its set: one block of Stream::augmentation, with a
/// word of its own for each draw, so that turning one of them on leaves the others as they are. The
/// square's centre is uniform over the picture and the square is clipped at the border.
/// Source: DeVries and Taylor 2017, "Improved Regularization of Convolutional Neural Networks with
/// Cutout", arXiv 1708.04552.
Alteration draw_alteration(const Augmentation& augmentation, const EpochKey& key,
                           const Shape& shape, std::uint32_t index);

}  // namespace whichfirst::data
