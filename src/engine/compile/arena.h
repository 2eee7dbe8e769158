// One block of memory for all the buffers of a training step: buffers that are never needed at the
// same time share their place.
#pragma once

#include <cstddef>
#include <vector>

namespace whichfirst::engine {

inline constexpr std::size_t kAlignment = 64;  // bytes: a cache line, and AVX-512's widest load

/// A buffer is alive from step `first` to step `last`, both included.
struct Lifetime {
  std::size_t bytes = 0;
  int first = 0;
  int last = 0;
};

struct ArenaLayout {
  std::vector<std::size_t> offsets;  // one a buffer, multiples of kAlignment
  std::size_t bytes = 0;             // of the whole block
};

/// Places the largest buffers first, each at the lowest place that is free throughout its life.
/// Source: greedy by size, Pisarchyk and Lee 2020, arXiv:2001.03288.
ArenaLayout lay_out(const std::vector<Lifetime>& lifetimes);

}  // namespace whichfirst::engine
