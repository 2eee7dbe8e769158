// The same bits on every x86-64 processor with AVX2: hashes of short trials, held against a
// committed list. The first line names the library it is of; a test that fails prints its lines.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <array>
#include <thread>

#include "base/hash.h"
#include "committed_lines.h"
#include "engine/platform.h"
#include "study/experiment.h"

namespace whichfirst::study {
namespace {

const std::string kList = "study/golden.txt";

/// Of metrics, answers to the test images and trained weights.
std::string hash_of(const TrialOutcome& outcome) {
  Hasher hasher;
  const auto add = [&](const auto& numbers) { hasher.add(std::as_bytes(std::span(numbers))); };
  for (const record::MetricName& metric : record::kMetricNames) {
    add(std::array{(outcome.record.metrics.*metric.member).value_or(-1)});
  }
  add(outcome.record.right_answers);
  for (const auto& values : outcome.values) add(values);
  return hasher.hex();
}

/// "article-15 bn-first fp32 <hash>" for both orders, which train side by side.
std::vector<std::string> lines_of(const std::string& network, const std::string& precision) {
  const std::string body =
      network == "demo" ? "unit(8, pool=2) unit(16, pool=2) 2*unit(16) gap fc(classes)" : network;
  const std::vector<std::string> settings = {"network=" + body, "recipe.precision=" + precision,
                                             "data.train=48",   "data.test=20",
                                             "recipe.epochs=1", "recipe.batch=16",
                                             "recipe.taps=log"};
  const Experiment experiment =
      prepare(record::resolve_study(std::nullopt, settings, default_orders), {});
  std::vector<std::string> lines(experiment.arms.size());
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      threads.emplace_back([&, i] {
        const Arm& arm = experiment.arms[i];
        const TrialOutcome outcome = run_trial(
            experiment, arm, 1, initial_values(experiment, arm, 1), {}, [](const auto&) {});
        lines[i] = fmt::format("{} {} {} {}", network, arm.name, precision, hash_of(outcome));
      });
    }
  }
  return lines;
}

class Golden : public testing::TestWithParam<const char*> {};

TEST_P(Golden, TrialsEndAtTheCommittedBits) {
  std::vector<std::string> found;
  for (const char* precision : {"fp32", "fp32-fast"}) {
    for (const std::string& line : lines_of(GetParam(), precision)) found.push_back(line);
  }
  const std::string library = engine::describe_platform(engine::Precision::fp32).library;
  if (committed_lines(kList, "oneDNN") != std::vector{library}) {
    GTEST_SKIP() << "SKIPPED: " << kList << " is of another library than " << library;
  }
  const auto committed = committed_lines(kList, std::string(GetParam()) + ' ');
  EXPECT_EQ(fmt::format("{}", fmt::join(found, "\n")),
            fmt::format("{}", fmt::join(committed, "\n")));
}

INSTANTIATE_TEST_SUITE_P(Networks, Golden,
                         testing::Values("article-15", "resnet-20", "lenet", "mlp-3", "vgg-small",
                                         "demo"),
                         [](const auto& each) {
                           std::string name = each.param;
                           std::erase(name, '-');
                           return name;
                         });

}  // namespace
}  // namespace whichfirst::study
