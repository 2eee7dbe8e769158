#include "engine/compile/arena.h"

#include <algorithm>
#include <numeric>

namespace whichfirst::engine {
namespace {

std::size_t round_up(std::size_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

bool overlap(const Lifetime& a, const Lifetime& b) {
  return a.first <= b.last && b.first <= a.last;
}

}  // namespace

// Packing intervals of different sizes into the smallest block is NP-hard; greedy by size does well
// on networks, where the few large activations decide. `placed` is
// sorted by offset, so one walk over it finds the lowest gap: buffers that live at other times are
// stepped over, each other one pushes `offset` behind its end, and the first gap that is wide
// enough ends the walk. The sort is stable and ties go by number: two compilations of a network get
// the same places, and Plan states the same bytes that a trainer takes. A buffer of a life too
// short by one step is the worst mistake to make here: another value overwrites it, and nothing
// fails but numbers. Compiler::touch is what keeps lives right.
ArenaLayout lay_out(const std::vector<Lifetime>& lifetimes) {
  std::vector<std::size_t> by_size(lifetimes.size());
  std::iota(by_size.begin(), by_size.end(), std::size_t{0});
  std::stable_sort(by_size.begin(), by_size.end(), [&](std::size_t a, std::size_t b) {
    return lifetimes[a].bytes > lifetimes[b].bytes;
  });

  ArenaLayout layout;
  layout.offsets.resize(lifetimes.size());
  std::vector<std::size_t> placed;  // sorted by offset
  for (const std::size_t buffer : by_size) {
    const std::size_t bytes = round_up(lifetimes[buffer].bytes);
    std::size_t offset = 0;
    for (const std::size_t other : placed) {
      if (!overlap(lifetimes[buffer], lifetimes[other])) continue;
      if (offset + bytes <= layout.offsets[other]) break;
      offset = std::max(offset, layout.offsets[other] + round_up(lifetimes[other].bytes));
    }
    layout.offsets[buffer] = offset;
    layout.bytes = std::max(layout.bytes, offset + bytes);
    placed.insert(std::upper_bound(placed.begin(), placed.end(), offset,
                                   [&](std::size_t value, std::size_t other) {
                                     return value < layout.offsets[other];
                                   }),
                  buffer);
  }
  return layout;
}

}  // namespace whichfirst::engine
