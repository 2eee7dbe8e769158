#include "reference/pass.h"

#include <utility>

#include "base/error.h"
#include "network/lookup.h"
#include "notation/sequence.h"

namespace whichfirst::reference {
namespace {

using network::Activation;
using network::Add;
using network::AveragePool;
using network::BatchNorm;
using network::Conv;
using network::Dropout;
using network::DropoutStep;
using network::Flatten;
using network::FullyConnected;
using network::GlobalAveragePool;
using network::GroupNorm;
using network::MaxPool;
using network::Network;
using network::ParameterKind;
using network::Stage;
using notation::Overload;

/// The stage's array of this kind; empty where the stage has no such parameter.
std::span<const double> array_of(const Network& network, const Arrays& arrays, const Stage& stage,
                                 ParameterKind kind) {
  const auto* found = find_array(network, arrays, stage, kind);
  return found ? std::span(*found) : std::span<const double>();
}

/// Puts `array` where array_of finds it; an empty one has no place.
void store_array(const Network& network, Arrays& arrays, const Stage& stage, ParameterKind kind,
                 std::vector<double> array) {
  if (array.empty()) return;
  auto* place = find_array(network, arrays, stage, kind);
  check(place != nullptr, "the stage has the parameter that is stored");
  *place = std::move(array);
}

ChannelStatistics running_statistics(const Network& network, const Arrays& values,
                                     const Stage& stage) {
  const auto mean = array_of(network, values, stage, ParameterKind::running_mean);
  const auto variance = array_of(network, values, stage, ParameterKind::running_variance);
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
              " (bn) cannot be trained: it needs more than one value per channel in a batch, found "
              "one image of one pixel; use a larger batch, or larger pictures at this stage");
}

/// What a pass is given.
struct Setting {
  const Network& network;
  const Arrays& values;
  const Tensor& images;
  Mode mode;
  const DropoutStep& step;

  std::span<const double> array(const Stage& stage, ParameterKind kind) const {
    return array_of(network, values, stage, kind);
  }
  /// What a stage reads: the output of the stage at `place`, or the images.
  const Tensor& output_at(int place, const ForwardPass& pass) const {
    if (place == network::kInput) return images;
    check(std::cmp_less(place, pass.outputs.size()), "a stage reads what stands before it");
    return pass.outputs[static_cast<std::size_t>(place)];
  }
};

/// Adds `term`, of the same shape, to `sum`.
void add_to(Tensor& sum, const Tensor& term) {
  check(sum.count == term.count && sum.shape == term.shape, "what is added up has one shape");
  for (std::size_t i = 0; i < sum.values.size(); ++i) sum.values[i] += term.values[i];
}

/// The output of stage `i`; leaves what else it computes in `pass`.
Tensor forward_stage(const Setting& setting, std::size_t i, ForwardPass& pass) {
  const Stage& stage = setting.network.stages[i];
  const Tensor& src = setting.output_at(stage.source, pass);
  const auto array = [&](ParameterKind kind) { return setting.array(stage, kind); };
  return std::visit(
      Overload{
          [&](const Conv& conv) {
            return convolution_forward(conv, src, array(ParameterKind::weight),
                                       array(ParameterKind::bias));
          },
          [&](const BatchNorm& bn) {
            ChannelStatistics running = running_statistics(setting.network, setting.values, stage);
            ChannelStatistics statistics = running;
            if (setting.mode == Mode::training) {
              refuse_single_value(stage, src);
              statistics = batch_statistics(src);
              running =
                  move_running_statistics(bn, running, statistics, src.count * src.shape.pixels());
              pass.batch_mean[i] = statistics.mean;
              pass.batch_variance[i] = statistics.variance;
            }
            const auto keep = [&](ParameterKind kind, std::vector<double>& moved) {
              store_array(setting.network, pass.running_statistics, stage, kind, std::move(moved));
            };
            keep(ParameterKind::running_mean, running.mean);
            keep(ParameterKind::running_variance, running.variance);
            return batch_norm_forward(bn, src, statistics, array(ParameterKind::scale),
                                      array(ParameterKind::offset));
          },
          [&](const GroupNorm& norm) {
            return group_norm_forward(norm, src, array(ParameterKind::scale),
                                      array(ParameterKind::offset));
          },
          [&](const Activation& activation) {
            return activation_forward(activation, src, array(ParameterKind::slope));
          },
          [&](const MaxPool& pool) { return max_pool_forward(pool, src); },
          [&](const AveragePool& pool) { return average_pool_forward(pool, src); },
          [&](const GlobalAveragePool&) { return global_average_pool_forward(src); },
          [&](const Dropout& drop) {
            return dropout(drop, src, dropout_key(stage, setting.step), setting.mode);
          },
          [&](const Flatten&) { return reshape(src, stage.output); },
          [&](const FullyConnected& fc) {
            return fully_connected_forward(fc, src, array(ParameterKind::weight),
                                           array(ParameterKind::bias));
          },
          [&](const Add&) {
            Tensor sum = src;
            add_to(sum, setting.output_at(stage.shortcut.value(), pass));
            return sum;
          }},
      stage.operation);
}

/// The gradient at what stage `i` reads - of an Add at either - given that at its output; leaves
/// those of its parameters in `pass`.
Tensor backward_stage(const Setting& setting, const Tensor& ddst, std::size_t i, Pass& pass) {
  const Stage& stage = setting.network.stages[i];
  const Tensor& src = setting.output_at(stage.source, pass);
  const auto array = [&](ParameterKind kind) { return setting.array(stage, kind); };
  const auto keep = [&](ParameterKind kind, std::vector<double>& gradient) {
    store_array(setting.network, pass.gradients, stage, kind, std::move(gradient));
  };
  const auto keep_weights = [&](auto gradients) {
    keep(ParameterKind::weight, gradients.dweights);
    keep(ParameterKind::bias, gradients.dbias);
    return std::move(gradients.dsrc);
  };
  const auto keep_affine = [&](NormGradients gradients) {
    keep(ParameterKind::scale, gradients.dscale);
    keep(ParameterKind::offset, gradients.doffset);
    return std::move(gradients.dsrc);
  };
  return std::visit(
      Overload{
          [&](const Conv& conv) {
            return keep_weights(
                convolution_backward(conv, src, array(ParameterKind::weight), ddst));
          },
          [&](const BatchNorm& bn) {
            const ChannelStatistics statistics =
                setting.mode == Mode::training
                    ? ChannelStatistics{pass.batch_mean[i], pass.batch_variance[i]}
                    : running_statistics(setting.network, setting.values, stage);
            return keep_affine(batch_norm_backward(bn, src, statistics, array(ParameterKind::scale),
                                                   ddst, setting.mode));
          },
          [&](const GroupNorm& norm) {
            return keep_affine(group_norm_backward(norm, src, array(ParameterKind::scale), ddst));
          },
          [&](const Activation& activation) {
            const auto slopes = array(ParameterKind::slope);
            if (!slopes.empty()) {
              auto sums = slope_gradients(src, ddst);
              keep(ParameterKind::slope, sums);
            }
            return activation_backward(activation, src, ddst, slopes);
          },
          [&](const MaxPool& pool) { return max_pool_backward(pool, src, ddst); },
          [&](const AveragePool& pool) { return average_pool_backward(pool, stage.input, ddst); },
          [&](const GlobalAveragePool&) { return global_average_pool_backward(stage.input, ddst); },
          [&](const Dropout& drop) {
            return dropout(drop, ddst, dropout_key(stage, setting.step), setting.mode);
          },
          [&](const Flatten&) { return reshape(ddst, stage.input); },
          [&](const FullyConnected& fc) {
            return keep_weights(
                fully_connected_backward(fc, src, array(ParameterKind::weight), ddst));
          },
          [&](const Add&) { return ddst; }},
      stage.operation);
}

}  // namespace

