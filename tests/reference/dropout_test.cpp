#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

#include "reference/sample.h"
#include "reference/stages.h"

namespace whichfirst::reference {
namespace {

using network::Dropout;
using network::Network;
using ::testing::Each;

constexpr RandomKey kKey{.seed = 3, .replicate = 2, .stream = Stream::dropout, .role = 1};
constexpr Dropout kQuarter{.rate = 0.25};

Tensor ones(int count, const Shape& shape) {
  Tensor tensor = zeros(count, shape);
  for (double& x : tensor.values) x = 1;
  return tensor;
}

TEST(Dropout, ZeroesWhereTheCoinOfThePlaceShowsHeadsAndDividesTheRest) {
  const Tensor src = normal_tensor(3, picture(2, 3, 5), 1);
  const Tensor dst = dropout(kQuarter, src, kKey, Mode::training);
  int dropped = 0;
  for (std::size_t i = 0; i < src.values.size(); ++i) {
    // Coin by coin: the definition does not say how many are tossed at once.
    std::uint8_t heads = 0;
    toss_coins(kKey, 0.25, i, {&heads, 1});
    EXPECT_EQ(dst.values[i], heads == 1 ? 0 : src.values[i] / 0.75) << i;
    dropped += heads;
  }
  EXPECT_GT(dropped, 0);
  EXPECT_LT(dropped, 90);
}

TEST(Dropout, BackwardDropsTheSameNumbers) {
  const Tensor two = ones(2, vector_of(40));
  EXPECT_EQ(dropout(kQuarter, two, kKey, Mode::training),
            dropout(kQuarter, two, kKey, Mode::training));
}

TEST(Dropout, DoesNothingInEvaluationNorAtRateZero) {
  const Tensor src = normal_tensor(2, vector_of(10), 1);
  EXPECT_EQ(dropout({.rate = 0.9}, src, kKey, Mode::evaluation), src);
  EXPECT_EQ(dropout({.rate = 0.9}, src, kKey, Mode::evaluation), src);
  EXPECT_EQ(dropout({.rate = 0}, src, kKey, Mode::training), src);
}

// 100,000 coins: the share dropped has a standard deviation of 0.0014.
TEST(Dropout, KeepsTheMean) {
  const Tensor dst = dropout(kQuarter, ones(100, picture(10, 10, 10)), kKey, Mode::training);
  double sum = 0;
  for (const double x : dst.values) sum += x;
  EXPECT_NEAR(sum / 1e5, 1, 0.008);
}

TEST(Dropout, KeepsNaNWhereItDropsNothing) {
  const Tensor kept = dropout(kQuarter, ones(1, vector_of(50)), kKey, Mode::training);
  Tensor src = ones(1, vector_of(50));
  for (double& x : src.values) x = kNaN;
  const Tensor dst = dropout(kQuarter, src, kKey, Mode::training);
  for (std::size_t i = 0; i < 50; ++i) EXPECT_EQ(std::isnan(dst.values[i]), kept.values[i] != 0);
}

TEST(Dropout, RefusesToDropEverything) {
  EXPECT_THROW(dropout({.rate = 1}, ones(1, vector_of(2)), kKey, Mode::training), std::logic_error);
}

TEST(Dropout, DrawsAnewForEveryStageStepReplicateAndSeedAndTheSameForTheSame) {
  const Network network = make_network("flatten drop(0.5) drop(0.5) fc(classes)", picture(1, 8, 8));
  const Arrays values = random_values(network, 1);
  const Tensor images = ones(2, network.input);
  const auto dropped = [&](const network::DropoutStep& step) {
    const ForwardPass pass = run_forward(network, values, images, Mode::training, step);
    EXPECT_EQ(pass.outputs[1],
              dropout({.rate = 0.5}, pass.outputs[0], network::dropout_key(network.stages[1], step),
                      Mode::training));
    const auto& last = pass.outputs[2].values;
    EXPECT_NE(std::count(last.begin(), last.end(), 0.0),
              std::count(pass.outputs[1].values.begin(), pass.outputs[1].values.end(), 0.0));
    return pass.outputs[1].values;
  };
  const auto first = dropped({.seed = 1, .replicate = 1, .step = 1});
  EXPECT_EQ(first, dropped({.seed = 1, .replicate = 1, .step = 1}));
  EXPECT_NE(first, dropped({.seed = 2, .replicate = 1, .step = 1}));
  EXPECT_NE(first, dropped({.seed = 1, .replicate = 2, .step = 1}));
  EXPECT_NE(first, dropped({.seed = 1, .replicate = 1, .step = 2}));
  EXPECT_THAT(run_forward(network, values, images, Mode::evaluation).outputs[2].values, Each(1));
}

}  // namespace
}  // namespace whichfirst::reference
