// The name of one pass over the training pictures.
#pragma once

#include <cstdint>

namespace whichfirst::data {

/// What decides the order and the augmentation of an epoch, and nothing else does.
struct EpochKey {
  std::uint64_t seed = 0;       ///< the study's
  std::uint64_t replicate = 0;  ///< from 1
  std::uint64_t epoch = 0;      ///< from 0
};

}  // namespace whichfirst::data
