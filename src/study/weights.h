// Trained networks as files: safetensors with PyTorch's names and layouts.
//
//   weights/<arm>/<replicate>.safetensors   of every trial, where all are kept
//   weights/<arm>/best.safetensors          of the replicate with the best metric, where that is
//   weights/<arm>/candidate-<replicate>.safetensors   the best so far of one process, until the end
#pragma once

#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "study/plan.h"

namespace whichfirst::study {

/// Writes `values`, one for each parameter of the arm's network, by record::write_output.
/// `metadata` says in the file what it is, beside its order.
void save_weights(const std::filesystem::path& path, const Arm& arm, const network::Values& values,
                  std::map<std::string, std::string> metadata = {});

enum class KeptWeights { none, best, all };

/// Keeps the trained networks of a run. A crash leaves each file whole or absent; the weights of a
/// trial are on disk before the trial has a file.
class WeightsKeeper {
 public:
  /// `experiment` outlives this.
  WeightsKeeper(KeptWeights kept, std::filesystem::path run_folder, const Experiment& experiment)
      : kept_(kept), folder_(std::move(run_folder) / "weights"), experiment_(experiment) {}

  /// Of a trial that is done and does not tune. From several threads at once. Throws Error.
  void keep(const Arm& arm, const record::TrialRecord& trial, const network::Values& values);

  /// At the end of the run: the best of all trials becomes best.safetensors. A message for each arm
  /// whose weights are not there, as those of trials that an earlier command trained.
  std::vector<std::string> settle(const Trials& trials);

 private:
  std::filesystem::path file(const Arm& arm, std::string_view name) const;
  bool promote(const Arm& arm, std::uint64_t replicate) const;

  KeptWeights kept_;
  std::filesystem::path folder_;
  const Experiment& experiment_;
  std::mutex mutex_;
  struct Candidate {
    std::uint64_t replicate = 0;
    double goodness = 0;
  };
  std::map<std::string, Candidate> candidates_;  // by arm
};

}  // namespace whichfirst::study
