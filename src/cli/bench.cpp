#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/random.h"
#include "cli/machine.h"
#include "cli/study_arguments.h"
#include "cli/verbs.h"
#include "data/batches.h"
#include "engine/platform.h"
#include "engine/trainer.h"
#include "record/bench_record.h"
#include "report/bench_text.h"
#include "study/experiment.h"
#include "train/trial.h"

namespace whichfirst::cli {
namespace {

using Clock = std::chrono::steady_clock;

struct BenchOptions {
  StudyArguments study;
  std::string input = "3x32x32";
  double seconds = 1.0;
  int rounds = 5;
  bool json = false;
};

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

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

/// Random bytes in the shape of a data set: speed does not depend on what is on the pictures.
train::Material random_material(const Shape& shape, int classes) {
  constexpr int kImages = 2048;
  train::Material material;
  material.dataset.classes = classes;
  data::Images& images = material.dataset.train;
  images.shape = shape;
  RandomSequence random({.stream = Stream::drawing});
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(kImages * shape.size()));
  for (std::uint8_t& pixel : pixels) pixel = static_cast<std::uint8_t>(random.next());
  images.pixels = std::move(pixels);
  for (int i = 0; i < kImages; ++i) {
    images.labels.push_back(
        static_cast<std::int32_t>(random.below(static_cast<std::uint64_t>(classes))));
    material.parts.train.push_back(static_cast<std::uint32_t>(i));
  }
  material.normalisation = data::measure_normalisation(images, material.parts.train);
  return material;
}

/// A trainer with its data, stepping as a trial does: batch assembly, step, metrics.
class Runner {
 public:
  Runner(const study::Arm& arm, const record::Recipe& recipe, const train::Material& material)
      : recipe_(recipe),
        material_(material),
        trainer_(arm.network, network::initial_values(arm.network, 0, 1),
                 train::engine_options(recipe)) {}

  void step() {
    if (place_ == 0) order_ = data::EpochOrder({0, 1, epoch_++}, kImages);
    const auto picks = order_.batch(place_, recipe_.batch);
    data::assemble(material_.dataset.train, picks, material_.normalisation, trainer_.images(),
                   trainer_.labels());
    const engine::StepResult result = trainer_.step(kLr);
    check(!result.non_finite, "a benchmark's step is finite");
    right_ += result.right;
    place_ = (place_ + 1) % order_.batches(recipe_.batch);
  }

  /// Images a second of whole steps.
  double measure_steps(double seconds) {
    return measure(seconds, [this] { step(); });
  }
  double measure_primitives(double seconds) {
    return measure(seconds, [this] { trainer_.run_primitives_alone(); });
  }

 private:
  static constexpr std::uint32_t kImages = 2048;
  static constexpr double kLr = 0.001;  // small: the random labels are not to be learnt

  template <class Action>
  double measure(double seconds, const Action& action) const {
    const auto start = Clock::now();
    std::int64_t steps = 0;
    do {
      action();
      ++steps;
    } while (seconds_since(start) < seconds);
    return static_cast<double>(steps * recipe_.batch) / seconds_since(start);
  }

