// The engine against its slow twins in src/reference: loss, gradients, statistics, logits, updates.
#include <gmock/gmock.h>

#include <algorithm>
#include <limits>

#include "engine/kernels/kernels.h"
#include "engine/networks.h"
#include "engine/trainer.h"
#include "engine/twin_cases.h"
#include "reference/optimizer.h"
#include "reference/pass.h"
#include "reference/stages.h"

namespace whichfirst::engine {
namespace {

constexpr std::uint64_t kSeed = 11;
constexpr std::uint64_t kReplicate = 3;

/// A network in fp32 and, where the processor can, in fp32-fast.
class Twin : public ::testing::TestWithParam<std::tuple<Case, Precision>> {
 protected:
  Twin()
      : batch(std::get<Case>(GetParam()).batch),
        precision(std::get<Precision>(GetParam())),
        network(build(std::get<Case>(GetParam()))),
        images(random_images(network.input, batch, 1)),
        labels(random_labels(network.classes, batch, 2)),
        values(lively_values(network, 3)) {}

  reference::Tensor picture_tensor(const std::vector<float>& pictures) const {
    return {.count = batch, .shape = network.input, .values = {pictures.begin(), pictures.end()}};
  }

  /// |engine - reference| against |reference|; parameters whose true gradient is 0 (a bias before
  /// bn) are held against the largest gradient.
  static void expect_close(const std::vector<float>& engine, const std::vector<double>& reference,
                           double floor, double tolerance, const std::string& name) {
    ASSERT_EQ(engine.size(), reference.size()) << name;
    std::vector<double> difference(engine.size());
    for (std::size_t i = 0; i < engine.size(); ++i) difference[i] = engine[i] - reference[i];
    EXPECT_LE(norm(difference), tolerance * std::max(norm(reference), floor)) << name;
  }

