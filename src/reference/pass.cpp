#include "reference/pass.h"

#include <optional>
#include <string>
#include <utility>

#include "base/error.h"
#include "notation/sequence.h"
#include "reference/activation.h"
#include "reference/convolution.h"
#include "reference/fully_connected.h"
#include "reference/loss.h"
#include "reference/pooling.h"

namespace whichfirst::reference {
namespace {

using network::BatchNorm;
using network::Conv;
using network::Flatten;
using network::FullyConnected;
using network::GlobalAveragePool;
using network::MaxPool;
using network::Network;
using network::ParameterKind;
using network::Relu;
using network::Stage;
using network::Tanh;
using notation::Overload;

std::optional<std::size_t> find_parameter(const Network& network, const Stage& stage,
                                          ParameterKind kind) {
  for (const int parameter : stage.parameters) {
    const auto i = static_cast<std::size_t>(parameter);
    if (network.parameters[i].kind == kind) return i;
  }
  return std::nullopt;
}

/// The stage's array of this kind; empty where the stage has no such parameter.
std::span<const double> find_array(const Network& network, const Arrays& arrays, const Stage& stage,
                                   ParameterKind kind) {
  const auto i = find_parameter(network, stage, kind);
  return i ? std::span(arrays[*i]) : std::span<const double>();
}

/// Puts `array` where find_array finds it; an empty one has no place.
void store_array(const Network& network, Arrays& arrays, const Stage& stage, ParameterKind kind,
                 std::vector<double> array) {
  if (array.empty()) return;
  const auto i = find_parameter(network, stage, kind);
  check(i.has_value(), "the stage has the parameter that is stored");
  arrays[*i] = std::move(array);
}

ChannelStatistics running_statistics(const Network& network, const Arrays& values,
                                     const Stage& stage) {
  const auto mean = find_array(network, values, stage, ParameterKind::running_mean);
  const auto variance = find_array(network, values, stage, ParameterKind::running_variance);
  return {.mean = {mean.begin(), mean.end()}, .variance = {variance.begin(), variance.end()}};
}

void check_inputs(const Network& network, const Arrays& values, const Tensor& images) {
  check(images.shape == network.input, "the images have the network's input shape");
  check(
      images.count > 0 && std::cmp_equal(images.values.size(), images.count * images.shape.size()),
      "the images are complete");
  check(values.size() == network.parameters.size(), "there is one array for each parameter");
  for (std::size_t i = 0; i < values.size(); ++i) {
    check(std::cmp_equal(values[i].size(), network.parameters[i].size()),
          "an array has the size of its parameter");
  }
}

/// PyTorch refuses this too: the unbiased variance of one value does not exist.
void refuse_single_value(const Stage& stage, const Tensor& src) {
  if (src.count * src.shape.pixels() > 1) return;
  throw Error(stage.path +
              " (bn) cannot be trained: it needs more than one value a channel in a batch, found "
              "one image of one pixel; use a larger batch, or larger pictures at this stage");
}

/// The output of stage `i`; leaves what else it computes in `pass`.
Tensor forward_stage(const Network& network, const Arrays& values, const Tensor& src, Mode mode,
                     std::size_t i, ForwardPass& pass) {
  const Stage& stage = network.stages[i];
  const auto array = [&](ParameterKind kind) { return find_array(network, values, stage, kind); };
  return std::visit(
      Overload{[&](const Conv& conv) {
                 return convolution_forward(conv, src, array(ParameterKind::weight),
                                            array(ParameterKind::bias));
               },
               [&](const BatchNorm& bn) {
                 ChannelStatistics running = running_statistics(network, values, stage);
                 ChannelStatistics statistics = running;
                 if (mode == Mode::training) {
                   refuse_single_value(stage, src);
                   statistics = batch_statistics(src);
                   running = move_running_statistics(bn, running, statistics,
                                                     src.count * src.shape.pixels());
                   pass.batch_mean[i] = statistics.mean;
                   pass.batch_variance[i] = statistics.variance;
                 }
                 Arrays& moved = pass.running_statistics;
                 store_array(network, moved, stage, ParameterKind::running_mean, running.mean);
                 store_array(network, moved, stage, ParameterKind::running_variance,
                             running.variance);
                 return batch_norm_forward(bn, src, statistics, array(ParameterKind::scale),
                                           array(ParameterKind::offset));
               },
               [&](const Relu&) { return relu_forward(src); },
               [&](const Tanh&) { return tanh_forward(src); },
               [&](const MaxPool& pool) { return max_pool_forward(pool, src); },
               [&](const GlobalAveragePool&) { return global_average_pool_forward(src); },
               [&](const Flatten&) { return reshape(src, stage.output); },
               [&](const FullyConnected& fc) {
                 return fully_connected_forward(fc, src, array(ParameterKind::weight),
                                                array(ParameterKind::bias));
               }},
      stage.operation);
}

/// The gradient at the input of stage `i`, given that at its output; leaves those of its parameters
/// in `pass`.
Tensor backward_stage(const Network& network, const Arrays& values, const Tensor& src,
                      const Tensor& ddst, Mode mode, std::size_t i, Pass& pass) {
  const Stage& stage = network.stages[i];
  const auto array = [&](ParameterKind kind) { return find_array(network, values, stage, kind); };
  const auto keep = [&](ParameterKind kind, std::vector<double>& gradient) {
    store_array(network, pass.gradients, stage, kind, std::move(gradient));
  };
  return std::visit(
      Overload{
          [&](const Conv& conv) {
            ConvolutionGradients gradients =
                convolution_backward(conv, src, array(ParameterKind::weight), ddst);
            keep(ParameterKind::weight, gradients.dweights);
            keep(ParameterKind::bias, gradients.dbias);
            return std::move(gradients.dsrc);
          },
          [&](const BatchNorm& bn) {
            const ChannelStatistics statistics =
                mode == Mode::training
                    ? ChannelStatistics{pass.batch_mean[i], pass.batch_variance[i]}
                    : running_statistics(network, values, stage);
            BatchNormGradients gradients =
                batch_norm_backward(bn, src, statistics, array(ParameterKind::scale), ddst, mode);
            keep(ParameterKind::scale, gradients.dscale);
            keep(ParameterKind::offset, gradients.doffset);
            return std::move(gradients.dsrc);
          },
          [&](const Relu&) { return relu_backward(src, ddst); },
          [&](const Tanh&) { return tanh_backward(src, ddst); },
          [&](const MaxPool& pool) { return max_pool_backward(pool, src, ddst); },
          [&](const GlobalAveragePool&) { return global_average_pool_backward(stage.input, ddst); },
          [&](const Flatten&) { return reshape(ddst, stage.input); },
          [&](const FullyConnected& fc) {
            FullyConnectedGradients gradients =
                fully_connected_backward(fc, src, array(ParameterKind::weight), ddst);
            keep(ParameterKind::weight, gradients.dweights);
            keep(ParameterKind::bias, gradients.dbias);
            return std::move(gradients.dsrc);
          }},
      stage.operation);
}

}  // namespace

Arrays widen(const network::Values& values) {
  Arrays arrays;
  for (const std::vector<float>& array : values) arrays.emplace_back(array.begin(), array.end());
  return arrays;
}

ForwardPass run_forward(const Network& network, const Arrays& values, const Tensor& images,
                        Mode mode) {
  check_inputs(network, values, images);
  ForwardPass pass;
  pass.batch_mean.resize(network.stages.size());
  pass.batch_variance.resize(network.stages.size());
  pass.running_statistics.resize(network.parameters.size());
  for (std::size_t i = 0; i < network.stages.size(); ++i) {
    const Tensor& src = i == 0 ? images : pass.outputs[i - 1];
    Tensor dst = forward_stage(network, values, src, mode, i, pass);
    check(dst.shape == network.stages[i].output, "a stage has the output shape of the network");
    pass.outputs.push_back(std::move(dst));
  }
  return pass;
}

Pass run(const Network& network, const Arrays& values, const Tensor& images,
         std::span<const std::int32_t> labels, Mode mode) {
  Pass pass;
  static_cast<ForwardPass&>(pass) = run_forward(network, values, images, mode);
  const Tensor& logits = pass.outputs.empty() ? images : pass.outputs.back();
  CrossEntropy cross_entropy = softmax_cross_entropy(logits, labels);
  pass.loss = cross_entropy.loss;
  pass.right = cross_entropy.right;
  pass.gradients.resize(network.parameters.size());
  pass.dinput = std::move(cross_entropy.dlogits);
  for (std::size_t i = network.stages.size(); i-- > 0;) {
    const Tensor& src = i == 0 ? images : pass.outputs[i - 1];
    pass.dinput = backward_stage(network, values, src, pass.dinput, mode, i, pass);
  }
  return pass;
}

}  // namespace whichfirst::reference
