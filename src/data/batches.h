// Batches as a pure function of (seed, replicate, epoch, index): the order of an epoch, the
// normalisation of the training images, and the pictures of a batch as the network reads them,
// augmented or as they are.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/shape.h"
#include "data/dataset.h"

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

/// The order of one epoch: a permutation of 0 .. count-1 keyed by Stream::data_order.
class EpochOrder {
 public:
  EpochOrder(const EpochKey& key, std::uint32_t count);

  /// Whole batches of an epoch; a last partial batch is dropped. batch_size >= 1.
  std::int64_t batches(int batch_size) const;
  /// The places (0 .. count-1) of batch `index`, 0 <= index < batches(batch_size).
  std::span<const std::uint32_t> batch(std::int64_t index, int batch_size) const;
  /// The whole order, to be hashed.
  std::span<const std::uint32_t> all() const { return order_; }

 private:
  std::vector<std::uint32_t> order_;
};

/// What is subtracted from and divides a pixel of each channel, in the pixels' own units (0..255
/// for bytes).
struct Normalisation {
  std::vector<double> mean;
  std::vector<double> deviation;  ///< above 0
};

/// Mean and population deviation (divided by n) of each channel over the pictures `picks` of
/// `images`, at least one. A channel that is constant there gets the deviation 1, so that it is
/// normalised to 0.
Normalisation measure_normalisation(const Images& images, std::span<const std::uint32_t> picks);

/// The augmentation of one epoch; none unless given.
struct EpochAugmentation {
  Augmentation augmentation;
  EpochKey key;
};

/// Writes the pictures `picks` as float((pixel - mean) / deviation), computed in double, to
/// images_nchw (picks.size() * shape.size() values) and their labels to `labels` (picks.size()).
/// Pixels that the augmentation takes away are 0. A picture depends on its pick and the epoch,
/// never on the batch it is in. Takes no memory. Throws Error where require_fits does.
void assemble(const Images& images, std::span<const std::uint32_t> picks,
              const Normalisation& normalisation, std::span<float> images_nchw,
              std::span<std::int32_t> labels, const EpochAugmentation& epoch = {});

}  // namespace whichfirst::data
