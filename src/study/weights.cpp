#include "study/weights.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <optional>
#include <utility>

#include "base/error.h"
#include "record/atomic_file.h"
#include "record/metrics.h"
#include "record/safetensors.h"

namespace whichfirst::study {
namespace {

/// Higher is better; nullopt where there is no value.
std::optional<double> goodness_of(const record::TrialRecord& trial, const std::string& metric) {
  const auto value = record::metric_value(trial.metrics, metric);
  if (!value || record::is_tuning(trial.replicate)) return std::nullopt;
  return record::is_accuracy(metric) ? *value : -*value;
}

std::string candidate_name(std::uint64_t replicate) {
  return fmt::format("candidate-{}", replicate);
}

}  // namespace

void save_weights(const std::filesystem::path& path, const Arm& arm, const network::Values& values,
                  std::map<std::string, std::string> metadata) {
  record::Weights weights{.tensors = {}, .metadata = std::move(metadata)};
  for (std::size_t i = 0; i < values.size(); ++i) {
    const network::Parameter& parameter = arm.network.parameters[i];
    weights.tensors.push_back(
        {.name = parameter.name, .shape = parameter.dimensions, .values = values[i]});
  }
  weights.metadata.insert({{"format", "pt"}, {"order", arm.order}});
  record::write_safetensors(path, weights);
}

std::filesystem::path WeightsKeeper::file(const Arm& arm, std::string_view name) const {
  return folder_ / arm.name / fmt::format("{}.safetensors", name);
}

void WeightsKeeper::keep(const Arm& arm, const record::TrialRecord& trial,
                         const network::Values& values) {
  const std::string& metric = experiment_.study.plan.metric;
  const auto goodness = goodness_of(trial, metric);
  if (kept_ == KeptWeights::none || !goodness) return;
  const std::lock_guard lock(mutex_);
  std::string name = std::to_string(trial.replicate);
  if (kept_ == KeptWeights::best) {
    const auto best = candidates_.find(arm.name);
    if (best != candidates_.end() && best->second.goodness >= *goodness) return;
    name = candidate_name(trial.replicate);
  }
  record::make_folder(folder_ / arm.name);
  save_weights(file(arm, name), arm, values,
               {{"study", experiment_.hash},
                {"arm", arm.name},
                {"replicate", std::to_string(trial.replicate)},
                {metric, fmt::format("{}", *record::metric_value(trial.metrics, metric))}});
  if (kept_ == KeptWeights::all) return;
  Candidate& best = candidates_[arm.name];
  std::error_code ignored;
  std::filesystem::remove(file(arm, candidate_name(best.replicate)), ignored);
  best = {.replicate = trial.replicate, .goodness = *goodness};
}

/// Whether best.safetensors is of that replicate, if need be its candidate under a new name.
bool WeightsKeeper::promote(const Arm& arm, std::uint64_t replicate) const {
  const std::filesystem::path best = file(arm, "best");
  std::error_code ignored;
  std::filesystem::rename(file(arm, candidate_name(replicate)), best, ignored);
  return std::filesystem::exists(best, ignored) &&
         record::read_safetensors(best).metadata["replicate"] == std::to_string(replicate);
}

std::vector<std::string> WeightsKeeper::settle(const Trials& trials) {
  std::vector<std::string> missing;
  if (kept_ == KeptWeights::none) return missing;
  for (std::size_t i = 0; i < experiment_.arms.size(); ++i) {
    const Arm& arm = experiment_.arms[i];
    std::optional<Candidate> best;
    std::vector<std::uint64_t> lacking;
    for (const auto& [id, trial] : trials) {
      const auto goodness = goodness_of(trial, experiment_.study.plan.metric);
      if (id.arm != i || !goodness) continue;
      if (!best || *goodness > best->goodness) best = Candidate{id.replicate, *goodness};
      std::error_code ignored;
      if (!std::filesystem::exists(file(arm, std::to_string(id.replicate)), ignored)) {
        lacking.push_back(id.replicate);
      }
    }
    if (kept_ == KeptWeights::best && best) {
      lacking.clear();
      if (!promote(arm, best->replicate)) lacking.push_back(best->replicate);
      for (const auto& [id, trial] : trials) {  // beaten by trials of other processes
        std::error_code ignored;
        if (id.arm == i) std::filesystem::remove(file(arm, candidate_name(id.replicate)), ignored);
      }
    }
    if (lacking.empty()) continue;
    missing.push_back(fmt::format(
        "{}: no weights of replicate {}, which an earlier command trained; `whichfirst train ... "
        "--order {} --replicate {} --save FILE` trains it again to the same bits",
        arm.name, fmt::join(lacking, ", "), arm.name, lacking.front()));
  }
  return missing;
}

}  // namespace whichfirst::study
