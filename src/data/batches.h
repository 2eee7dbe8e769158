// Batches as a pure function of (seed, replicate, epoch, index): the order of an epoch, the
// normalisation of the training images, and the pictures of a batch as the network reads them,
// augmented or as they are.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "data/augmentation.h"
#include "data/dataset.h"

namespace whichfirst::data {

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
