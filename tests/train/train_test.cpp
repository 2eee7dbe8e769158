#include <gmock/gmock.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "complaint.h"
#include "data/batches.h"
#include "data/shapes10.h"
#include "engine/platform.h"
#include "engine/trainer.h"
#include "train/shapes.h"
#include "train/trial.h"

namespace whichfirst::train {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

network::Network make(const std::string& order) {
  return network_of(order, "unit(8, pool=2) unit(8, pool=2) gap fc(classes)");
}

Result run(
    const std::string& order, std::uint64_t replicate = 1, const std::stop_token& stop = {},
    const Observer& observe = [](const Progress&) {}, const Material& material = shapes(),
    engine::Precision precision = engine::Precision::fp32) {
  const network::Network network = make(order);
  const record::Recipe recipe{.epochs = 2, .batch = 32, .precision = precision};
  return run_from(network, network::initial_values(network, 0, replicate), recipe, replicate, stop,
                  observe, material);
}

TEST(Trial, RecordsEveryEpochAndOneLookAtTheTestImages) {
  const Result result = run("conv bn relu");
  const record::TrialRecord& record = result.record;
  EXPECT_EQ(record.status, record::Status::done);
  ASSERT_THAT(record.epochs, SizeIs(2));
  EXPECT_EQ(record.epochs[1].epoch, 2);
  EXPECT_THAT(record.right_answers, SizeIs(90));
  const auto right = std::accumulate(record.right_answers.begin(), record.right_answers.end(), 0);
  EXPECT_DOUBLE_EQ(*record.metrics.test_accuracy, 100.0 * right / 90);
  EXPECT_EQ(record.metrics.train_loss, record.epochs[1].train_loss);
  EXPECT_LT(*record.epochs[1].train_loss, *record.epochs[0].train_loss);
  EXPECT_EQ(record.metrics.val_accuracy, std::nullopt);
  EXPECT_FALSE(result.values.empty());
}

TEST(Trial, IsTheSameTwiceButForItsTimings) {
  Result first = run("conv relu bn");
  Result second = run("conv relu bn");
  first.record.timings = second.record.timings = {};
  EXPECT_EQ(first.record, second.record);
  EXPECT_EQ(first.values, second.values);
}

/// The score is the folded network's; the trained one, in plain evaluation, has the same but for
/// rounding.
TEST(Trial, ScoresTheNetworkThatItTrained) {
  std::vector<engine::Precision> precisions = {engine::Precision::fp32};
  if (engine::own_processor().has_own_convolutions()) {
    precisions.push_back(engine::Precision::fp32_fast);
  }
  for (const engine::Precision precision : precisions) {
    for (const char* order : {"conv bn relu", "conv relu bn"}) {
      SCOPED_TRACE(order);
      const Result result = run(
          order, 1, {}, [](const Progress&) {}, shapes(), precision);
      const std::vector<std::uint32_t>& part = shapes().parts.test;
      engine::Options options = engine_options({.precision = precision});
      options.evaluation_batch = static_cast<int>(part.size());
      engine::Trainer trainer(make(order), result.values, options);
      std::vector<std::int32_t> labels(part.size());
      data::assemble(shapes().dataset.test, part, shapes().normalisation,
                     trainer.evaluation_images(), labels);
      const engine::EvaluationResult wanted = trainer.evaluate(labels);
      const double loss = wanted.loss_sum / static_cast<double>(part.size());
      EXPECT_NEAR(*result.record.metrics.test_loss, loss, 1e-5 * loss);
      EXPECT_EQ(result.record.right_answers, wanted.right);
    }
  }
}

TEST(Trial, RecordsWhatTheTrainedNetworkCostsAtInference) {
  const Result result = run("conv relu bn");
  ASSERT_TRUE(result.record.inference);
  const record::InferenceRecord& inference = *result.record.inference;
  EXPECT_EQ(inference.counts,
            (record::FoldCounts{.backward = 0, .forward = 2, .convolutions = 2, .bias_maps = 1}));
  ASSERT_THAT(inference.bns, SizeIs(2));
  EXPECT_EQ(inference.bns[1].into, "body.fc.0");
  EXPECT_EQ(inference.pictures, 90);
  EXPECT_GT(inference.max_logit, 0);
  EXPECT_LT(*inference.max_difference, 1e-4 * *inference.max_logit);
  EXPECT_GT(inference.trained.parameters, 0);
  EXPECT_GT(inference.folded.batch_bytes, inference.folded.bytes);
  ASSERT_TRUE(result.record.timings.inference);
  EXPECT_GT(result.record.timings.inference->folded.latency_seconds, 0);
  EXPECT_GT(result.record.timings.inference->trained.images_per_second, 0);
}

TEST(Trial, ThatTunesIsNotFolded) {
  EXPECT_EQ(run("conv relu bn", record::kTuningReplicates + 1).record.inference, std::nullopt);
}

TEST(Trial, OfAnotherReplicateIsAnother) {
  const Result first = run("conv relu bn", 1);
  const Result second = run("conv relu bn", 2);
  EXPECT_NE(first.record.hashes.data_order, second.record.hashes.data_order);
  EXPECT_NE(first.record.metrics.test_loss, second.record.metrics.test_loss);
}

TEST(Trial, OrdersOfOneReplicateSeeTheSameDataInTheSameOrder) {
  const Result bn_first = run("conv bn relu", 3);
  const Result act_first = run("conv relu bn", 3);
  EXPECT_EQ(bn_first.record.hashes.data_order, act_first.record.hashes.data_order);
  EXPECT_EQ(bn_first.record.hashes.data, act_first.record.hashes.data);
}

TEST(Trial, TellsItsObserverOfEveryEpoch) {
  std::vector<int> epochs;
  double share = 0;
  run("conv bn relu", 1, {}, [&](const Progress& progress) {
    EXPECT_GE(progress.share, share);
    share = progress.share;
    if (progress.finished_epoch) epochs.push_back(progress.finished_epoch->epoch);
  });
  EXPECT_THAT(epochs, ::testing::ElementsAre(1, 2));
  EXPECT_EQ(share, 1);
}

TEST(Trial, StopsWhenAsked) {
  std::stop_source stop;
  stop.request_stop();
  const Result result = run("conv bn relu", 1, stop.get_token());
  EXPECT_TRUE(result.is_interrupted);
  EXPECT_TRUE(result.values.empty());
}

TEST(Trial, ValidatesAfterEveryEpochWhereAPartIsCut) {
  const Material material = prepare_material(
      data::draw_shapes10(),
      {.train = std::int64_t{200}, .test = std::int64_t{50}, .validation = 0.25}, 0);
  EXPECT_THAT(material.parts.train, SizeIs(150));
  EXPECT_THAT(material.parts.validation, SizeIs(50));
  const Result result = run(
      "conv bn relu", 1, {}, [](const Progress&) {}, material);
  EXPECT_TRUE(result.record.epochs[0].val_accuracy);
  EXPECT_EQ(result.record.metrics.val_loss, result.record.epochs[1].val_loss);
}

/// relu makes 0 of NaN: a test picture that fits no float would pass for an answer.
TEST(Trial, WithAPixelThatIsNotFiniteIsDiverged) {
  const std::size_t last = static_cast<std::size_t>(shapes().parts.test.back()) + 1;
  for (const bool is_of_test : {true, false}) {
    Material material = shapes();
    material.normalisation.deviation[0] = 1e-3;
    data::Images& images = is_of_test ? material.dataset.test : material.dataset.train;
    const auto& bytes = std::get<std::vector<std::uint8_t>>(images.pixels);
    std::vector<float> pixels(bytes.begin(), bytes.end());
    pixels[(is_of_test ? last : material.parts.train[0] + std::size_t{1}) *
               static_cast<std::size_t>(images.shape.size()) -
           1] = 3e38F;
    images.pixels = std::move(pixels);
    const Result result = run(
        "conv relu", 1, {}, [](const Progress&) {}, material);
    EXPECT_EQ(result.record.status, record::Status::diverged);
    EXPECT_EQ(*result.record.reason, "a normalised pixel of the input is not finite");
    EXPECT_EQ(result.record.epochs.size(), is_of_test ? 2U : 0U);
    EXPECT_EQ(result.record.metrics.test_accuracy, std::nullopt);
  }
}

TEST(Trial, WithABadWeightIsDivergedAtStepOneAndHasNoMetric) {
  for (const char* order : {"conv bn relu", "conv relu bn", "conv bn tanh", "conv tanh bn"}) {
    const network::Network network = make(order);
    const record::Recipe recipe{.epochs = 1, .batch = 32};
    network::Values initial = network::initial_values(network, 0, 1);
    initial[0][3] = std::numeric_limits<float>::quiet_NaN();
    const Result result = run_from(network, initial, recipe);
    EXPECT_EQ(result.record.status, record::Status::diverged) << order;
    ASSERT_TRUE(result.record.diverged_at);
    EXPECT_EQ(result.record.diverged_at->epoch, 1);
    EXPECT_EQ(result.record.diverged_at->step, 1);
    EXPECT_EQ(result.record.metrics, record::Metrics{});
    EXPECT_TRUE(result.record.right_answers.empty());
    EXPECT_TRUE(result.values.empty());
  }
}

TEST(Trial, NeedsAWholeBatch) {
  EXPECT_THAT(complaint_of([] { require_trainable(shapes(), {.batch = 201}); }),
              HasSubstr("a batch of 201 is more than the 200 training images"));
}

TEST(Material, HashChangesWithAnyPixelOrLabel) {
  data::Dataset dataset = data::draw_shapes10();
  const data::Selection all{.train = std::int64_t{50}, .test = std::int64_t{50}, .validation = {}};
  const std::string before = prepare_material(dataset, all, 0).hash;
  EXPECT_EQ(prepare_material(dataset, all, 0).hash, before);
  EXPECT_NE(prepare_material(dataset, all, 1).hash, before) << "another seed draws other images";
  const Material material = prepare_material(dataset, all, 0);
  auto& pixels = std::get<std::vector<std::uint8_t>>(dataset.test.pixels);
  pixels[material.parts.test[0] * 784 + 5] ^= 1;
  EXPECT_NE(prepare_material(dataset, all, 0).hash, before);
}

}  // namespace
}  // namespace whichfirst::train
