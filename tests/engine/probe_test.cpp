// A probe against the reference's values, and a trainer that is looked at against one that is not.
#include "engine/probe.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

#include "engine/networks.h"
#include "engine/trainer.h"
#include "reference/pass.h"

namespace whichfirst::engine {
namespace {

using ::testing::Each;
using ::testing::Eq;
using ::testing::SizeIs;

constexpr Shape kPictures{.channels = 3, .height = 9, .width = 10};

// What training fuses, works on in place, passes on as it is, reads twice or drops.
const Case kCases[] = {
    {"2*unit(10) gap fc(classes)", "conv bn relu", kPictures, 4},
    {"2*unit(10) gap fc(classes)", "conv relu bn", kPictures, 4},
    {"unit(8, pool=2) unit(10) flatten fc(classes)", "conv relu pool bn", kPictures, 5},
    {"2*unit(10) gap fc(classes)", "conv gn(2) softsign drop(0.3)", kPictures, 4},
    {"conv(8) 2*unit(8) bn relu gap drop(0) fc(classes)", "res(bn relu conv bn relu conv)",
     kPictures, 3},
    {"conv(10) unit(12, s=2) gap fc(9) sign fc(classes)", "res(conv bn tanh conv bn) relu",
     kPictures, 4},
    {"2*unit(10) avgpool(2) flatten fc(classes)", "conv sign bn", kPictures, 4},
    {"flatten fc(12) bn relu fc(classes)", "conv", {.channels = 1, .height = 4, .width = 4}, 6},
};

network::DropoutStep no_step_of_a_trial(const Options& options) {
  return {options.seed, options.replicate, std::numeric_limits<std::uint64_t>::max()};
}

double largest_distance(std::span<const float> actual, const std::vector<double>& expected) {
  double most = 0;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    most = std::max(most, std::abs(actual[i] - expected[i]));
  }
  return most;
}

class ProbedNetwork : public ::testing::TestWithParam<Case> {};

TEST_P(ProbedNetwork, ShowsWhatTheReferenceMakes) {
  const network::Network network = build(GetParam());
  const network::Values values = lively_values(network, 5);
  const int batch = GetParam().batch;
  const auto images = random_images(network.input, batch, 7);
  const auto labels = random_labels(network.classes, batch, 8);
  const Options options{.batch = batch, .evaluation_batch = batch, .seed = 3, .replicate = 2};
  reference::Tensor pictures{.count = batch, .shape = network.input, .values = {}};
  pictures.values.assign(images.begin(), images.end());
  const reference::Pass expected =
      reference::run(network, reference::widen(values), pictures, labels, reference::Mode::training,
                     no_step_of_a_trial(options));

  std::vector<int> shown;
  Probe probe(network, options);
  const ProbeResult result =
      probe.run(values, images, labels, [&](int stage, std::span<const float> made) {
        const reference::Tensor& theirs = expected.outputs[static_cast<std::size_t>(stage)];
        ASSERT_THAT(made, SizeIs(theirs.values.size()));
        EXPECT_LT(largest_distance(made, theirs.values), 1e-4) << network.stages[shown.size()].path;
        shown.push_back(stage);
      });

  ASSERT_THAT(shown, SizeIs(network.stages.size()));
  for (std::size_t i = 0; i < shown.size(); ++i) EXPECT_EQ(shown[i], static_cast<int>(i));
  EXPECT_NEAR(result.loss, expected.loss, 1e-5);
  for (const BatchStatistics& batch_of : result.statistics) {
    const auto stage = static_cast<std::size_t>(batch_of.stage);
    EXPECT_LT(largest_distance(batch_of.mean, expected.batch_mean[stage]), 1e-4);
    EXPECT_LT(largest_distance(batch_of.variance, expected.batch_variance[stage]), 1e-3);
  }
  for (std::size_t i = 0; i < result.gradients.size(); ++i) {
    ASSERT_THAT(result.gradients[i], SizeIs(expected.gradients[i].size()));
    const double size = std::max(norm(expected.gradients[i]), 0.1);
    EXPECT_LT(largest_distance(result.gradients[i], expected.gradients[i]), 1e-3 * size)
        << network.parameters[i].name;
  }
}

TEST_P(ProbedNetwork, TrainsToTheSameBits) {
  const network::Network network = build(GetParam());
  const network::Values initial = lively_values(network, 5);
  const int batch = GetParam().batch;
  const Options options{.batch = batch, .evaluation_batch = batch, .seed = 3, .replicate = 2};
  const auto train = [&](bool is_probed) {
    Trainer trainer(network, initial, options);
    Probe probe(network, options);
    for (std::uint64_t step = 0; step < 4; ++step) {
      copy(random_images(network.input, batch, step), trainer.images());
      copy(random_labels(network.classes, batch, step), trainer.labels());
      trainer.step(0.05);
      if (is_probed) {
        probe.run(trainer.values(), random_images(network.input, batch, 90),
                  random_labels(network.classes, batch, 91), [](int, std::span<const float>) {});
      }
    }
    return trainer.values();
  };
  EXPECT_EQ(train(false), train(true));
}

TEST(Probe, ShowsTheSameTwice) {
  const network::Network network = build(kCases[3]);
  const network::Values values = lively_values(network, 5);
  const auto images = random_images(network.input, 4, 7);
  const auto labels = random_labels(network.classes, 4, 8);
  Probe probe(network, {.batch = 4});
  const auto look = [&] {
    std::vector<float> all;
    probe.run(values, images, labels, [&](int, std::span<const float> made) {
      all.insert(all.end(), made.begin(), made.end());
    });
    return all;
  };
  EXPECT_EQ(look(), look());
}

TEST(Probe, LetsNaNThroughToWhoLooks) {
  const network::Network network = build({"unit(8) gap fc(classes)", "conv tanh", kPictures, 2});
  network::Values values = lively_values(network, 5);
  values[0][0] = std::numeric_limits<float>::quiet_NaN();
  bool is_seen = false;
  Probe probe(network, {.batch = 2});
  const ProbeResult result =
      probe.run(values, random_images(kPictures, 2, 1), random_labels(10, 2, 2),
                [&](int, std::span<const float> made) {
                  is_seen = is_seen || std::any_of(made.begin(), made.end(),
                                                   [](float value) { return std::isnan(value); });
                });
  EXPECT_TRUE(is_seen);
  EXPECT_TRUE(std::isnan(result.loss));
}

INSTANTIATE_TEST_SUITE_P(Engine, ProbedNetwork, ::testing::ValuesIn(kCases));

}  // namespace
}  // namespace whichfirst::engine
