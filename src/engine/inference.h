// A trained network that answers and does nothing else: the cheapest program for it, in the layouts
// that inference likes best, relu fused into the weights before it. What an order costs in use.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "engine/trainer.h"
#include "network/network.h"

namespace whichfirst::engine {

/// Bytes that an Inference takes.
std::int64_t inference_bytes(const network::Network& network, int batch,
                             Precision precision = Precision::fp32);

class Inference {
 public:
  /// For `batch` pictures at a time. Takes all memory it will ever take. `values` holds one array
  /// for each of network.parameters; convolutions may have a bias map. Obliges the calling thread
  /// to run alone (engine/platform.h). fp32 or fp32_fast. Throws Error as Trainer does.
  Inference(const network::Network& network, const network::Values& values, int batch,
            Precision precision = Precision::fp32);
  ~Inference();
  Inference(Inference&&) noexcept;
  Inference& operator=(Inference&&) noexcept;

  /// Where the pictures go: N x C x H x W, normalised. A run uses them up.
  std::span<float> images();
  /// On the thread that made it.
  void run();
  /// Runs and compares with the labels of the first pictures, at most `batch`.
  EvaluationResult evaluate(std::span<const std::int32_t> labels);
  /// Of the last run: N x classes.
  std::span<const float> logits() const;

  /// What a pass runs, as Plan::evaluation, and what it takes.
  Plan plan() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace whichfirst::engine
