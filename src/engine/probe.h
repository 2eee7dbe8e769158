// A look inside a network as it trains: one batch forward and backward in training mode, with every
// stage on its own, nothing fused, and nothing of the trial touched.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/options.h"
#include "engine/plan.h"
#include "network/network.h"

namespace whichfirst::engine {

/// What a bn measured on the batch: C numbers each.
struct BatchStatistics {
  int stage = 0;
  std::vector<float> mean;
  std::vector<float> variance;  // population
};

struct ProbeResult {
  double loss = 0;  // mean over the batch, labels not smoothed; may be no number
  std::vector<BatchStatistics> statistics;
  /// Of the mean loss that training takes; empty arrays for running statistics.
  network::Values gradients;
};

/// Bytes that a probe of these options takes.
std::int64_t probe_bytes(const network::Network& network, const Options& options);

/// Takes its own memory and parameters: the trial's steps, running statistics and random numbers go
/// on as if nobody had looked. Dropout drops what no training step drops.
class Probe {
 public:
  /// Looks at batches of Options::batch images. Throws Error as Trainer does.
  Probe(const network::Network& network, const Options& options);
  ~Probe();

  /// `values` as Trainer::values has them, `images` N x C x H x W normalised, N labels.
  ProbeResult run(const network::Values& values, std::span<const float> images,
                  std::span<const std::int32_t> labels, const Tap& tap);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace whichfirst::engine
