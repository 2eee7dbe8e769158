// How a trainer computes and learns: the words that a study, a trainer and a bench share. Needs
// nothing else of the engine.
#pragma once

#include <cstdint>

namespace whichfirst::engine {

enum class Optimizer { sgd, adamw };  // torch.optim.SGD, torch.optim.AdamW

/// What numbers are computed in and by. fp32: convolutions are direct. fp32_fast: those of 3x3 with
/// stride 1 go by Winograd's algorithm wherever that was measured to be faster
/// (kernels/convolution.h). bf16: activations, their gradients and the weights that convolutions
/// and inner products read are bf16; sums, statistics, losses, gradients of parameters and the
/// parameters themselves are fp32.
enum class Precision { fp32, fp32_fast, bf16 };

struct Options {
  int batch = 32;              // images of a training step
  int evaluation_batch = 100;  // images of an evaluation pass
  Optimizer optimizer = Optimizer::sgd;
  double momentum = 0.9;    // of sgd
  bool nesterov = false;    // of sgd
  double decay = 5e-4;      // coupled in sgd, decoupled in adamw
  bool decays_all = false;  // of all parameters, else of weights only
  double label_smoothing = 0;
  Precision precision = Precision::fp32;
  std::uint64_t seed = 0;  // what dropout draws from, with the number of the step
  std::uint64_t replicate = 0;
};

}  // namespace whichfirst::engine
