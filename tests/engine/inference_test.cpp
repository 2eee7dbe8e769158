#include "engine/inference.h"

#include <gmock/gmock.h>

#include "engine/kernels/border_bias.h"
#include "engine/networks.h"
#include "reference/pass.h"

namespace whichfirst::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// `stage` with a bias by position whose numbers are all different.
struct Mapped {
  network::Network network;
  network::Values values;
};

Mapped with_map(network::Network network, std::size_t index) {
  Mapped mapped{.network = std::move(network), .values = {}};
  network::Stage& stage = mapped.network.stages[index];
  std::get<network::Conv>(stage.operation).has_bias_map = true;
  mapped.values = lively_values(mapped.network, 3);
  for (const int parameter : stage.parameters) {
    const auto i = static_cast<std::size_t>(parameter);
    if (mapped.network.parameters[i].kind != network::ParameterKind::bias) continue;
    mapped.network.parameters[i].dimensions = {stage.output.channels, stage.output.height,
                                               stage.output.width};
    mapped.values[i] = random_images(stage.output, 1, 11);
    // Inside, all positions of a channel have the same: that is what a map is made of.
    const BorderBias border = border_bias_of(stage);
    const auto pixels = static_cast<std::size_t>(stage.output.pixels());
    std::vector<bool> is_border(pixels, false);
    for (const std::ptrdiff_t p : border.positions) is_border[static_cast<std::size_t>(p)] = true;
    for (std::size_t k = 0; k < mapped.values[i].size(); ++k) {
      if (is_border[k % pixels]) continue;
      mapped.values[i][k] =
          mapped.values[i][k / pixels * pixels + static_cast<std::size_t>(border.inner)];
    }
  }
  return mapped;
}

std::vector<float> run(Inference& inference, const std::vector<float>& images) {
  copy(images, inference.images());
  inference.run();
  return {inference.logits().begin(), inference.logits().end()};
}

void expect_reference(const Mapped& mapped, int batch) {
  const auto images = random_images(mapped.network.input, batch, 9);
  const auto expected =
      reference::run_forward(mapped.network, reference::widen(mapped.values),
                             {.count = batch,
                              .shape = mapped.network.input,
                              .values = std::vector<double>(images.begin(), images.end())},
                             reference::Mode::evaluation)
          .outputs.back()
          .values;
  for (const Precision precision : fp32_precisions()) {
    Inference inference(mapped.network, mapped.values, batch, precision);
    const std::vector<float> logits = run(inference, images);
    ASSERT_EQ(logits.size(), expected.size());
    for (std::size_t i = 0; i < logits.size(); ++i) EXPECT_NEAR(logits[i], expected[i], 2e-4) << i;
  }
}

TEST(Inference, AddsABiasByPositionAsThePlainLoopDoes) {
  struct Window {
    const char* conv;
    int height;
    int width;
  };
  // Padding by rows and columns, strides, no inner position at all, windows outside of the picture.
  for (const Window& window :
       {Window{"k=3", 7, 5}, Window{"k=3, s=2", 7, 6}, Window{"k=5, p=2", 3, 9},
        Window{"k=5, p=2", 2, 2}, Window{"k=1, p=1", 4, 4}, Window{"k=3, p=4", 3, 3},
        Window{"k=4, p=2, s=3", 9, 7}, Window{"k=3, p=0", 5, 5}}) {
    for (const char* behind : {" relu", "", " tanh", " bn relu"}) {
      SCOPED_TRACE(std::string(window.conv) + behind);
      // 10 and 20 channels do not fill their blocks, 3 come in plain.
      for (const char* in_front : {"", "conv(20) "}) {
        const std::string body = std::string(in_front) + "conv(10, bias=on, " + window.conv + ")" +
                                 behind + " flatten fc(3)";
        const Shape input{.channels = 3, .height = window.height, .width = window.width};
        expect_reference(with_map(build({body, "conv", input, 1, 3}), *in_front == 0 ? 0 : 1), 3);
      }
    }
  }
}

TEST(Inference, FusesReluIntoWhatStandsBeforeIt) {
  const network::Network network =
      build({"conv(16) relu conv(16) bn relu res(conv(16)) relu gap fc(4) relu fc(3)",
             "conv",
             {.channels = 3, .height = 8, .width = 8},
             1,
             3});
  const Inference inference(network, lively_values(network, 1), 2);
  std::vector<std::string> fused;
  for (const PlannedPrimitive& step : inference.plan().evaluation) {
    if (step.what == "forward with relu") fused.push_back(step.stage);
  }
  EXPECT_THAT(fused, ElementsAre("body.conv.0", "body.bn.0", "body.res.0", "body.fc.0"));
}