  const record::Recipe& recipe_;
  const train::Material& material_;
  engine::Trainer trainer_;
  data::EpochOrder order_{{0, 1, 0}, kImages};
  std::uint64_t epoch_ = 0;
  std::int64_t place_ = 0;
  std::int64_t right_ = 0;
};

/// Time to the end of the first step, and peak memory beyond what stood before, of a trial in a
/// process of its own.
struct Cost {
  double first_step_seconds = 0;
  std::int64_t peak_bytes = 0;
};

Cost measure_cost(const study::Arm& arm, const record::Recipe& recipe,
                  const train::Material& material) {
  std::array<int, 2> ends{};
  check(pipe(ends.data()) == 0, "a pipe opens");
  const pid_t child = fork();
  check(child >= 0, "a process starts");
  if (child == 0) {
    Cost cost;
    const std::int64_t before = own_memory("VmHWM").value_or(0);
    const auto start = Clock::now();
    Runner runner(arm, recipe, material);
    runner.step();
    cost.first_step_seconds = seconds_since(start);
    for (int i = 0; i < 3; ++i) runner.step();
    cost.peak_bytes = own_memory("VmHWM").value_or(0) - before;
    const bool is_sent = write(ends[1], &cost, sizeof cost) == sizeof cost;
    _exit(is_sent ? 0 : 1);
  }
  close(ends[1]);
  Cost cost;
  const bool is_received = read(ends[0], &cost, sizeof cost) == sizeof cost;
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  check(is_received, "the measured process reports");
  return cost;
}

/// Images a second of all of them together, one trial a thread.
double measure_together(const study::Arm& arm, const record::Recipe& recipe,
                        const train::Material& material, int threads, double seconds) {
  std::vector<double> speeds(static_cast<std::size_t>(threads));
  {
    std::vector<std::jthread> workers;
    for (double& speed : speeds) {
      workers.emplace_back([&] {
        Runner runner(arm, recipe, material);
        runner.step();
        speed = runner.measure_steps(seconds);
      });
    }
  }
  double sum = 0;
  for (const double speed : speeds) sum += speed;
  return sum;
}

std::vector<record::BenchKernels> count_kernels(const engine::Plan& plan) {
  std::map<std::pair<std::string, std::string>, int> counts;
  for (const engine::PlannedPrimitive& primitive : plan.training) {
    ++counts[{primitive.what, primitive.implementation}];
  }
  std::vector<record::BenchKernels> kernels;
  for (const auto& [key, count] : counts) {
    kernels.push_back({.what = key.first, .implementation = key.second, .count = count});
  }
  return kernels;
}

int run(const BenchOptions& options) {
  record::Study study =
      options.study.words.empty() ? record::resolve_study(std::nullopt) : options.study.resolve();
  constexpr int kClasses = 10;
  const Shape input = parse_input(options.input);
  const std::vector<study::Arm> arms = study::build_arms(study, input, kClasses);
  const train::Material material = random_material(input, kClasses);
  train::require_trainable(material, study.recipe);

  record::BenchRecord bench{.network = study.network,
                            .input = options.input,
                            .batch = study.recipe.batch,
                            .threads = available_cores(),
                            .isa = {},
                            .library = {},
                            .peak_gflops = {},
                            .orders = {}};
  // Each cost in a process that has not trained yet; so before anything else touches oneDNN.
  for (const study::Arm& arm : arms) {
    const Cost cost = measure_cost(arm, study.recipe, material);
    bench.orders.push_back({.name = arm.name,
                            .order = arm.order,
                            .images_per_second = {},
                            .first_step_seconds = cost.first_step_seconds,
                            .peak_bytes = cost.peak_bytes,
                            .kernels = {}});
  }
  const engine::Platform platform = engine::describe_platform();
  bench.isa = platform.isa;
  bench.library = platform.library;
  const engine::Peak peak = engine::measure_peak(0.5);
  if (peak.gflops > 0) bench.peak_gflops = peak.gflops;

  std::vector<Runner> runners;
  for (const study::Arm& arm : arms) {
    runners.emplace_back(arm, study.recipe, material);
    runners.back().step();
  }
  std::vector<std::vector<double>> steps(arms.size());
  std::vector<std::vector<double>> primitives(arms.size());
  std::vector<std::vector<double>> ratios(arms.size());
  for (int round = 0; round < options.rounds; ++round) {
    for (std::size_t i = 0; i < arms.size(); ++i) {
      fmt::print(stderr, "round {}/{}: {}\n", round + 1, options.rounds, arms[i].name);
      steps[i].push_back(runners[i].measure_steps(options.seconds));
      primitives[i].push_back(runners[i].measure_primitives(options.seconds));
      const double one = measure_together(arms[i], study.recipe, material, 1, options.seconds);
      const double all =
          measure_together(arms[i], study.recipe, material, bench.threads, options.seconds);
      ratios[i].push_back(all / one);
    }
  }
  for (std::size_t i = 0; i < arms.size(); ++i) {
    record::BenchOrder& order = bench.orders[i];
    order.images_per_second = median(steps[i]);
    order.primitives_images_per_second = median(primitives[i]);
    order.together_ratio = median(ratios[i]);
    // Backward costs twice forward: each weight stage has two products there.
    order.gflops =
        order.images_per_second * static_cast<double>(3 * arms[i].network.flops_per_image()) / 1e9;
    const engine::Plan plan = engine::plan(arms[i].network, train::engine_options(study.recipe));
    order.planned_bytes = plan.bytes();
    order.kernels = count_kernels(plan);
  }
  fmt::print("{}", options.json ? record::to_json(bench) : report::print_bench(bench));
  return kDone;
}

}  // namespace

AddedVerb add_bench(CLI::App& program) {
  auto options = std::make_shared<BenchOptions>();
  CLI::App* command = program.add_subcommand(
      "bench", "Measure the whole training step of each order, beside the core's peak");
  options->study.add_to(*command);
  command->add_option("--input", options->input, "Shape of the pictures, CxHxW")
      ->capture_default_str();
  command->add_option("--seconds", options->seconds, "Of each measurement")
      ->check(CLI::Range(0.05, 600.0))
      ->capture_default_str();
  command->add_option("--rounds", options->rounds, "Measurements of each kind, orders alternating")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command->add_flag("--json", options->json, "Print one JSON document");
  command->footer(
      "Examples:\n"
      "  whichfirst bench                               article-15, 3x32x32, batch 32\n"
      "  whichfirst bench my.toml recipe.batch=128 --input 1x28x28");
  return {command, [options] { return run(*options); }};
}

}  // namespace whichfirst::cli
