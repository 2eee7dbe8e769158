// A whole network, forward and backward, in double precision and plain loops: what the engine's
// numbers are compared with, and what `lab` looks at.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "network/network.h"
#include "reference/stages.h"

namespace whichfirst::reference {

/// One array for each of Network::parameters, in that order and in those layouts: network::Values
/// in double precision. Gradients and velocities have the same form.
using Arrays = std::vector<std::vector<double>>;

Arrays widen(const network::Values& values);

/// What a pass forward through a network leaves behind.
struct ForwardPass {
  std::vector<Tensor> outputs;  // after each of Network::stages
  // For each of Network::stages the C numbers of a bn in training; empty for others and in
  // evaluation. The variance is the population variance.
  std::vector<std::vector<double>> batch_mean;
  std::vector<std::vector<double>> batch_variance;
  // For each of Network::parameters the running statistics after the pass (in evaluation as they
  // were); empty for trained parameters.
  Arrays running_statistics;
};

/// `step` says which numbers dropout drops in training. Throws Error naming the bn that has, in
/// training, a single value in a channel.
ForwardPass run_forward(const network::Network& network, const Arrays& values, const Tensor& images,
                        Mode mode, const network::DropoutStep& step = {});

/// What a pass forward and backward leaves behind.
struct Pass : ForwardPass {
  double loss = 0;   // mean softmax cross-entropy of the last stage's output, in nats
  int right = 0;     // images classified as labelled
  Tensor dinput;     // gradient of the loss at the images, the sum over all that read them
  Arrays gradients;  // for each of Network::parameters; empty for running statistics
};

/// `labels` holds one class number an image. Throws as run_forward does.
Pass run(const network::Network& network, const Arrays& values, const Tensor& images,
         std::span<const std::int32_t> labels, Mode mode, const network::DropoutStep& step = {});

}  // namespace whichfirst::reference
