#include "bench/bench.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/median.h"
#include "bench/runner.h"
#include "engine/platform.h"
#include "engine/trainer.h"
#include "study/experiment.h"
#include "study/machine.h"
#include "train/trial.h"

namespace whichfirst::bench {
namespace {

constexpr int kClasses = 10;

std::vector<BenchKernels> count_kernels(const engine::Plan& plan) {
  std::map<std::pair<std::string, std::string>, int> counts;
  for (const engine::PlannedPrimitive& primitive : plan.training) {
    ++counts[{primitive.what, primitive.implementation}];
  }
  std::vector<BenchKernels> kernels;
  for (const auto& [key, count] : counts) {
    kernels.push_back({.what = key.first, .implementation = key.second, .count = count});
  }
  return kernels;
}

/// What the rounds found of one order.
struct Measured {
  std::vector<double> steps;
  std::vector<double> together;
  std::vector<double> ratios;
  std::vector<std::vector<double>> profile;
  std::vector<std::vector<double>> peers;  // by setting, then by round
  std::vector<std::string> peer_failures;  // by setting; empty: none
};

class Bench {
 public:
  Bench(const record::Study& study, const BenchPlan& plan)
      : plan_(plan),
        study_(study),
        arms_(study::build_arms(study_, plan.input, kClasses)),
        material_(random_material(plan.input, kClasses)),
        measured_(arms_.size()) {
    train::require_trainable(material_, study_.recipe);
    bench_.network = study_.network;
    bench_.input =
        fmt::format("{}x{}x{}", plan.input.channels, plan.input.height, plan.input.width);
    bench_.batch = study_.recipe.batch;
    bench_.precision = record::precision_word(study_.recipe.precision);
    bench_.threads = study::available_cores();
  }

  BenchRecord run() {
    if (plan_.peers) start_peers();  // what is missing is said before anything is measured
    measure_costs();
    const engine::Platform platform = engine::describe_platform(study_.recipe.precision);
    bench_.isa = platform.isa;
    bench_.library = platform.library;
    const engine::Peak peak =
        engine::measure_peak(study_.recipe.precision, std::min(0.5, plan_.seconds));
    if (peak.gflops > 0) bench_.peak_gflops = peak.gflops;
    bench_.peak_gb_per_second = engine::measure_memory_peak(std::min(0.5, plan_.seconds));

    std::vector<Runner> runners;
    for (const study::Arm& arm : arms_) {
      runners.emplace_back(arm, study_.recipe, material_);
      runners.back().step();
    }
    for (int round = 0; round < plan_.rounds; ++round) {
      for (std::size_t i = 0; i < arms_.size(); ++i) {
        plan_.on_measurement(round, arms_[i].name);
        measure(i, runners[i]);
      }
    }
    for (std::size_t i = 0; i < arms_.size(); ++i) summarise(i);
    return std::move(bench_);
  }

 private:
  void start_peers() {
    std::vector<network::Network> networks;
    for (const study::Arm& arm : arms_) networks.push_back(arm.network);
    peers_.emplace(*plan_.peers, networks, study_.recipe, bench_.threads);
    bench_.peers = BenchPeers{
        .library = peers_->offer().library, .runs = {}, .missing = peers_->offer().missing};
    for (Measured& each : measured_) {
      each.peers.resize(peers_->settings().size());
      each.peer_failures.resize(peers_->settings().size());
    }
  }

  /// Each in a process that has not trained yet; so before anything here touches oneDNN.
  void measure_costs() {
    for (const study::Arm& arm : arms_) {
      const Cost cost = measure_cost(arm, study_.recipe, material_);
      BenchOrder& order = bench_.orders.emplace_back();
      order.name = arm.name;
      order.order = arm.order;
      order.first_step_seconds = cost.first_step_seconds;
      order.peak_bytes = cost.peak_bytes;
    }
  }

  double measure_trials(std::size_t i, int threads) const {
    return measure_together(arms_[i], study_.recipe, material_,
                            {.threads = threads, .seconds = plan_.seconds});
  }

  /// One round of one order.
  void measure(std::size_t i, Runner& runner) {
    Measured& found = measured_[i];
    found.steps.push_back(runner.measure_steps(plan_.seconds));
    for (auto& step : runner.profile(plan_.seconds)) found.profile.push_back(std::move(step));
    const double one = measure_trials(i, 1);
    const double all = measure_trials(i, bench_.threads);
    found.together.push_back(all);
    found.ratios.push_back(all / one);
    for (std::size_t setting = 0; setting < found.peers.size(); ++setting) {
      if (!found.peer_failures[setting].empty()) continue;
      try {
        found.peers[setting].push_back(
            peers_->measure(i, peers_->settings()[setting], plan_.seconds));
      } catch (const Error& error) {
        found.peer_failures[setting] = error.what();
      }
    }
  }

  void summarise(std::size_t i) {
    const Measured& found = measured_[i];
    BenchOrder& order = bench_.orders[i];
    order.images_per_second = median(found.steps);
    order.together_images_per_second = median(found.together);
    order.together_ratio = median(found.ratios);
    const engine::Plan plan = engine::plan(arms_[i].network, train::engine_options(study_.recipe));
    order.planned_bytes = plan.bytes();
    order.arena_bytes = plan.arena_bytes;
    order.parameter_bytes = plan.parameter_bytes;
    order.kernels = count_kernels(plan);
    order.parts = parts_of(plan, arms_[i], study_.recipe, found.profile);
    order.primitives_share = order.stage_seconds() / order.step_seconds();
    order.primitives_images_per_second = order.images_per_second / order.primitives_share;
    order.gflops =
        order.images_per_second * static_cast<double>(order.flops()) / bench_.batch / 1e9;
    for (std::size_t setting = 0; setting < found.peers.size(); ++setting) {
      summarise_peer(i, setting);
    }
  }

  void summarise_peer(std::size_t i, std::size_t place) {
    const PeerSetting& setting = peers_->settings()[place];
    if (!measured_[i].peer_failures[place].empty()) {
      bench_.peers->missing.push_back(
          {.configuration = fmt::format("{}, {} x {}, order {}", setting.configuration,
                                        setting.processes, setting.threads, arms_[i].name),
           .reason = measured_[i].peer_failures[place]});
      return;
    }
    const std::vector<double>& speeds = measured_[i].peers[place];
    std::vector<double> ratios;
    for (std::size_t round = 0; round < speeds.size(); ++round) {
      ratios.push_back(measured_[i].together[round] / speeds[round]);
    }
    bench_.peers->runs.push_back({.order = arms_[i].name,
                                  .configuration = setting.configuration,
                                  .processes = setting.processes,
                                  .threads = setting.threads,
                                  .images_per_second = median(speeds),
                                  .ratio = median(ratios)});
  }

  const BenchPlan& plan_;
  const record::Study& study_;
  std::vector<study::Arm> arms_;
  train::Material material_;
  std::vector<Measured> measured_;
  std::optional<Peers> peers_;
  BenchRecord bench_;
};

}  // namespace

BenchRecord run_bench(const record::Study& study, const BenchPlan& plan) {
  return Bench(study, plan).run();
}

}  // namespace whichfirst::bench
