#include "study/inference_summary.h"

#include <algorithm>
#include <utility>

#include "base/median.h"

namespace whichfirst::study {
namespace {

using Timed = std::vector<record::InferenceTimings>;

record::InferenceSpeed median_speed(const Timed& timed,
                                    record::InferenceSpeed record::InferenceTimings::*network) {
  std::vector<double> latencies;
  std::vector<double> rates;
  for (const record::InferenceTimings& timings : timed) {
    latencies.push_back((timings.*network).latency_seconds);
    rates.push_back((timings.*network).images_per_second);
  }
  return {.latency_seconds = median(std::move(latencies)),
          .images_per_second = median(std::move(rates))};
}

/// The larger of two; missing where one is.
std::optional<double> largest(const std::optional<double>& a, const std::optional<double>& b) {
  return a && b ? std::optional(std::max(*a, *b)) : std::nullopt;
}

}  // namespace

std::optional<record::InferenceResult> summarise_inference(
    std::string order, const std::vector<const record::TrialRecord*>& trials) {
  const record::InferenceRecord* fullest = nullptr;  // that kept most
  record::InferenceResult result{.name = std::move(order)};
  Timed timed;
  for (const record::TrialRecord* trial : trials) {
    if (!trial->inference) continue;
    const record::InferenceRecord& found = *trial->inference;
    const bool is_first = fullest == nullptr;
    result.max_difference =
        is_first ? found.max_difference : largest(result.max_difference, found.max_difference);
    result.max_logit = is_first ? found.max_logit : largest(result.max_logit, found.max_logit);
    if (is_first || found.counts.kept > fullest->counts.kept) fullest = &found;
    if (trial->timings.inference) timed.push_back(*trial->timings.inference);
    ++result.trials;
  }
  if (fullest == nullptr) return std::nullopt;
  result.counts = fullest->counts;
  result.reasons = record::reasons_of(fullest->bns);
  result.trained = fullest->trained;
  result.folded = fullest->folded;
  if (!timed.empty()) {
    result.timings = {.trained = median_speed(timed, &record::InferenceTimings::trained),
                      .folded = median_speed(timed, &record::InferenceTimings::folded)};
  }
  return result;
}

}  // namespace whichfirst::study
