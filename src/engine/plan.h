// What a network will run and take, without running it; and who may watch when it does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "engine/options.h"
#include "network/network.h"

namespace whichfirst::engine {

/// One primitive of a step, for people who want to know what runs.
struct PlannedPrimitive {
  std::string stage;           // path
  std::string what;            // "forward", "backward weights", "reorder weights", ...
  std::string implementation;  // oneDNN's name: "jit:avx2"; "own" where the kernel is ours
  std::string kind = {};       // what it is counted among: "conv forward", "bn", "reorders", ...
  std::int64_t flops = 0;      // of the batch; a multiply and an add are 2; conv and fc only
  std::int64_t bytes = 0;      // that its arguments hold, padding included, each counted once;
                               // scratch memory is none of them
};

/// The parts of a training step: its primitives, and our own loops around them.
enum class StepPart { primitive, checks, loss, running_statistics, update };
/// Told when a part of a step has ended; `index` counts primitives as Plan::training does.
using StepObserver = std::function<void(StepPart part, std::size_t index)>;

/// What a trainer of these options will do and take, without taking it.
struct Plan {
  std::vector<PlannedPrimitive> training;    // one step, in order
  std::vector<PlannedPrimitive> evaluation;  // one pass, in order
  std::int64_t arena_bytes = 0;              // activations, their gradients, scratch space
  std::int64_t parameter_bytes = 0;          // values, gradients, what the optimizer keeps
  std::int64_t bytes() const { return arena_bytes + parameter_bytes; }
};

/// Throws Error naming the stage that oneDNN cannot run, or a bn that would see a single value a
/// channel (no variance exists then), and where the processor lacks what the precision needs.
Plan plan(const network::Network& network, const Options& options);

/// Is shown what a stage of network.stages made, N x C x H x W or N x C, as soon as it stands
/// there.
using Tap = std::function<void(int stage, std::span<const float> values)>;

}  // namespace whichfirst::engine
