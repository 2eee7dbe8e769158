// A network that trains and evaluates, on oneDNN: plain arrays in, plain arrays out.
//
// That oneDNN exists, its layouts, reorders and fusions are known to this folder only. One Trainer
// runs on the one thread that made it, and its results are the same bits on every processor with
// AVX2 (platform.h).
//
// The folder's rooms. Here: options.h, plan.h, trainer.h, inference.h, probe.h and platform.h, all
// that other folders see. compile/: a network becomes a Program, a list of steps over numbered
// values (compile.h, compiler.h, forward.cpp, backward.cpp, own_kernels.cpp, program.h), gets its
// memory (arena.h, storage.h), and all that knows oneDNN (onednn.h). kernels/: loops of our own
// over plain arrays that know neither: convolutions (convolution.h), normalisers (statistics.h,
// group_norm.h), elementwise.h, max_pool.h, border_bias.h, and loss and optimizers (kernels.h).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/options.h"
#include "engine/plan.h"
#include "network/network.h"

namespace whichfirst::engine {

/// Where the first number that is not finite was met.
struct NonFinite {
  std::string stage;  // a stage's path, or "loss"
  std::string what;   // "batch variance", "weight after the update"
};

struct StepResult {
  double loss = 0;                      // mean over the batch (smoothed), before the update
  int right = 0;                        // images classified right, before the update
  std::optional<NonFinite> non_finite;  // loss and right mean nothing then
};

struct EvaluationResult {
  double loss_sum = 0;              // over the images
  std::vector<std::uint8_t> right;  // 1 where the image is classified right
};

class Trainer {
 public:
  /// Takes all memory it will ever take. `initial` holds one array for each of
  /// network.parameters, in their layouts. Throws Error as plan() does.
  Trainer(const network::Network& network, const network::Values& initial, const Options& options);
  ~Trainer();
  Trainer(Trainer&&) noexcept;

  /// Where the next training batch goes: N x C x H x W normalised pictures, N labels.
  std::span<float> images();
  std::span<std::int32_t> labels();
  /// Forward, loss, backward, running statistics, update. At the first number that is not finite
  /// the step stops and says where; the trainer is of no further use then. Checked where nothing
  /// can hide (relu and max-pool turn NaN into numbers): every mean and variance of a normaliser,
  /// the loss, every parameter after its update. An observer is for profiles: it changes no number.
  StepResult step(double lr, const StepObserver& observe = {});

  /// Where the next images to evaluate go: up to Options::evaluation_batch of them.
  /// Writing here destroys a training batch that was not stepped on yet.
  std::span<float> evaluation_images();
  /// Evaluates the first labels.size() of them with the running statistics.
  EvaluationResult evaluate(std::span<const std::int32_t> labels);
  /// The logits of the last evaluate(): N x classes.
  std::span<const float> logits() const;

  /// The parameters and running statistics as they stand, in the layouts of network.parameters.
  network::Values values() const;
  /// The gradients of the last step (without decay); empty arrays for running statistics.
  network::Values gradients() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace whichfirst::engine
