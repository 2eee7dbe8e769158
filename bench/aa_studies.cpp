// A/A: an order against itself under other seeds, 200 real studies of a tiny network on shapes10.
// There is nothing to find, so what is called better or worse is wrong: docs/statistics.md has the
// table that this prints. Every pair trains two networks that share neither initial weights nor
// batches. The number of trials side by side is the only argument; it changes no number.
#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "record/metrics.h"
#include "stats/comparison.h"
#include "study/experiment.h"
#include "study/scheduler.h"

namespace whichfirst {
namespace {

constexpr int kStudies = 200;
constexpr int kPairs = 20;
constexpr const char* kStudy = R"toml(
name = "a-a"
network = "unit(8, pool=2) unit(8, pool=2) flatten fc(classes)"
[orders]
bn-first = "conv bn relu"
[data]
name = "shapes10"
size = 14
train = 2000
test = 1000
[recipe]
epochs = 3
)toml";

/// Where the value of one side of a pair stands; no two share a replicate.
std::size_t place_of(int study, int pair, int side) {
  return static_cast<std::size_t>((study * kPairs + pair) * 2 + side);
}

/// The test accuracy of every replicate; nothing where the trial diverged.
std::vector<std::optional<double>> train_all(const study::Experiment& experiment, int jobs) {
  constexpr int kTrials = kStudies * kPairs * 2;
  std::vector<std::optional<double>> values(kTrials);
  int ended = 0;
  const study::Runner runner = study::engine_runner(experiment);
  std::uint64_t next = 0;
  study::run_trials({.next = [&]() -> study::Next {
                       if (next == kTrials) return {};
                       return {.trial = study::TrialId{.arm = 0, .replicate = ++next}};
                     },
                     .run =
                         [&](const study::TrialId& id, const train::Observer& observe) {
                           return runner(experiment.arms[id.arm], id.replicate, {}, observe);
                         },
                     .progress = [](const study::TrialId&, const train::Progress&) {},
                     .keep =
                         [&](const study::TrialId& id, const record::TrialRecord& trial) {
                           values[id.replicate - 1] =
                               record::metric_value(trial.metrics, "test_accuracy");
                           if (++ended % 500 == 0)
                             fmt::print(stderr, "{} of {} trials\n", ended, kTrials);
                         }},
                    jobs, {});
  return values;
}

/// The most out of `count` at probability `p` that chance explains in 95 of 100 cases.
int most_by_chance(int count, double p) {
  double mass = std::pow(1 - p, count);
  double below = mass;
  int most = 0;
  while (below < 0.95) {
    mass *= (count - most) * p / ((most + 1) * (1 - p));
    below += mass;
    ++most;
  }
  return most;
}

/// How many pairs a study takes.
struct Row {
  const char* name;
  stats::Stopping stopping;
  int pairs;
};

/// Returns whether no more than chance explains was called better or worse.
bool print_row(const Row& row, const std::vector<std::optional<double>>& values) {
  stats::Referee referee(
      {.margin = 0.25, .resolution = 0.1, .stopping = row.stopping, .max_pairs = row.pairs});
  int apart = 0;
  int equivalent = 0;
  double pairs = 0;
  double sd = 0;
  for (int study = 0; study < kStudies; ++study) {
    std::vector<std::optional<double>> a;
    std::vector<std::optional<double>> b;
    for (int pair = 0; pair < row.pairs; ++pair) {
      a.push_back(values[place_of(study, pair, 0)]);
      b.push_back(values[place_of(study, pair, 1)]);
    }
    const stats::Comparison comparison = stats::compare(a, b, {}, {}, referee);
    using stats::Verdict;
    apart += comparison.verdict == Verdict::better || comparison.verdict == Verdict::worse ? 1 : 0;
    equivalent += comparison.verdict == Verdict::equivalent ? 1 : 0;
    pairs += comparison.pairs;
    sd += comparison.sd_diff.value_or(0);
  }
  const int most = most_by_chance(kStudies, 1 - referee.rule().confidence);
  fmt::print("| {} | {} | {:.1f} | {} | {:.1f} | {:.2f} |\n", row.name, apart,
             100.0 * apart / kStudies, equivalent, pairs / kStudies, sd / kStudies);
  return apart <= most;
}

int run(int jobs) {
  const record::Study study = record::resolve_study(
      record::StudySource{.text = kStudy, .label = "the A/A study", .default_name = "a-a"});
  const study::Experiment experiment = study::prepare(study, {});
  const auto values = train_all(experiment, jobs);
  fmt::print(
      "| pairs | better or worse, of {} | % | equivalent | mean pairs | sd of d, points |\n"
      "| --- | --- | --- | --- | --- | --- |\n",
      kStudies);
  bool is_right = true;
  for (const Row& row : {Row{"automatic, at most 20", stats::Stopping::automatic, kPairs},
                         Row{"6", stats::Stopping::fixed, 6}, Row{"10", stats::Stopping::fixed, 10},
                         Row{"20", stats::Stopping::fixed, kPairs}}) {
    is_right = print_row(row, values) && is_right;
  }
  fmt::print("\n{} of {} or fewer are within 5 % and chance: {}\n", most_by_chance(kStudies, 0.05),
             kStudies, is_right ? "holds" : "DOES NOT HOLD");
  return is_right ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace
}  // namespace whichfirst

int main(int count, char** arguments) {
  int jobs = 1;
  if (count > 1) {
    const std::string_view text = arguments[1];
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), jobs);
    if (error != std::errc{} || end != text.data() + text.size() || jobs < 1 || jobs > 1024) {
      fmt::print(stderr, "usage: aa-studies [TRIALS SIDE BY SIDE, 1 to 1024]\n");
      return 2;
    }
  }
  try {
    return whichfirst::run(jobs);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 2;
  }
}
