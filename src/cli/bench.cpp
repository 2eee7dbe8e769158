#include "bench/bench.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "base/error.h"
#include "bench/bench_record.h"
#include "cli/study_arguments.h"
#include "cli/terminal.h"
#include "cli/verbs.h"

namespace whichfirst::cli {
namespace {

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
    throw Error("--input {}: expected CxHxW, such as 3x32x32", text);
  }
  return shape;
}

int run(const BenchOptions& options) {
  const record::Study study =
      options.study.words.empty() ? record::resolve_study(std::nullopt) : options.study.resolve();
  bench::BenchPlan plan{.input = parse_input(options.input),
                        .seconds = options.seconds,
                        .rounds = options.rounds,
                        .peers = {},
                        .on_measurement = [&](int round, const std::string& order) {
                          fmt::print(stderr, "round {}/{}: {}\n", round + 1, options.rounds, order);
                        }};
  if (options.peers) plan.peers = options.peer;
  const bench::BenchRecord measured = bench::run_bench(study, plan);
  const auto detail = options.stages ? bench::BenchDetail::stages : bench::BenchDetail::kinds;
  fmt::print("{}", options.json
                       ? bench::to_json(measured)
                       : bench::print_bench(measured, detail,
                                            columns_of(STDOUT_FILENO, report::kUnlimited)));
  return kDone;
}

}  // namespace

Verb bench_verb() {
  auto options = std::make_shared<BenchOptions>();
  return {
      .name = "bench",
      .help = "Measure the whole training step of each order and compare it with the core's peaks",
      .options = {options->study.option(),
                  {"--input", &options->input, "Shape of the pictures, CxHxW", kShowsDefault},
                  {"--seconds",
                   &options->seconds,
                   "Duration of each measurement",
                   {.shows_default = true, .range = Range{0.05, 600}}},
                  {"--rounds",
                   &options->rounds,
                   "Number of measurements of each kind; orders alternate",
                   {.shows_default = true, .range = Range{1, 1000}}},
                  {"--stages", &options->stages, "Show every stage, not only every kind of stage"},
                  {"--peers", &options->peers,
                   "Measure PyTorch on the same networks too, in alternation"},
                  {"--python",
                   &options->peer.python,
                   "The Python that has PyTorch",
                   {.shows_default = true, .needs = "--peers"}},
                  {"--peer-script",
                   &options->peer.script,
                   "Script to run instead of the built-in bench/peers/pytorch.py",
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