TEST(Inference, TrainingAndEvaluationFuseNoReluIntoWeights) {
  const network::Network network = build({"conv(16) relu gap fc(4) relu fc(3)",
                                          "conv",
                                          {.channels = 3, .height = 8, .width = 8},
                                          1,
                                          3});
  const Plan found = plan(network, {.batch = 4, .evaluation_batch = 2});
  std::vector<std::string> fused;
  for (const auto* part : {&found.training, &found.evaluation}) {
    for (const PlannedPrimitive& step : *part) {
      if (step.what.find("relu") != std::string::npos) fused.push_back(step.stage);
    }
  }
  EXPECT_THAT(fused, IsEmpty());
}

TEST(Inference, IsTheSameTwiceAndInAnyBatch) {
  const network::Network network = build(
      {"2*unit(10) gap fc(classes)", "conv relu bn", {.channels = 3, .height = 9, .width = 8}, 1});
  const network::Values values = lively_values(network, 5);
  const auto images = random_images(network.input, 4, 2);
  Inference four(network, values, 4);
  const std::vector<float> first = run(four, images);
  EXPECT_EQ(run(four, images), first);
  Inference one(network, values, 1);
  const auto size = static_cast<std::ptrdiff_t>(network.input.size());
  const std::vector<float> last(images.begin() + 3 * size, images.end());
  const std::vector<float> alone = run(one, last);
  for (std::size_t k = 0; k < alone.size(); ++k) EXPECT_NEAR(alone[k], first[30 + k], 1e-5);
}

TEST(Inference, EvaluatesTheFirstPicturesAlone) {
  const network::Network network = build(
      {"2*unit(10) gap fc(classes)", "conv relu bn", {.channels = 3, .height = 9, .width = 8}, 1});
  const network::Values values = lively_values(network, 5);
  const auto images = random_images(network.input, 5, 2);
  const auto labels = random_labels(network.classes, 3, 1);
  for (const Precision precision : fp32_precisions()) {
    Trainer trainer(network, values, {.evaluation_batch = 3, .precision = precision});
    std::copy_n(images.begin(), trainer.evaluation_images().size(),
                trainer.evaluation_images().begin());
    const EvaluationResult wanted = trainer.evaluate(labels);
    Inference inference(network, values, 5, precision);
    copy(images, inference.images());
    const EvaluationResult found = inference.evaluate(labels);
    EXPECT_NEAR(found.loss_sum, wanted.loss_sum, 1e-5 * wanted.loss_sum);
    EXPECT_EQ(found.right, wanted.right);
  }
}

TEST(Inference, PlansWhatItsNumbersNeed) {
  const network::Network network = build(
      {"unit(16) gap fc(classes)", "conv bn relu", {.channels = 3, .height = 16, .width = 16}, 1});
  const Inference inference(network, lively_values(network, 5), 8);
  // 64-byte places for 16 x 3 x 9, four bn arrays of 16, 10 x 16 and 10 numbers, at least.
  EXPECT_GE(inference.plan().parameter_bytes, 4 * (432 + 4 * 16 + 160 + 16));
  EXPECT_GE(inference.plan().arena_bytes, 8 * 16 * 16 * 16 * 4);
  EXPECT_EQ(inference.plan().bytes(),
            inference.plan().parameter_bytes + inference.plan().arena_bytes);
}

TEST(Inference, RefusesValuesOfAnotherNetwork) {
  const network::Network network =
      build({"conv(4) gap fc(3)", "conv", {.channels = 1, .height = 4, .width = 4}, 1, 3});
  EXPECT_THROW(Inference(network, {}, 1), std::logic_error);
  EXPECT_THROW(Inference(network, lively_values(network, 1), 1, Precision::bf16), std::logic_error);
}

TEST(BorderBias, KnowsWhoseWindowLeavesThePicture) {
  // 3x4, k=3 p=1: only the two in the middle stay inside.
  const network::Network network =
      build({"conv(2, bias=on) gap fc(3)", "conv", {.channels = 1, .height = 3, .width = 4}, 1, 3});
  const BorderBias border = border_bias_of(network.stages[0]);
  EXPECT_EQ(border.inner, 5);
  EXPECT_THAT(border.positions, ElementsAre(0, 1, 2, 3, 4, 7, 8, 9, 10, 11));
  std::vector<float> map(24);
  for (std::size_t i = 0; i < map.size(); ++i) map[i] = static_cast<float>(i);
  const std::vector<float> packed = pack(border, map);
  ASSERT_EQ(packed.size(), border.packed_size());
  EXPECT_EQ(packed[0], 5);   // of channel 0 in the middle
  EXPECT_EQ(packed[1], 17);  // of channel 1
  EXPECT_EQ(packed[2], -5);  // position 0 has 5 less
  EXPECT_EQ(packed[20], 6);  // position 11 of channel 0 has 6 more
}

}  // namespace
}  // namespace whichfirst::engine
