#include "train/taps.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "base/random.h"
#include "data/batches.h"
#include "measure/summary.h"
#include "network/expand.h"
#include "network/lookup.h"
#include "train/material.h"

namespace whichfirst::train {
namespace {

using network::ParameterKind;

/// The word of a path, or what several words mean alike.
std::string meaning_of(const network::Stage& stage) {
  if (network::is_normaliser(stage)) return "norm";
  if (network::is<network::Activation>(stage)) return "act";
  if (network::is<network::MaxPool, network::AveragePool>(stage)) return "pool";
  const std::string scope = stage.unit ? "units." + std::to_string(*stage.unit) + "." : "body.";
  const std::string rest = stage.path.substr(scope.size());
  return rest.substr(0, rest.find('.'));
}

double norm_of(std::span<const float> values) {
  double sum = 0;
  for (const float value : values) sum += static_cast<double>(value) * value;
  return std::sqrt(sum);
}

double distance_of(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double d = static_cast<double>(a[i]) - b[i];
    sum += d * d;
  }
  return std::sqrt(sum);
}

std::optional<double> if_finite(double value) {
  return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

engine::Options probe_options(const Task& task, std::size_t images) {
  engine::Options options = engine_options(task.recipe, task.seed, task.replicate);
  options.batch = static_cast<int>(images);
  return options;
}

std::vector<std::uint32_t> probe_picks(const Task& task) {
  const std::vector<std::uint32_t>& train = task.material.parts.train;
  std::vector<std::uint32_t> places = permutation({.seed = task.seed, .stream = Stream::probe},
                                                  static_cast<std::uint32_t>(train.size()));
  places.resize(std::min<std::size_t>(places.size(), kProbeImages));
  for (std::uint32_t& place : places) place = train[place];
  return places;
}

}  // namespace

bool is_tapped(const record::Recipe& recipe, int epoch) {
  switch (recipe.taps) {
    case record::TapRate::off:
      return false;
    case record::TapRate::epochs:
      return true;
    case record::TapRate::log:
      break;
  }
  return epoch == recipe.epochs || std::has_single_bit(static_cast<unsigned>(epoch));
}

std::vector<std::string> tap_places(const network::Network& network) {
  std::vector<std::pair<std::optional<int>, std::string>> words;
  for (const network::Stage& stage : network.stages) {
    words.emplace_back(stage.unit, meaning_of(stage));
  }
  return network::name_places(words);
}

Taps::Taps(const Task& task)
    : network_(task.network),
      places_(tap_places(task.network)),
      feeds_weights_(task.network.stages.size(), false),
      picks_(probe_picks(task)),
      labels_(picks_.size()),
      probe_(task.network, probe_options(task, picks_.size())) {
  for (const network::Stage& reader : network_.stages) {
    if (network::has_weights(reader) && reader.source != network::kInput) {
      feeds_weights_[static_cast<std::size_t>(reader.source)] = true;
    }
  }
  const data::Images& pictures = task.material.dataset.train;
  images_.resize(labels_.size() * static_cast<std::size_t>(pictures.shape.size()));
  data::assemble(pictures, picks_, task.material.normalisation, images_, labels_);
}

record::EpochTaps Taps::look(engine::Trainer& trainer, const WatchedStep& step, int epoch) {
  record::EpochTaps taps{.epoch = epoch};
  const network::Values values = trainer.values();
  const engine::ProbeResult result = probe_.run(
      values, images_, labels_,
      [&](int stage, std::span<const float> made) { taps.values.push_back(measure(stage, made)); });
  for (const engine::BatchStatistics& batch : result.statistics) {
    add_gaps(taps.values[static_cast<std::size_t>(batch.stage)], batch, values);
  }
  taps.weights = measure_weights(values, step, result.gradients);
  taps.training_loss = if_finite(result.loss);
  taps.evaluation_loss = evaluation_loss(trainer);
  return taps;
}

record::ValueTap Taps::measure(int stage, std::span<const float> values) const {
  const auto index = static_cast<std::size_t>(stage);
  const ChannelView view{.values = values,
                         .images = static_cast<std::ptrdiff_t>(labels_.size()),
                         .channels = network_.stages[index].output.channels,
                         .pixels = network_.stages[index].output.pixels()};
  record::ValueTap tap{.place = places_[index]};
  const std::vector<measure::Summary> channels = summarise_channels(view);
  measure::Summary all;
  for (const measure::Summary& channel : channels) all.merge(channel);
  tap.moments = all.moments();
  tap.histogram.add(values);
  if (tap.moments.count > 0) {
    for (const double share : record::kTapQuantiles) {
      tap.quantiles.push_back(
          tap.histogram.quantile(share, tap.moments.least, tap.moments.largest).value_or(0));
    }
  }
  tap.saturation = saturation_of(values);
  tap.channel_skewness = mean_channel_skewness(channels);
  tap.dead_share = dead_share(channels);
  if (feeds_weights_[index]) tap.condition = condition_of(view);
  return tap;
}

void Taps::add_gaps(record::ValueTap& tap, const engine::BatchStatistics& batch,
                    const network::Values& values) const {
  const network::Stage& stage = stage_at(network_, batch.stage);
  const double eps = network::as<network::BatchNorm>(stage)->eps;
  const auto& mean = *find_array(network_, values, stage, ParameterKind::running_mean);
  const auto& variance = *find_array(network_, values, stage, ParameterKind::running_variance);
  double squares = 0;
  double logs = 0;
  for (std::size_t c = 0; c < mean.size(); ++c) {
    const double difference = static_cast<double>(batch.mean[c]) - mean[c];
    squares += difference * difference / (variance[c] + eps);
    logs += std::abs(std::log((batch.variance[c] + eps) / (variance[c] + eps)));
  }
  const auto count = static_cast<double>(mean.size());
  tap.mean_gap = if_finite(std::sqrt(squares / count));
  tap.variance_gap = if_finite(logs / count);
}

std::vector<record::WeightTap> Taps::measure_weights(const network::Values& values,
                                                     const WatchedStep& step,
                                                     const network::Values& gradients) const {
  std::vector<record::WeightTap> taps;
  for (std::size_t i = 0; i < network_.parameters.size(); ++i) {
    const network::Parameter& parameter = network_.parameters[i];
    if (parameter.kind != ParameterKind::weight) continue;
    const double norm = norm_of(step.before[i]);
    const double change = distance_of(step.after[i], step.before[i]);
    taps.push_back({.place = places_[static_cast<std::size_t>(parameter.stage)],
                    .weight_norm = if_finite(norm_of(values[i])),
                    .gradient_norm = if_finite(norm_of(gradients[i])),
                    .update_ratio = norm > 0 ? if_finite(change / norm) : std::nullopt});
  }
  return taps;
}

std::optional<double> Taps::evaluation_loss(engine::Trainer& trainer) const {
  const std::span<float> place = trainer.evaluation_images();
  std::copy(images_.begin(), images_.end(), place.begin());
  return if_finite(trainer.evaluate(labels_).loss_sum / static_cast<double>(labels_.size()));
}

}  // namespace whichfirst::train
