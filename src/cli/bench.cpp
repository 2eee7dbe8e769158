#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "bench/bench_record.h"
#include "bench/peers.h"
#include "bench/runner.h"
#include "cli/study_arguments.h"
#include "cli/verbs.h"
#include "engine/platform.h"
#include "engine/trainer.h"
#include "report/bench_text.h"
#include "study/experiment.h"
#include "study/machine.h"
#include "study/scheduler.h"
#include "train/trial.h"

namespace whichfirst::cli {
namespace {

constexpr int kClasses = 10;

struct BenchOptions {
  StudyArguments study;
  std::string input = "3x32x32";
  double seconds = 1.0;
  int rounds = 5;
  bool stages = false;
  bool peers = false;
  bench::PeerOptions peer;
  bool json = false;
};

Shape parse_input(const std::string& text) {
  Shape shape;
  int used = 0;
  const int found = std::sscanf(text.c_str(), "%4dx%4dx%4d%n", &shape.channels, &shape.height,
                                &shape.width, &used);
  const bool is_positive = shape.channels > 0 && shape.height > 0 && shape.width > 0;
  if (found != 3 || static_cast<std::size_t>(used) != text.size() || !is_positive) {
    throw Error(fmt::format("--input {}: expected CxHxW, such as 3x32x32", text));
  }
  return shape;
}

std::vector<bench::BenchKernels> count_kernels(const engine::Plan& plan) {
  std::map<std::pair<std::string, std::string>, int> counts;
  for (const engine::PlannedPrimitive& primitive : plan.training) {
    ++counts[{primitive.what, primitive.implementation}];
  }
  std::vector<bench::BenchKernels> kernels;
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
  explicit Bench(const BenchOptions& options)
      : options_(options),
        study_(options.study.words.empty() ? record::resolve_study(std::nullopt)
                                           : options.study.resolve()),
        input_(parse_input(options.input)),
        arms_(study::build_arms(study_, input_, kClasses)),
        material_(bench::random_material(input_, kClasses)),
        measured_(arms_.size()) {
    train::require_trainable(material_, study_.recipe);
    bench_.network = study_.network;
    bench_.input = options.input;
    bench_.batch = study_.recipe.batch;
    bench_.precision = record::precision_word(study_.recipe.precision);
    bench_.threads = study::available_cores();
  }

  bench::BenchRecord run() {
    if (options_.peers) start_peers();  // what is missing is said before anything is measured
    measure_costs();
    const engine::Platform platform = engine::describe_platform(study_.recipe.precision);
    bench_.isa = platform.isa;
    bench_.library = platform.library;
    const engine::Peak peak =
        engine::measure_peak(study_.recipe.precision, std::min(0.5, options_.seconds));
    if (peak.gflops > 0) bench_.peak_gflops = peak.gflops;
    bench_.peak_gb_per_second = engine::measure_memory_peak(std::min(0.5, options_.seconds));

    std::vector<bench::Runner> runners;
    for (const study::Arm& arm : arms_) {
      runners.emplace_back(arm, study_.recipe, material_);
      runners.back().step();
    }
    for (int round = 0; round < options_.rounds; ++round) {
      for (std::size_t i = 0; i < arms_.size(); ++i) {
        fmt::print(stderr, "round {}/{}: {}\n", round + 1, options_.rounds, arms_[i].name);
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
    peers_.emplace(options_.peer, networks, study_.recipe, bench_.threads);
    bench_.peers = bench::BenchPeers{
        .library = peers_->offer().library, .runs = {}, .missing = peers_->offer().missing};
    for (Measured& each : measured_) {
      each.peers.resize(peers_->settings().size());
      each.peer_failures.resize(peers_->settings().size());
    }
  }

  /// Each in a process that has not trained yet; so before anything here touches oneDNN.
  void measure_costs() {
    for (const study::Arm& arm : arms_) {
      const bench::Cost cost = bench::measure_cost(arm, study_.recipe, material_);
      bench::BenchOrder& order = bench_.orders.emplace_back();
      order.name = arm.name;
      order.order = arm.order;
      order.first_step_seconds = cost.first_step_seconds;
      order.peak_bytes = cost.peak_bytes;
    }
  }

  double measure_trials(std::size_t i, int threads) const {
    return bench::measure_together(arms_[i], study_.recipe, material_,
                                   {.threads = threads, .seconds = options_.seconds});
  }

  /// One round of one order.
  void measure(std::size_t i, bench::Runner& runner) {
    Measured& found = measured_[i];
    found.steps.push_back(runner.measure_steps(options_.seconds));
    for (auto& step : runner.profile(options_.seconds)) found.profile.push_back(std::move(step));
    const double one = measure_trials(i, 1);
    const double all = measure_trials(i, bench_.threads);
    found.together.push_back(all);
    found.ratios.push_back(all / one);
    for (std::size_t setting = 0; setting < found.peers.size(); ++setting) {
      if (!found.peer_failures[setting].empty()) continue;
      try {
        found.peers[setting].push_back(
            peers_->measure(i, peers_->settings()[setting], options_.seconds));
      } catch (const Error& error) {
        found.peer_failures[setting] = error.what();
      }
    }
  }

  void summarise(std::size_t i) {
    const Measured& found = measured_[i];
    bench::BenchOrder& order = bench_.orders[i];
    order.images_per_second = bench::median(found.steps);
    order.together_images_per_second = bench::median(found.together);
    order.together_ratio = bench::median(found.ratios);
    const engine::Plan plan = engine::plan(arms_[i].network, train::engine_options(study_.recipe));
    order.planned_bytes = plan.bytes();
    order.arena_bytes = plan.arena_bytes;
    order.parameter_bytes = plan.parameter_bytes;
    order.kernels = count_kernels(plan);
    order.parts = bench::parts_of(plan, arms_[i], study_.recipe, found.profile);
    order.primitives_share = order.stage_seconds() / order.step_seconds();
    order.primitives_images_per_second = order.images_per_second / order.primitives_share;
    order.gflops =
        order.images_per_second * static_cast<double>(order.flops()) / bench_.batch / 1e9;
    for (std::size_t setting = 0; setting < found.peers.size(); ++setting) {
      summarise_peer(i, setting);
    }
  }

  void summarise_peer(std::size_t i, std::size_t place) {
    const bench::PeerSetting& setting = peers_->settings()[place];
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
                                  .images_per_second = bench::median(speeds),
                                  .ratio = bench::median(ratios)});
  }

  const BenchOptions& options_;
  record::Study study_;
  Shape input_;
  std::vector<study::Arm> arms_;
  train::Material material_;
  std::vector<Measured> measured_;
  std::optional<bench::Peers> peers_;
  bench::BenchRecord bench_;
};

int run(const BenchOptions& options) {
  const bench::BenchRecord measured = Bench(options).run();
  const auto detail = options.stages ? report::BenchDetail::stages : report::BenchDetail::kinds;
  fmt::print("{}", options.json ? bench::to_json(measured) : report::print_bench(measured, detail));
  return kDone;
}

}  // namespace

Verb bench_verb() {
  auto options = std::make_shared<BenchOptions>();
  return {
      .name = "bench",
      .help = "Measure the whole training step of each order, beside the core's peaks",
      .options =
          {options->study.option(),
           {"--input", &options->input, "Shape of the pictures, CxHxW", {.shows_default = true}},
           {"--seconds",
            &options->seconds,
            "Of each measurement",
            {.shows_default = true, .range = Range{0.05, 600}}},
           {"--rounds",
            &options->rounds,
            "Measurements of each kind, orders alternating",
            {.shows_default = true, .range = Range{1, 1000}}},
           {"--stages", &options->stages, "Every stage's time, not only each kind's"},
           {"--peers", &options->peers, "Also PyTorch on the same networks, in alternation"},
           {"--python",
            &options->peer.python,
            "The Python that has PyTorch",
            {.shows_default = true, .needs = "--peers"}},
           {"--peer-script",
            &options->peer.script,
            "Runs instead of the built-in bench/peers/pytorch.py",
            {.needs = "--peers"}},
           json_option(options->json)},
      .footer =
          "Examples:\n"
          "  whichfirst bench                               article-15, 3x32x32, batch 32\n"
          "  whichfirst bench my.toml recipe.batch=128 --input 1x28x28 --stages\n"
          "  whichfirst bench --peers --python /usr/bin/python3",
      .run = [options] { return run(*options); }};
}

}  // namespace whichfirst::cli
