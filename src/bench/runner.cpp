#include "bench/runner.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <barrier>
#include <cerrno>
#include <cstring>
#include <exception>
#include <mutex>
#include <numeric>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "base/error.h"
#include "base/median.h"
#include "base/random.h"
#include "study/machine.h"

namespace whichfirst::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint32_t kImages = 2048;
constexpr double kLr = 0.001;  // small: the random labels are not to be learnt

// How a process that measures a cost exits.
constexpr int kMeasured = 0;
constexpr int kSilent = 1;
constexpr int kRefused = 2;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// What stands behind the primitives in a row of Runner::profile, in this order.
constexpr std::array kPartsBehind = {engine::StepPart::checks, engine::StepPart::loss,
                                     engine::StepPart::running_statistics,
                                     engine::StepPart::update};

BenchPart own_part(const char* kind, std::optional<std::int64_t> bytes) {
  return {.stage = {},
          .what = kind,
          .kind = kind,
          .implementation = "own",
          .seconds = 0,
          .flops = {},
          .bytes = bytes};
}

/// The measured process: writes its costs, or the Error's text, and returns how it is to exit.
int report_cost(const study::Arm& arm, const record::Recipe& recipe,
                const train::Material& material, int place) {
  const auto send = [place](const void* bytes, std::size_t count, int status) {
    return write(place, bytes, count) == static_cast<ssize_t>(count) ? status : kSilent;
  };
  try {
    Cost cost;
    const std::int64_t before = study::own_memory("VmHWM").value_or(0);
    const auto start = Clock::now();
    Runner runner(arm, recipe, material);
    runner.step();
    cost.first_step_seconds = seconds_since(start);
    for (int i = 0; i < 3; ++i) runner.step();
    cost.peak_bytes = study::own_memory("VmHWM").value_or(0) - before;
    return send(&cost, sizeof cost, kMeasured);
  } catch (const Error& error) {
    const std::string_view text = error.what();
    return send(text.data(), text.size(), kRefused);
  } catch (...) {
    return kSilent;
  }
}

std::string read_all(int place) {
  std::string all;
  std::array<char, 4096> bytes;
  while (true) {
    const ssize_t count = read(place, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return all;
    all.append(bytes.data(), static_cast<std::size_t>(count));
  }
}

}  // namespace

train::Material random_material(const Shape& shape, int classes) {
  train::Material material;
  material.dataset.classes = classes;
  data::Images& images = material.dataset.train;
  images.shape = shape;
  RandomSequence random({.stream = Stream::drawing});
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(kImages * shape.size()));
  for (std::uint8_t& pixel : pixels) pixel = static_cast<std::uint8_t>(random.next());
  images.pixels = std::move(pixels);
  for (std::uint32_t i = 0; i < kImages; ++i) {
    images.labels.push_back(
        static_cast<std::int32_t>(random.below(static_cast<std::uint64_t>(classes))));
    material.parts.train.push_back(i);
  }
  material.normalisation = data::measure_normalisation(images, material.parts.train);
  return material;
}

Runner::Runner(const study::Arm& arm, const record::Recipe& recipe, const train::Material& material)
    : name_(arm.name),
      recipe_(recipe),
      material_(material),
      trainer_(arm.network, network::initial_values(arm.network, 0, 1),
               train::engine_options(recipe)),
      order_({0, 1, 0}, kImages) {}

void Runner::assemble() {
  if (place_ == 0) order_ = data::EpochOrder({0, 1, epoch_++}, kImages);
  const auto picks = order_.batch(place_, recipe_.batch);
  data::assemble(material_.dataset.train, picks, material_.normalisation, trainer_.images(),
                 trainer_.labels());
  place_ = (place_ + 1) % order_.batches(recipe_.batch);
}

void Runner::take(const engine::StepObserver& observe) {
  const engine::StepResult result = trainer_.step(kLr, observe);
  if (result.non_finite) {
    throw Error(
        "order {}: {}: {} is not finite: at its initial weights the values of this "
        "order leave the range of fp32; measure it with a normaliser or fewer stages",
        name_, result.non_finite->stage, result.non_finite->what);
  }
  right_ += result.right;
}

void Runner::step() {
  assemble();
  take({});
}

template <class Action>
double Runner::measure(double seconds, const Action& action) const {
  const auto start = Clock::now();
  std::int64_t steps = 0;
  do {
    action();
    ++steps;
  } while (seconds_since(start) < seconds);
  return static_cast<double>(steps * recipe_.batch) / seconds_since(start);
}

double Runner::measure_steps(double seconds) {
  return measure(seconds, [this] { step(); });
}