  int batch;
  Precision precision;
  network::Network network;
  std::vector<float> images;
  std::vector<std::int32_t> labels;
  network::Values values;
};

TEST_P(Twin, OneStepHasTheLossGradientsAndStatisticsOfTheReference) {
  Trainer trainer(network, values,
                  {.batch = batch,
                   .evaluation_batch = 3,
                   .precision = precision,
                   .seed = kSeed,
                   .replicate = kReplicate});
  copy(images, trainer.images());
  copy(labels, trainer.labels());
  const StepResult step = trainer.step(0);
  ASSERT_FALSE(step.non_finite) << step.non_finite->stage;

  const reference::Pass pass =
      reference::run(network, reference::widen(values), picture_tensor(images), labels,
                     reference::Mode::training, {.seed = kSeed, .replicate = kReplicate});
  EXPECT_NEAR(step.loss, pass.loss, 1e-5 * pass.loss);
  EXPECT_EQ(step.right, pass.right);
  double largest = 0;
  for (const auto& gradient : pass.gradients) largest = std::max(largest, norm(gradient));
  const network::Values gradients = trainer.gradients();
  const network::Values after = trainer.values();
  for (std::size_t i = 0; i < network.parameters.size(); ++i) {
    const network::Parameter& parameter = network.parameters[i];
    if (parameter.is_trained()) {
      expect_close(gradients[i], pass.gradients[i], 1e-2 * largest, 1e-4, parameter.name);
      EXPECT_EQ(after[i], values[i]) << "a rate of 0 changes nothing";
    } else {
      EXPECT_TRUE(gradients[i].empty());
      expect_close(after[i], pass.running_statistics[i], 0, 1e-5, parameter.name);
    }
  }
}

TEST_P(Twin, EvaluationHasTheLogitsOfTheReference) {
  // A pass of its own size, so that the last one is short or has room to spare.
  Trainer trainer(network, values,
                  {.batch = batch, .evaluation_batch = batch + 2, .precision = precision});
  copy(images, trainer.evaluation_images());
  const EvaluationResult result = trainer.evaluate(labels);

  const reference::ForwardPass pass = reference::run_forward(
      network, reference::widen(values), picture_tensor(images), reference::Mode::evaluation);
  const reference::Tensor& logits = pass.outputs.back();
  const std::vector<float> found(trainer.logits().begin(), trainer.logits().end());
  expect_close(found, logits.values, 0, 1e-5, "logits");
  const auto loss = reference::softmax_cross_entropy(logits, labels);
  EXPECT_NEAR(result.loss_sum / batch, loss.loss, 1e-5 * std::max(1.0, loss.loss));
  EXPECT_EQ(std::count(result.right.begin(), result.right.end(), 1), loss.right);
  const network::Values after = trainer.values();
  EXPECT_EQ(after, values) << "evaluation moves nothing";
}

TEST_P(Twin, FiveFreeStepsStayTogether) {
  constexpr double kRate = 0.005;
  const Options options{.batch = batch,
                        .evaluation_batch = 4,
                        .momentum = 0.9,
                        .decay = 0.01,
                        .precision = precision,
                        .seed = kSeed,
                        .replicate = kReplicate};
  Trainer trainer(network, values, options);
  reference::Arrays twin = reference::widen(values);
  reference::Arrays velocity;
  for (std::uint64_t step = 0; step < 5; ++step) {
    const auto pictures = random_images(network.input, batch, 10 + step);
    copy(pictures, trainer.images());
    copy(labels, trainer.labels());
    const StepResult result = trainer.step(kRate);
    const reference::Pass pass =
        reference::run(network, twin, picture_tensor(pictures), labels, reference::Mode::training,
                       {.seed = kSeed, .replicate = kReplicate, .step = step});
    EXPECT_NEAR(result.loss, pass.loss, 2e-4 * std::max(pass.loss, 1.0)) << "step " << step;
    for (std::size_t i = 0; i < twin.size(); ++i) {
      if (!network.parameters[i].is_trained()) twin[i] = pass.running_statistics[i];
    }
    reference::sgd_step(twin, velocity, pass.gradients,
                        {.lr = kRate, .momentum = options.momentum, .decay = options.decay},
                        network);
  }
}

TEST_P(Twin, TrainsToTheSameBitsTwice) {
  const auto train = [&] {
    Trainer trainer(
        network, values,
        {.batch = batch, .evaluation_batch = batch, .precision = precision, .seed = kSeed});
    for (int step = 0; step < 3; ++step) {
      copy(images, trainer.images());
      copy(labels, trainer.labels());
      EXPECT_FALSE(trainer.step(0.01).non_finite);
    }
    return trainer.values();
  };
  EXPECT_EQ(train(), train());
}

/// Every network in every precision but one: a relu of "conv ln relu" reads a number 6e-7 from 0,
/// which is less than the error of fp32-fast, so that its gradient may take either side.
std::vector<std::tuple<Case, Precision>> twins() {
  std::vector<std::tuple<Case, Precision>> all;
  for (const Precision precision : fp32_precisions()) {
    for (const Case& each : kTwinCases) {
      if (precision == Precision::fp32_fast && each.order == "conv ln relu") continue;
      all.emplace_back(each, precision);
    }
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(Engine, Twin, ::testing::ValuesIn(twins()));

TEST(Update, NesterovAndDecayOfAllParametersFollowTheReference) {
  const network::Network network = build(kTwinCases[4]);
  network::Values values = lively_values(network, 3);
  const Options options{.batch = kTwinCases[4].batch,
                        .momentum = 0.8,
                        .nesterov = true,
                        .decay = 0.02,
                        .decays_all = true};
  Trainer trainer(network, values, options);
  reference::Arrays twin = reference::widen(values);
  reference::Arrays velocity;
  for (std::uint64_t step = 0; step < 4; ++step) {
    copy(random_images(network.input, options.batch, step), trainer.images());
    copy(random_labels(10, options.batch, step), trainer.labels());
    ASSERT_FALSE(trainer.step(0.01).non_finite);
    reference::sgd_step(
        twin, velocity, reference::widen(trainer.gradients()),
        {.lr = 0.01, .momentum = 0.8, .decay = 0.02, .nesterov = true, .decays_all = true},
        network);
  }
  values = trainer.values();
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!network.parameters[i].is_trained()) continue;
    for (std::size_t j = 0; j < values[i].size(); ++j) {
      EXPECT_NEAR(values[i][j], twin[i][j], 1e-6) << network.parameters[i].name;
    }
  }
}

TEST(Update, AdamWFollowsTheReference) {
  for (const bool decays_all : {false, true}) {
    const network::Network network = build(kTwinCases[5]);
    network::Values values = lively_values(network, 3);
    const Options options{.batch = kTwinCases[5].batch,
                          .optimizer = Optimizer::adamw,
                          .decay = 0.1,
                          .decays_all = decays_all};
    Trainer trainer(network, values, options);
    reference::Arrays twin = reference::widen(values);
    reference::AdamWMoments moments;
    for (std::uint64_t step = 0; step < 6; ++step) {
      copy(random_images(network.input, options.batch, step), trainer.images());
      copy(random_labels(10, options.batch, step), trainer.labels());
      ASSERT_FALSE(trainer.step(0.01).non_finite);
      reference::adamw_step(twin, moments, reference::widen(trainer.gradients()),
                            {.lr = 0.01, .decay = 0.1, .decays_all = decays_all}, network);
    }
    values = trainer.values();
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (!network.parameters[i].is_trained()) continue;
      for (std::size_t j = 0; j < values[i].size(); ++j) {
        EXPECT_NEAR(values[i][j], twin[i][j], 2e-6) << network.parameters[i].name;
      }
    }
  }
}

TEST(CrossEntropy, SmoothsLabelsLikeTheReference) {
  const std::vector<float> logits = {1, -2, 0.5F, 3, 3, 3};
  const std::vector<std::int32_t> labels = {2, 0};
  for (const double smoothing : {0.0, 0.1, 0.9}) {
    std::vector<float> dlogits(6);
    const LossResult result = cross_entropy(logits, labels, dlogits, {}, smoothing);
    const auto twin = reference::softmax_cross_entropy({.count = 2,
                                                        .shape = {.channels = 3, .is_vector = true},
                                                        .values = {logits.begin(), logits.end()}},
                                                       labels, smoothing);
    EXPECT_NEAR(result.sum / 2, twin.loss, 1e-12);
    for (std::size_t i = 0; i < 6; ++i) EXPECT_NEAR(dlogits[i], twin.dlogits.values[i], 1e-7);
  }
}

TEST(CrossEntropy, AgreesWithTheReferenceOnLargeLogits) {
  const std::vector<float> logits = {1000, 0, -1000, 3, 3, 3, -80, 80, 0};
  const std::vector<std::int32_t> labels = {1, 0, 2};
  std::vector<float> dlogits(9);
  std::vector<std::uint8_t> right(3);
  const LossResult result = cross_entropy(logits, labels, dlogits, right);
  const auto twin = reference::softmax_cross_entropy({.count = 3,
                                                      .shape = {.channels = 3, .is_vector = true},
                                                      .values = {logits.begin(), logits.end()}},
                                                     labels);
  EXPECT_NEAR(result.sum / 3, twin.loss, 1e-12 * twin.loss);
  EXPECT_EQ(result.right, twin.right);
  EXPECT_THAT(right, ::testing::ElementsAre(0, 1, 0));
  for (std::size_t i = 0; i < 9; ++i) EXPECT_NEAR(dlogits[i], twin.dlogits.values[i], 1e-7);
}

TEST(CrossEntropy, OfALogitThatIsNotFiniteIsNotFinite) {
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    for (std::size_t place = 0; place < 3; ++place) {
      std::vector<float> logits = {1, 2, 3};
      logits[place] = bad;
      const std::vector<std::int32_t> labels = {0};
      const LossResult result = cross_entropy(logits, labels, {}, {});
      EXPECT_FALSE(std::isfinite(result.sum));
      EXPECT_EQ(result.right, 0);
    }
  }
}

}  // namespace
}  // namespace whichfirst::engine
