// The schedules by hand and against PyTorch's; tests/fixtures/pytorch/make_schedules.py made them.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cmath>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "train/trial.h"

namespace whichfirst::train {
namespace {

TEST(Schedule, ConstantIsConstant) {
  EXPECT_EQ(learning_rate(record::Schedule::constant, 0.1, 0, {.steps = 10}), 0.1);
  EXPECT_EQ(learning_rate(record::Schedule::constant, 0.1, 9, {.steps = 10}), 0.1);
}

TEST(Schedule, CosineStartsAtTheRateAndWouldReachZeroAfterTheLastStep) {
  // By hand: lr (1 + cos(pi s / S)) / 2 at s = 0, S/2, S - 1.
  EXPECT_DOUBLE_EQ(learning_rate(record::Schedule::cosine, 0.1, 0, {.steps = 4}), 0.1);
  EXPECT_NEAR(learning_rate(record::Schedule::cosine, 0.1, 2, {.steps = 4}), 0.05, 1e-15);
  EXPECT_NEAR(learning_rate(record::Schedule::cosine, 0.1, 3, {.steps = 4}),
              0.1 * 0.14644660940672627, 1e-15);
  EXPECT_DOUBLE_EQ(learning_rate(record::Schedule::cosine, 0.1, 0, {.steps = 1}), 0.1);
}

TEST(Schedule, StepFallsAtTheFirstStepByWhichHalfOrThreeQuartersAreOver) {
  std::vector<double> rates;
  for (std::int64_t step = 0; step < 5; ++step) {
    rates.push_back(learning_rate(record::Schedule::step, 1, step, {.steps = 5}));
  }
  EXPECT_THAT(rates, ::testing::ElementsAre(1, 1, 1, 0.1, 0.01));
}

TEST(Schedule, HasPyTorchsRateAtEveryStep) {
  const std::map<std::string, record::Schedule> schedules = {
      {"constant", record::Schedule::constant},
      {"step", record::Schedule::step},
      {"cosine", record::Schedule::cosine},
      {"one-cycle", record::Schedule::one_cycle}};
  constexpr double kLr = 0.05;
  std::ifstream lines(std::string(WHICHFIRST_FIXTURES) + "/pytorch/schedules.txt");
  int cases = 0;
  double farthest = 0;
  std::string name;
  for (ScheduleSpan span; lines >> name >> span.steps >> span.warmup_steps; ++cases) {
    for (std::int64_t step = 0; step < span.steps; ++step) {
      double wanted = 0;
      ASSERT_TRUE(lines >> wanted);
      const double rate = learning_rate(schedules.at(name), kLr, step, span);
      const double difference = std::abs(rate - wanted) / wanted;
      EXPECT_LE(difference, 1e-12)
          << fmt::format("{} of {} steps, {} of them warm-up, step {}: {}, PyTorch {}", name,
                         span.steps, span.warmup_steps, step, rate, wanted);
      farthest = std::max(farthest, difference);
    }
  }
  EXPECT_EQ(cases, 4 * 8);
  RecordProperty("farthest", fmt::format("{:.2g}", farthest));
}

}  // namespace
}  // namespace whichfirst::train
