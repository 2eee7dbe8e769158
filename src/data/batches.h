// Batches as a pure function of (seed, replicate, epoch, index): the order of an epoch, the
// normalisation of the training images, and the pictures of a batch as the network reads them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "data/dataset.h"

namespace whichfirst::data {

/// What decides the order of an epoch, and nothing else does.
struct EpochKey {
  std::uint64_t seed = 0;       ///< the study's
  std::uint64_t replicate = 0;  ///< from 1
  std::uint64_t epoch = 0;      ///< from 0
};

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

/// Writes the pictures `picks` as float((pixel - mean) / deviation), computed in double, to
/// images_nchw (picks.size() * shape.size() values) and their labels to `labels` (picks.size()).
void assemble(const Images& images, std::span<const std::uint32_t> picks,
              const Normalisation& normalisation, std::span<float> images_nchw,
              std::span<std::int32_t> labels);

}  // namespace whichfirst::data