Arrays widen(const network::Values& values) {
  Arrays arrays;
  for (const std::vector<float>& array : values) arrays.emplace_back(array.begin(), array.end());
  return arrays;
}

ForwardPass run_forward(const Network& network, const Arrays& values, const Tensor& images,
                        Mode mode, const DropoutStep& step) {
  check_inputs(network, values, images);
  const Setting setting{network, values, images, mode, step};
  ForwardPass pass;
  pass.batch_mean.resize(network.stages.size());
  pass.batch_variance.resize(network.stages.size());
  pass.running_statistics.resize(network.parameters.size());
  for (std::size_t i = 0; i < network.stages.size(); ++i) {
    Tensor dst = forward_stage(setting, i, pass);
    check(dst.shape == network.stages[i].output, "a stage has the output shape of the network");
    pass.outputs.push_back(std::move(dst));
  }
  return pass;
}

Pass run(const Network& network, const Arrays& values, const Tensor& images,
         std::span<const std::int32_t> labels, Mode mode, const DropoutStep& step) {
  const Setting setting{network, values, images, mode, step};
  Pass pass;
  static_cast<ForwardPass&>(pass) = run_forward(network, values, images, mode, step);
  pass.gradients.resize(network.parameters.size());
  pass.dinput = zeros(images.count, images.shape);
  // The gradient at the output of each stage, the sum over all that read it.
  std::vector<Tensor> doutputs;
  for (const Tensor& output : pass.outputs) doutputs.push_back(zeros(output.count, output.shape));
  const auto add_at = [&](int place, const Tensor& gradient) {
    add_to(place == network::kInput ? pass.dinput : doutputs[static_cast<std::size_t>(place)],
           gradient);
  };

  const int last = static_cast<int>(network.stages.size()) - 1;  // kInput where there is none
  CrossEntropy cross_entropy = softmax_cross_entropy(setting.output_at(last, pass), labels);
  pass.loss = cross_entropy.loss;
  pass.right = cross_entropy.right;
  add_at(last, cross_entropy.dlogits);
  for (std::size_t i = network.stages.size(); i-- > 0;) {
    const Stage& stage = network.stages[i];
    const Tensor dsrc = backward_stage(setting, doutputs[i], i, pass);
    add_at(stage.source, dsrc);
    if (stage.shortcut) add_at(*stage.shortcut, dsrc);
  }
  return pass;
}

}  // namespace whichfirst::reference
