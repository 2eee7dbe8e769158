// What a step costs, as the plan counts it and an observer sees it.
#include <gmock/gmock.h>

#include <map>

#include "engine/networks.h"
#include "engine/platform.h"
#include "network/preset.h"

namespace whichfirst::engine {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Key;
using ::testing::Not;

constexpr Shape kSmall{3, 8, 8};

network::Network article(const char* order) {
  return build({std::string(network::find_preset("article-15")->body), order, {3, 32, 32}, 32, 10});
}

std::map<std::string, std::int64_t> flops_by_kind(const Plan& made) {
  std::map<std::string, std::int64_t> flops;
  for (const PlannedPrimitive& primitive : made.training) flops[primitive.kind] += primitive.flops;
  return flops;
}

// Widths and sides of article-15: 3->16 and 2 x 16->16 at 32x32; 16->32 and 3 x 32->32 at 16x16;
// 32->64 and 3 x 64->64 at 8x8; 4 x 64->64 at 4x4. Each product is 2 * 9 FLOPs a pixel and pair of
// channels.
TEST(PlannedFlops, OfArticle15AreThoseCountedByHand) {
  constexpr std::int64_t kFirst = 18 * 3 * 16 * 1024;
  constexpr std::int64_t kOthers = 18 * (2 * 16 * 16 * 1024 + (16 * 32 + 3 * 32 * 32) * 256 +
                                         (32 * 64 + 3 * 64 * 64) * 64 + 4 * 64 * 64 * 16);
  for (const char* order : {"conv bn relu", "conv relu bn"}) {
    const network::Network network = article(order);
    for (const int batch : {1, 32}) {
      const auto flops = flops_by_kind(plan(network, {.batch = batch}));
      std::int64_t biases = 0;  // one more a result
      for (const network::Stage& stage : network.stages) {
        const auto* conv = std::get_if<network::Conv>(&stage.operation);
        if (conv != nullptr && conv->bias) biases += stage.output.size();
      }
      EXPECT_EQ(flops.at("conv forward"), batch * (kFirst + kOthers + biases)) << order;
      EXPECT_EQ(flops.at("conv backward weights"), flops.at("conv forward")) << order;
      // No gradient of the picture.
      EXPECT_EQ(flops.at("conv backward data"),
                flops.at("conv forward") - batch * network.stages[0].flops_per_image)
          << order;
      EXPECT_EQ(flops.at("bn"), 0);
    }
  }
}

TEST(PlannedBytes, AreThoseOfTheArgumentsEachOnce) {
  const Plan made =
      plan(build({"unit(16) gap fc(classes)", "conv relu bn", kSmall, 4}), {.batch = 4});
  std::map<std::string, std::int64_t> bytes;
  for (const PlannedPrimitive& primitive : made.training) {
    bytes[primitive.stage + " " + primitive.what] = primitive.bytes;
  }
  constexpr std::int64_t kPicture = 4 * 16 * 64 * 4;  // 4 images, 16 channels, 8x8 floats
  EXPECT_EQ(bytes.at("units.0.bn statistics"), kPicture + 2 * 16 * 4);
  EXPECT_EQ(bytes.at("units.0.relu forward"), kPicture) << "in place";
  EXPECT_EQ(bytes.at("units.0.bn forward"), 2 * kPicture + 4 * 16 * 4);
  EXPECT_EQ(bytes.at("units.0.relu backward"), 2 * kPicture) << "the gradient in place";
}

TEST(PlannedBytes, OfWinogradAreThoseOfTheDirectConvolutionWithoutItsScratchMemory) {
  if (!own_processor().has_own_convolutions()) {
    GTEST_SKIP() << "SKIPPED: this processor has no AVX2 with FMA";
  }
  const network::Network network =
      build({"unit(16) unit(16) gap fc(classes)", "conv relu bn", kSmall, 4});
  const auto bytes_of = [&](Precision precision) {
    std::map<std::string, std::int64_t> bytes;
    for (const auto& each : plan(network, {.batch = 4, .precision = precision}).training) {
      if (each.stage == "units.1.conv") bytes[each.what] = each.bytes;
    }
    return bytes;
  };
  constexpr std::int64_t kPicture = 4 * 16 * 64 * 4;
  constexpr std::int64_t kWeights = 16 * 16 * 9 * 4;
  const auto fast = bytes_of(Precision::fp32_fast);
  EXPECT_EQ(fast.at("forward"), 2 * kPicture + kWeights + 16 * 4);
  EXPECT_EQ(fast.at("backward data"), 2 * kPicture + kWeights);
  EXPECT_EQ(fast.at("backward weights"), 2 * kPicture + kWeights + 16 * 4);
}

TEST(PlannedKinds, TellWhatTheTimeIsSpentOn) {
  const auto flops =
      flops_by_kind(plan(build({"conv(16) unit(16) unit(32, s=2, pool=2) gap fc(classes)",
                                "res(bn relu conv drop(0.1) bn relu conv)",
                                {3, 32, 32},
                                4}),
                         {.batch = 4}));
  for (const char* kind : {"conv forward", "conv backward data", "conv backward weights", "bn",
                           "statistics of bn", "dropout", "sums", "pools", "fc"}) {
    EXPECT_THAT(flops, Contains(Key(kind)));
  }
  EXPECT_THAT(flops, Not(Contains(Key(""))));
}

struct Observed {
  std::vector<std::size_t> primitives;
  std::vector<StepPart> others;
};

TEST(ObservedStep, TellsEveryPartOnceAndChangesNoNumber) {
  const network::Network network =
      build({"unit(8, pool=2) unit(8) gap fc(classes)", "conv relu bn", kSmall, 4});
  const Options options{.batch = 4};
  const network::Values initial = network::initial_values(network, 1, 1);
  Trainer plain(network, initial, options);
  Trainer observed(network, initial, options);
  const std::vector<float> images = random_images(network.input, 4, 1);
  const std::vector<std::int32_t> labels = random_labels(network.classes, 4, 1);
  Observed seen;
  const StepObserver observe = [&](StepPart part, std::size_t index) {
    if (part == StepPart::primitive) {
      seen.primitives.push_back(index);
    } else {
      seen.others.push_back(part);
    }
  };
  for (int step = 0; step < 2; ++step) {
    for (Trainer* trainer : {&plain, &observed}) {
      std::copy(images.begin(), images.end(), trainer->images().begin());
      std::copy(labels.begin(), labels.end(), trainer->labels().begin());
    }
    seen = {};
    EXPECT_EQ(plain.step(0.1).loss, observed.step(0.1, observe).loss);
  }
  EXPECT_EQ(plain.values(), observed.values());
  std::vector<std::size_t> all(plan(network, options).training.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  EXPECT_EQ(seen.primitives, all);
  EXPECT_THAT(seen.others, ElementsAre(StepPart::checks, StepPart::loss,
                                       StepPart::running_statistics, StepPart::update));
}

// The networks that the bench is shown with, at their picture sizes.
TEST(Plan, HasNoReferenceKernelInAnyPreset) {
  struct Subject {
    const char* network;
    const char* order;
    Shape input;
  };
  for (const Subject& subject :
       std::vector<Subject>{{"resnet-20", "res(conv bn relu conv bn) relu", {3, 32, 32}},
                            {"resnet-20", "res(bn relu conv bn relu conv)", {3, 32, 32}},
                            {"vgg-small", "conv bn relu", {3, 32, 32}},
                            {"vgg-small", "conv relu bn", {3, 32, 32}},
                            {"wrn-16-4", "res(conv bn relu conv bn) relu", {3, 32, 32}},
                            {"wrn-16-4", "res(bn relu conv bn relu conv)", {3, 32, 32}},
                            {"lenet", "conv relu bn", {1, 28, 28}},
                            {"article-15", "conv relu bn", {1, 28, 28}},
                            {"article-15", "conv bn relu", {3, 64, 64}}}) {
    const Plan made = plan(build({std::string(network::find_preset(subject.network)->body),
                                  subject.order, subject.input, 32}),
                           {.batch = 32});
    for (const auto* list : {&made.training, &made.evaluation}) {
      for (const PlannedPrimitive& primitive : *list) {
        EXPECT_THAT(primitive.implementation, Not(::testing::StartsWith("ref")))
            << subject.network << ": " << primitive.stage << " " << primitive.what;
      }
    }
  }
}

TEST(MemoryPeak, IsPositiveAndBelowAnyMemory) {
  const double gigabytes_a_second = measure_memory_peak(0.01);
  EXPECT_GT(gigabytes_a_second, 0.1);
  EXPECT_LT(gigabytes_a_second, 10'000);
}

}  // namespace
}  // namespace whichfirst::engine
