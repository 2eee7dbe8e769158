#include "engine/trainer.h"

#include <gmock/gmock.h>

#include <limits>
#include <thread>

#include "complaint.h"
#include "engine/networks.h"
#include "engine/platform.h"
#include "network/preset.h"

namespace whichfirst::engine {
namespace {

using ::testing::HasSubstr;

constexpr Shape kSmall{.channels = 3, .height = 8, .width = 8};
constexpr const char* kBody = "unit(8) unit(10, pool=2) gap fc(classes)";

std::vector<double> train(const Case& c, int steps, double lr = 0.05) {
  const network::Network network = build(c);
  Trainer trainer(network, network::initial_values(network, 1, 1), {.batch = c.batch});
  std::vector<double> losses;
  for (int step = 0; step < steps; ++step) {
    copy(random_images(c.input, c.batch, static_cast<std::uint64_t>(step)), trainer.images());
    copy(random_labels(c.classes, c.batch, static_cast<std::uint64_t>(step)), trainer.labels());
    losses.push_back(trainer.step(lr).loss);
  }
  return losses;
}

TEST(Trainer, SameSeedsGiveTheSameBits) {
  const Case c{kBody, "conv relu bn", kSmall, 6};
  EXPECT_EQ(train(c, 10), train(c, 10));
}

TEST(Trainer, GivesTheSameBitsOnAnotherThread) {
  const Case c{kBody, "conv bn relu", kSmall, 6};
  const std::vector<double> here = train(c, 5);
  std::vector<double> there;
  std::jthread([&] { there = train(c, 5); }).join();
  EXPECT_EQ(here, there);
}

TEST(Trainer, ReluAndMaxPoolTrainAlikeInEitherOrder) {
  for (const char* body : {"2*unit(10) gap fc(classes)", "unit(16) unit(16) flatten fc(classes)"}) {
    const auto pool_last = train({body, "conv bn relu maxpool(2)", kSmall, 6}, 20);
    const auto relu_last = train({body, "conv bn maxpool(2) relu", kSmall, 6}, 20);
    EXPECT_EQ(pool_last, relu_last) << body;
  }
}

TEST(Trainer, LearnsABatchByHeart) {
  const network::Network network = build({kBody, "conv bn relu", kSmall, 16});
  Trainer trainer(network, network::initial_values(network, 1, 1), {.batch = 16});
  const auto images = random_images(kSmall, 16, 1);
  const auto labels = random_labels(10, 16, 1);
  StepResult result;
  for (int step = 0; step < 200; ++step) {
    copy(images, trainer.images());
    copy(labels, trainer.labels());
    result = trainer.step(0.05);
  }
  EXPECT_LT(result.loss, 0.1);
  EXPECT_EQ(result.right, 16);
}

TEST(Trainer, SwitchesBetweenTrainingAndEvaluationWithoutATrace) {
  const Case c{kBody, "conv bn relu", kSmall, 4};
  const network::Network network = build(c);
  const network::Values initial = network::initial_values(network, 1, 1);
  Trainer plain(network, initial, {.batch = 4});
  Trainer interleaved(network, initial, {.batch = 4, .evaluation_batch = 7});
  for (std::uint64_t step = 0; step < 4; ++step) {
    const auto labels = random_labels(10, 4, step);
    for (Trainer* trainer : {&plain, &interleaved}) {
      copy(random_images(kSmall, 4, step), trainer->images());
      copy(labels, trainer->labels());
    }
    EXPECT_EQ(plain.step(0.05).loss, interleaved.step(0.05).loss);
    copy(random_images(kSmall, 5, 99), interleaved.evaluation_images());
    interleaved.evaluate(random_labels(10, 5, 99));
  }
  EXPECT_EQ(plain.values(), interleaved.values());
}

// relu and max-pool turn NaN into numbers, a bounded activation hides any size: the checks must not
// depend on the loss.
TEST(Trainer, OneBadWeightEndsTheFirstStepInEveryOrder) {
  for (const char* order : {"conv bn relu", "conv relu bn", "conv bn tanh", "conv tanh bn",
                            "conv relu", "conv tanh", "conv maxpool(2) relu bn"}) {
    for (const float bad : {std::numeric_limits<float>::quiet_NaN(), 1e38F, -1e38F,
                            std::numeric_limits<float>::infinity()}) {
      const network::Network network = build({kBody, order, kSmall, 4});
      for (std::size_t i = 0; i < network.parameters.size(); ++i) {
        if (network.parameters[i].kind != network::ParameterKind::weight) continue;
        network::Values values = network::initial_values(network, 1, 1);
        values[i][values[i].size() / 2] = bad;
        Trainer trainer(network, values, {.batch = 4});
        copy(random_images(kSmall, 4, 1), trainer.images());
        copy(random_labels(10, 4, 1), trainer.labels());
        const StepResult result = trainer.step(0.05);
        ASSERT_TRUE(result.non_finite)
            << order << ", " << bad << " in " << network.parameters[i].name;
        EXPECT_FALSE(result.non_finite->stage.empty());
      }
    }
  }
}

TEST(Trainer, NamesTheStageWhereItDiverged) {
  const network::Network network = build({kBody, "conv bn relu", kSmall, 4});
  network::Values values = network::initial_values(network, 1, 1);
  values[0][0] = std::numeric_limits<float>::quiet_NaN();
  Trainer trainer(network, values, {.batch = 4});
  copy(random_images(kSmall, 4, 1), trainer.images());
  const StepResult result = trainer.step(0.05);
  ASSERT_TRUE(result.non_finite);
  EXPECT_EQ(result.non_finite->stage, "units.0.bn");
}

TEST(Trainer, RefusesABatchWithoutAVariance) {
  const network::Network network = build({"gap fc(4) bn fc(classes)", "conv", kSmall, 1});
  EXPECT_THAT(complaint_of([&] {
                const Trainer trainer(network, network::initial_values(network, 1, 1),
                                      {.batch = 1});
              }),
              HasSubstr("body.bn.0 (bn) sees one value a channel in a batch of 1"));
}

TEST(Trainer, ValuesComeBackAsTheyWentIn) {
  const network::Network network = build({kBody, "conv relu bn", kSmall, 4});
  const network::Values values = lively_values(network, 5);
  EXPECT_EQ(Trainer(network, values, {.batch = 4}).values(), values);
}

class Article15Plan : public ::testing::TestWithParam<std::pair<const char*, Shape>> {};

TEST_P(Article15Plan, HasNoReferenceKernelAndNoReorderOfActivations) {
  const auto& [order, shape] = GetParam();
  const network::Network network =
      build({std::string(network::find_preset("article-15")->body), order, shape, 32});
  const Plan planned = plan(network, {.batch = 32});
  int convolutions = 0;
  for (const auto* primitives : {&planned.training, &planned.evaluation}) {
    for (const PlannedPrimitive& primitive : *primitives) {
      EXPECT_THAT(primitive.implementation, ::testing::Not(::testing::StartsWith("ref")))
          << primitive.stage << " " << primitive.what;
      // Layouts are kept from stage to stage; only the first picture and the vector at the end are
      // plain.
      if (primitive.what == "reorder source" || primitive.what == "reorder gradient") {
        EXPECT_THAT(primitive.stage, ::testing::AnyOf("units.0.conv", "body.gap.0"));
      }
      convolutions += primitive.stage.ends_with(".conv") && !primitive.what.starts_with("reorder");
    }
  }
  EXPECT_EQ(convolutions, 15 * 4 - 1) << "forward twice, two gradients, none of the picture";
}

INSTANTIATE_TEST_SUITE_P(Engine, Article15Plan,
                         ::testing::Values(std::pair{"conv bn relu", Shape{3, 32, 32}},
                                           std::pair{"conv relu bn", Shape{3, 32, 32}},
                                           std::pair{"conv bn relu", Shape{1, 28, 28}},
                                           std::pair{"conv tanh bn", Shape{1, 28, 28}}));

TEST(Plan, FusesBatchNormWithTheReluBehindIt) {
  const auto count = [](const char* order, const char* what) {
    const Plan planned = plan(build({"3*unit(8) gap fc(classes)", order, kSmall, 4}), {.batch = 4});
    return std::count_if(planned.training.begin(), planned.training.end(),
                         [&](const auto& primitive) { return primitive.what == what; });
  };
  EXPECT_EQ(count("conv bn relu", "forward with relu"), 3);
  EXPECT_EQ(count("conv bn relu", "backward with relu"), 3);
  EXPECT_EQ(count("conv relu bn", "forward with relu"), 0);
  EXPECT_EQ(count("conv bn tanh", "forward with relu"), 0);
}

TEST(Plan, OfATrialAtBatch64StaysBelow200Megabytes) {
  for (const char* order : {"conv bn relu", "conv relu bn"}) {
    const network::Network network =
        build({std::string(network::find_preset("article-15")->body), order, {3, 32, 32}, 64});
    const Plan planned = plan(network, {.batch = 64});
    EXPECT_LT(planned.bytes(), 200'000'000);
    EXPECT_GT(planned.arena_bytes, 20'000'000);
  }
}

TEST(Platform, SaysWhatItRunsOn) {
  const Platform platform = describe_platform(Precision::fp32);
  EXPECT_THAT(platform.library, ::testing::MatchesRegex("oneDNN [0-9.]+, own [0-9]+"));
  if (own_processor().has_avx2) {
    EXPECT_EQ(platform.isa, "avx2") << "and no more, whatever the processor has";
  }
}

TEST(Platform, AProcessThatComputedInFp32RefusesBf16) {
  if (!own_processor().has_bf16) GTEST_SKIP() << "SKIPPED: this processor has no bf16";
  use_precision(Precision::fp32);
  EXPECT_THAT([] { use_precision(Precision::bf16); },
              ::testing::ThrowsMessage<Error>(
                  ::testing::HasSubstr("this process is limited to avx2: by DNNL_MAX_CPU_ISA, or "
                                       "because it computed in fp32 before")));
}

TEST(Platform, OneThreadIsAPropertyOfTheThread) {
  use_one_thread();
  EXPECT_TRUE(uses_one_thread());
  bool there = false;
  std::jthread([&] {
    use_one_thread();
    there = uses_one_thread();
  }).join();
  EXPECT_TRUE(there);
}

}  // namespace
}  // namespace whichfirst::engine
