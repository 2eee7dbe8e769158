#include <algorithm>
#include <chrono>
#include <cmath>
#include <tuple>
#include <utility>
#include <vector>

#include "base/median.h"
#include "data/batches.h"
#include "engine/inference.h"
#include "fold/fold.h"
#include "train/trial.h"

namespace whichfirst::train {
namespace {

using Clock = std::chrono::steady_clock;

/// The first pictures of the test part, over again where it holds fewer than `count`.
std::vector<float> test_pictures(const Material& material, int count) {
  const data::Images& images = material.dataset.test;
  const std::vector<std::uint32_t>& part = material.parts.test;
  std::vector<std::uint32_t> picks;
  for (std::size_t i = 0; std::cmp_less(i, count); ++i) picks.push_back(part[i % part.size()]);
  std::vector<float> pictures(picks.size() * static_cast<std::size_t>(images.shape.size()));
  std::vector<std::int32_t> labels(picks.size());
  data::assemble(images, picks, material.normalisation, pictures, labels);
  return pictures;
}

/// Seconds of one run. A run uses its pictures up.
double run(engine::Inference& inference, const std::vector<float>& pictures) {
  const std::span<float> images = inference.images();
  std::copy_n(pictures.begin(), images.size(), images.begin());
  const Clock::time_point begin = Clock::now();
  inference.run();
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// Both networks, for batches of one size.
struct Both {
  engine::Inference trained;
  engine::Inference folded;

  /// Median seconds of a run of each: in turns, for about `budget` seconds, 3 to 50 runs.
  std::pair<double, double> time(const std::vector<float>& pictures, double budget) {
    constexpr std::size_t kLeastRuns = 3;
    constexpr std::size_t kMostRuns = 50;
    std::vector<double> of_trained;
    std::vector<double> of_folded;
    const Clock::time_point begin = Clock::now();
    while (of_trained.size() < kLeastRuns ||
           (of_trained.size() < kMostRuns &&
            std::chrono::duration<double>(Clock::now() - begin).count() < budget)) {
      of_trained.push_back(run(trained, pictures));
      of_folded.push_back(run(folded, pictures));
    }
    return {median(std::move(of_trained)), median(std::move(of_folded))};
  }
};

void compare_logits(const Both& both, std::size_t pictures, record::InferenceRecord& record) {
  const std::span<const float> trained = both.trained.logits();
  const std::span<const float> folded = both.folded.logits();
  double difference = 0;
  double largest = 0;
  bool is_finite = true;
  for (std::size_t i = 0; i < trained.size() / kInferenceBatch * pictures; ++i) {
    is_finite = is_finite && std::isfinite(trained[i]) && std::isfinite(folded[i]);
    difference = std::max(difference, std::abs(double{trained[i]} - double{folded[i]}));
    largest = std::max(largest, std::abs(double{trained[i]}));
  }
  if (!is_finite) return;
  record.max_difference = difference;
  record.max_logit = largest;
}

void add_fates(const fold::Folded& folded, record::InferenceRecord& record) {
  record.bns = folded.fates;
  record.counts = record::counts_of(record.bns);
  for (const network::Stage& stage : folded.network.stages) {
    const auto* conv = std::get_if<network::Conv>(&stage.operation);
    record.counts.convolutions += conv != nullptr ? 1 : 0;
    record.counts.bias_maps += conv != nullptr && conv->has_bias_map ? 1 : 0;
  }
}

}  // namespace

InferenceCosts measure_inference(const network::Network& network, const network::Values& values,
                                 const Material& material) {
  constexpr double kSecondsOfOne = 0.05;
  constexpr double kSecondsOfBatch = 0.1;
  const fold::Folded folded = fold::fold(network, values);
  const auto both_for = [&](int batch) {
    return Both{engine::Inference(network, values, batch),
                engine::Inference(folded.network, folded.values, batch)};
  };
  const std::vector<float> pictures = test_pictures(material, kInferenceBatch);
  InferenceCosts costs;
  record::InferenceRecord& record = costs.record;
  add_fates(folded, record);
  record.trained.parameters = network.parameter_count();
  record.folded.parameters = folded.network.parameter_count();
  {
    Both one = both_for(1);
    record.trained.bytes = one.trained.plan().bytes();
    record.folded.bytes = one.folded.plan().bytes();
    run(one.trained, pictures);  // the first run meets cold memory
    run(one.folded, pictures);
    std::tie(costs.timings.trained.latency_seconds, costs.timings.folded.latency_seconds) =
        one.time(pictures, kSecondsOfOne);
  }
  Both many = both_for(kInferenceBatch);
  record.trained.batch_bytes = many.trained.plan().bytes();
  record.folded.batch_bytes = many.folded.plan().bytes();
  run(many.trained, pictures);
  run(many.folded, pictures);
  const std::size_t shown = std::min<std::size_t>(kInferenceBatch, material.parts.test.size());
  record.pictures = static_cast<int>(shown);
  compare_logits(many, shown, record);
  const auto [trained_seconds, folded_seconds] = many.time(pictures, kSecondsOfBatch);
  costs.timings.trained.images_per_second = kInferenceBatch / trained_seconds;
  costs.timings.folded.images_per_second = kInferenceBatch / folded_seconds;
  return costs;
}

}  // namespace whichfirst::train
