// A study made ready: every order built and checked, the data loaded, before anything is trained.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/platform.h"
#include "network/network.h"
#include "record/study_file.h"
#include "record/trial_record.h"
#include "train/trial.h"

namespace whichfirst::study {

/// One order, built, at one learning rate.
struct Arm {
  std::string name;        // the order's, with the rate where there are several: "bn-first@0.1"
  std::string order_name;  // "bn-first"
  std::string order;       // canonical notation, with its conv
  double lr = 0;
  network::Network network;
};

struct Experiment {
  record::Study study;
  std::string hash;       // of the resolved study
  std::string network;    // a preset's name, or the body in canonical notation
  std::vector<Arm> arms;  // order by order, each at every rate
  /// What the arms of one replicate start from together: the roles with random weights that have
  /// the same shape in all of them.
  std::vector<network::Role> shared;
  train::Material material;
  engine::Platform platform;
};

/// The data a study names, and nothing of it selected yet. Throws Error.
data::Dataset load_dataset(const record::Study& study,
                           const std::vector<std::filesystem::path>& search_folders);

/// The orders of a study at its first rate, built for pictures of `input` and so many classes.
/// Throws Error naming the order and the stage that cannot be built.
std::vector<Arm> build_arms(const record::Study& study, const Shape& input, int classes);

/// Throws Error where anything does not fit: data that do not read, a stage that cannot be built,
/// orders that share no initial weights (a pair would then be two unrelated runs).
Experiment prepare(const record::Study& study,
                   const std::vector<std::filesystem::path>& search_folders);

/// The initial values of one arm in one replicate.
network::Values initial_values(const Experiment& experiment, const Arm& arm,
                               std::uint64_t replicate);

struct TrialOutcome {
  record::TrialRecord record;
  network::Values values;  // after training; empty unless `done`
  bool is_interrupted = false;
};

/// Trains one trial on the calling thread from `initial`, and completes its record: arm, order,
/// hashes, machine. An Error on the way, which is what the recipe does (a bn without a variance),
/// is a `failed` trial with its reason, so that a study goes on. Lack of memory, a system error and
/// a mistake of ours are thrown: they say nothing of the order. So is what the observer throws.
TrialOutcome run_trial(const Experiment& experiment, const Arm& arm, std::uint64_t replicate,
                       const network::Values& initial, const std::stop_token& stop,
                       const train::Observer& observe);

/// What trains trials, wherever it does so: turns an arm and a replicate into the record of a trial
/// that has ended, or into nothing where `stop` cut it short. Called from several threads at once.
/// It blocks until the trial has ended and tells the observer how far it is. A trial that fails is
/// a record that says so; what this throws is our own mistake and ends the whole run.
using Runner = std::function<std::optional<record::TrialRecord>(
    const Arm& arm, std::uint64_t replicate, const std::stop_token& stop,
    const train::Observer& observe)>;

/// Says in a record whose it is: arm, order, rate, replicate, study, version.
void identify(record::TrialRecord& record, const Experiment& experiment, const Arm& arm,
              std::uint64_t replicate);

/// What becomes of a trained network; called on the trial's thread.
using Keeper = std::function<void(const Arm&, const record::TrialRecord&, const network::Values&)>;

/// The built-in engine: a trial runs on the thread that calls, and `keep` is called with what it
/// trained. The experiment must outlive it.
Runner engine_runner(const Experiment& experiment, Keeper keep = {});

/// Bytes that one trial of an arm takes beside the shared data: the engine's plan and an allowance
/// for what stands around it.
std::int64_t trial_bytes(const Arm& arm, const record::Recipe& recipe);

/// About how long a trial takes on a free core, the mean over the orders: trains each for a moment.
double mean_trial_seconds(const Experiment& experiment);

/// The arm of that name. Throws Error with a suggestion.
const Arm& find_arm(const std::vector<Arm>& arms, const std::string& name);

/// The orders that a study compares where it names none: those of its preset, else bn before and
/// after the activation.
std::vector<record::NamedOrder> default_orders(const std::string& network);

/// Whether two arms are the same stages, read in the same way.
bool is_same_network(const Arm& a, const Arm& b);

/// Why two arms must train to the same numbers, bit for bit: they are one network, or `algebra`
/// proves it. nullopt where neither is known, and at two rates.
std::optional<std::string> proof_of_same_training(const Arm& a, const Arm& b);

}  // namespace whichfirst::study