std::vector<std::vector<double>> Runner::profile(double seconds) {
  std::vector<std::vector<double>> steps;
  Clock::time_point before;
  const auto lap = [&before] {
    const auto now = Clock::now();
    return std::chrono::duration<double>(now - std::exchange(before, now)).count();
  };
  measure(seconds, [&] {
    std::vector<double> parts;
    std::array<double, kPartsBehind.size()> behind{};
    before = Clock::now();
    assemble();
    parts.push_back(lap());
    take([&](engine::StepPart part, std::size_t) {
      if (part == engine::StepPart::primitive) {
        parts.push_back(lap());
      } else {
        const auto place = std::find(kPartsBehind.begin(), kPartsBehind.end(), part);
        behind[static_cast<std::size_t>(place - kPartsBehind.begin())] = lap();
      }
    });
    parts.insert(parts.end(), behind.begin(), behind.end());
    steps.push_back(std::move(parts));
  });
  return steps;
}

std::vector<BenchPart> parts_of(const engine::Plan& plan, const study::Arm& arm,
                                const record::Recipe& recipe,
                                const std::vector<std::vector<double>>& steps) {
  // A byte is read and a float written for every pixel.
  constexpr std::int64_t kBytesAPixel = 1 + sizeof(float);
  const std::int64_t logits = std::int64_t{recipe.batch} * arm.network.classes;
  std::vector<BenchPart> parts = {
      own_part("batch assembly", kBytesAPixel * recipe.batch * arm.network.input.size())};
  for (const engine::PlannedPrimitive& primitive : plan.training) {
    parts.push_back({.stage = primitive.stage,
                     .what = primitive.what,
                     .kind = primitive.kind,
                     .implementation = primitive.implementation,
                     .seconds = 0,
                     .flops = {},
                     .bytes = primitive.bytes});
    if (primitive.flops > 0) parts.back().flops = primitive.flops;
  }
  parts.push_back(own_part("checks", std::nullopt));
  parts.push_back(own_part("loss", 2 * logits * static_cast<std::int64_t>(sizeof(float))));
  parts.push_back(own_part("running statistics", std::nullopt));
  parts.push_back(own_part("update", plan.parameter_bytes));

  std::vector<double> totals;
  for (const std::vector<double>& step : steps) {
    check(step.size() == parts.size(), "every part of the plan was told of");
    totals.push_back(std::accumulate(step.begin(), step.end(), 0.0));
  }
  const double limit = median(totals);
  double count = 0;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (totals[i] > limit) continue;
    ++count;
    for (std::size_t part = 0; part < parts.size(); ++part) parts[part].seconds += steps[i][part];
  }
  for (BenchPart& part : parts) part.seconds /= count;
  return parts;
}

Cost measure_cost(const study::Arm& arm, const record::Recipe& recipe,
                  const train::Material& material) {
  std::array<int, 2> ends{};
  check(pipe(ends.data()) == 0, "a pipe opens");
  const pid_t child = fork();
  check(child >= 0, "a process starts");
  if (child == 0) _exit(report_cost(arm, recipe, material, ends[1]));
  close(ends[1]);
  const std::string report = read_all(ends[0]);
  close(ends[0]);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  if (WIFEXITED(status) && WEXITSTATUS(status) == kRefused) throw Error(report);
  Cost cost;
  if (!WIFEXITED(status) || WEXITSTATUS(status) != kMeasured || report.size() != sizeof cost) {
    throw Error(
        "order {}: the process that takes its first step has ended without a result, "
        "perhaps for want of memory; lower recipe.batch or the network's width",
        arm.name);
  }
  std::memcpy(&cost, report.data(), sizeof cost);
  return cost;
}

double measure_together(const study::Arm& arm, const record::Recipe& recipe,
                        const train::Material& material, const Together& together) {
  std::vector<double> speeds(static_cast<std::size_t>(together.threads));
  std::barrier ready(together.threads);
  std::mutex mutex;
  std::exception_ptr fault;
  {
    std::vector<std::jthread> workers;
    for (std::size_t i = 0; i < speeds.size(); ++i) {
      workers.emplace_back([&, i] {
        bool is_ready = false;
        try {
          Runner runner(arm, recipe, material);
          runner.step();
          is_ready = true;
          ready.arrive_and_wait();  // no trial is timed beside one that is not yet trained
          speeds[i] = runner.measure_steps(together.seconds);
        } catch (...) {
          if (!is_ready) ready.arrive_and_drop();
          const std::lock_guard lock(mutex);
          fault = std::current_exception();
        }
      });
    }
  }
  if (fault) std::rethrow_exception(fault);
  return std::accumulate(speeds.begin(), speeds.end(), 0.0);
}

}  // namespace whichfirst::bench
