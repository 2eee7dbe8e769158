#include <gmock/gmock.h>

#include <tuple>

#include "reference/gradient_check.h"
#include "reference/sample.h"
#include "reference/stages.h"

namespace whichfirst::reference {
namespace {

using network::BatchNorm;
using ::testing::DoubleNear;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Pointwise;

/// In training mode, without the running statistics.
Tensor normalise(const BatchNorm& bn, const Tensor& src, std::span<const double> scale = {},
                 std::span<const double> offset = {}) {
  return batch_norm_forward(bn, src, batch_statistics(src), scale, offset);
}

constexpr BatchNorm kPlain{.affine = false, .eps = 1e-5, .momentum = 0.1};

// By hand: one channel of two 1x2 pictures, 1 2 | 3 6. Mean 3, variance (4 + 1 + 0 + 9) / 4 = 3.5,
// unbiased 14 / 3. With eps 0.5 the deviation is 2 and xhat is -1 -0.5 0 1.5.
Tensor four_numbers() { return {.count = 2, .shape = picture(1, 1, 2), .values = {1, 2, 3, 6}}; }
constexpr BatchNorm kByHand{.affine = true, .eps = 0.5, .momentum = 0.25};

TEST(BatchNorm, NormalisesByPopulationVarianceOverBatchAndPixels) {
  const ChannelStatistics batch = batch_statistics(four_numbers());
  EXPECT_THAT(batch.mean, ElementsAre(3));
  EXPECT_THAT(batch.variance, ElementsAre(3.5));
  EXPECT_THAT(normalise(kByHand, four_numbers(), {{2}}, {{10}}).values, ElementsAre(8, 9, 10, 13));
}

TEST(BatchNorm, NormalisesByTheRunningStatisticsInEvaluation) {
  const ChannelStatistics running{.mean = {1}, .variance = {3.5}};
  EXPECT_THAT(batch_norm_forward(kByHand, four_numbers(), running, {{2}}, {{10}}).values,
              ElementsAre(10, 11, 12, 15));
}

TEST(BatchNorm, MovesTheRunningStatisticsByMomentumToTheUnbiasedVariance) {
  const ChannelStatistics running{.mean = {0}, .variance = {1}};
  const auto moved = move_running_statistics(kByHand, running, batch_statistics(four_numbers()), 4);
  EXPECT_THAT(moved.mean, ElementsAre(0.75));
  EXPECT_THAT(moved.variance, ElementsAre(DoubleNear(0.75 + 0.25 * 14 / 3, 1e-15)));
}

TEST(BatchNorm, HasNoUnbiasedVarianceOfOneValue) {
  const ChannelStatistics one{.mean = {0}, .variance = {0}};
  EXPECT_THROW(move_running_statistics(kByHand, one, one, 1), std::logic_error);
}

// ddst = 1 0 0 0: its mean is 1/4, that of its product with xhat -1/4, scale / deviation is 1.
TEST(BatchNorm, SubtractsWhatTheBatchHasInCommonFromTheGradientInTraining) {
  const Tensor ddst{.count = 2, .shape = picture(1, 1, 2), .values = {1, 0, 0, 0}};
  const auto gradients = batch_norm_backward(
      kByHand, four_numbers(), batch_statistics(four_numbers()), {{2}}, ddst, Mode::training);
  EXPECT_THAT(gradients.dsrc.values, ElementsAre(0.5, -0.375, -0.25, 0.125));
  EXPECT_THAT(gradients.dscale, ElementsAre(-1));
  EXPECT_THAT(gradients.doffset, ElementsAre(1));
}

TEST(BatchNorm, OnlyScalesTheGradientInEvaluation) {
  const Tensor ddst{.count = 2, .shape = picture(1, 1, 2), .values = {1, 0, 0, -5}};
  const ChannelStatistics running{.mean = {1}, .variance = {3.5}};
  const auto gradients =
      batch_norm_backward(kByHand, four_numbers(), running, {{4}}, ddst, Mode::evaluation);
  EXPECT_THAT(gradients.dsrc.values, ElementsAre(2, 0, 0, -10));
  EXPECT_THAT(gradients.dscale, ElementsAre(-12.5));  // xhat is 0 0.5 1 2.5
  EXPECT_THAT(gradients.doffset, ElementsAre(-4));
}

TEST(BatchNorm, HasVarianceTwoThirdsAlsoAtAMeanOfAHundredMillion) {
  const Tensor src{.count = 3, .shape = vector_of(1), .values = {1e8 + 1, 1e8 + 2, 1e8 + 3}};
  EXPECT_THAT(batch_statistics(src).mean, ElementsAre(1e8 + 2));
  EXPECT_THAT(batch_statistics(src).variance, ElementsAre(2.0 / 3));
}

TEST(BatchNorm, TurnsAConstantChannelIntoItsOffset) {
  const Tensor src{.count = 4, .shape = vector_of(1), .values = {-3, -3, -3, -3}};
  EXPECT_THAT(normalise({}, src, {{2}}, {{0.5}}).values, Each(0.5));
}

TEST(BatchNorm, KeepsChannelsApart) {
  Tensor src = normal_tensor(3, picture(2, 2, 2), 1);
  const Tensor before = normalise(kPlain, src);
  for (int n = 0; n < 3; ++n) src.at(n, 1, 0, 0) += 5;
  const Tensor after = normalise(kPlain, src);
  for (int n = 0; n < 3; ++n) {
    EXPECT_EQ(before.at(n, 0, 1, 1), after.at(n, 0, 1, 1));
    EXPECT_NE(before.at(n, 1, 1, 1), after.at(n, 1, 1, 1));
  }
}

TEST(BatchNorm, NaNSpoilsItsWholeChannelInTrainingAndOneNumberInEvaluation) {
  const Tensor src{.count = 3, .shape = vector_of(2), .values = {1, 2, kNaN, 4, 5, 6}};
  EXPECT_THAT(nan_mask(batch_statistics(src).mean), ElementsAre(true, false));
  EXPECT_THAT(nan_mask(batch_statistics(src).variance), ElementsAre(true, false));
  EXPECT_THAT(nan_mask(normalise(kPlain, src).values),
              ElementsAre(true, false, true, false, true, false));
  const ChannelStatistics running{.mean = {0, 0}, .variance = {1, 1}};
  EXPECT_THAT(nan_mask(batch_norm_forward(kPlain, src, running, {}, {}).values),
              ElementsAre(false, false, true, false, false, false));
}

TEST(BatchNorm, NaNGradientSpoilsItsWholeChannelInTrainingAndOneNumberInEvaluation) {
  const Tensor src = normal_tensor(3, vector_of(2), 1);
  const Tensor ddst{.count = 3, .shape = vector_of(2), .values = {1, 2, kNaN, 4, 5, 6}};
  const std::vector<double> scale = {1, 1};
  const auto in = [&](Mode mode) {
    return batch_norm_backward({}, src, batch_statistics(src), scale, ddst, mode);
  };
  EXPECT_THAT(nan_mask(in(Mode::training).dsrc.values),
              ElementsAre(true, false, true, false, true, false));
  EXPECT_THAT(nan_mask(in(Mode::evaluation).dsrc.values),
              ElementsAre(false, false, true, false, false, false));
  EXPECT_THAT(nan_mask(in(Mode::evaluation).dscale), ElementsAre(true, false));
  EXPECT_THAT(nan_mask(in(Mode::evaluation).doffset), ElementsAre(true, false));
}

TEST(BatchNorm, IsIdempotentUpToEps) {
  const BatchNorm bn{.affine = false, .eps = 1e-12, .momentum = 0.1};
  const Tensor once = normalise(bn, normal_tensor(4, picture(3, 3, 5), 1));
  EXPECT_THAT(normalise(bn, once).values, Pointwise(DoubleNear(1e-11), once.values));
}

// The loss does not change when the batch moves or stretches as a whole.
TEST(BatchNorm, GradientInTrainingIsOrthogonalToShiftsAndStretchesOfTheBatch) {
  const BatchNorm bn{.affine = true, .eps = 1e-14, .momentum = 0.1};
  const Tensor src = normal_tensor(4, picture(3, 3, 5), 1);
  const std::vector<double> scale = {0.5, -2, 0};
  const Tensor ddst = normal_tensor(4, src.shape, 2);
  const auto statistics = batch_statistics(src);
  const Tensor xhat = normalise({.affine = false, .eps = bn.eps, .momentum = 0.1}, src);
  const Tensor dsrc = batch_norm_backward(bn, src, statistics, scale, ddst, Mode::training).dsrc;
  for (int c = 0; c < 3; ++c) {
    double sum = 0;
    double sum_with_xhat = 0;
    for (int n = 0; n < 4; ++n) {
      for (int h = 0; h < 3; ++h) {
        for (int w = 0; w < 5; ++w) {
          sum += dsrc.at(n, c, h, w);
          sum_with_xhat += xhat.at(n, c, h, w) * dsrc.at(n, c, h, w);
        }
      }
    }
    EXPECT_NEAR(sum, 0, 1e-13) << c;
    EXPECT_NEAR(sum_with_xhat, 0, 1e-12) << c;
  }
}

struct Case {
  BatchNorm bn;
  int count;
  Shape input;
};

class BatchNormGradient : public ::testing::TestWithParam<std::tuple<Case, Mode>> {};

TEST_P(BatchNormGradient, IsThatOfCentralDifferences) {
  const Case& parameters = std::get<0>(GetParam());
  const Mode mode = std::get<1>(GetParam());
  const BatchNorm& bn = parameters.bn;
  Tensor src = normal_tensor(parameters.count, parameters.input, 1);
  const auto channels = static_cast<std::size_t>(parameters.input.channels);
  std::vector<double> scale = normal_array(bn.affine ? channels : 0, 2);
  std::vector<double> offset = normal_array(scale.size(), 3);
  const ChannelStatistics running{.mean = normal_array(channels, 4),
                                  .variance = std::vector<double>(channels, 0.7)};
  const Tensor ddst = normal_tensor(parameters.count, parameters.input, 5);
  const auto statistics = [&] { return mode == Mode::training ? batch_statistics(src) : running; };
  const auto objective = [&] {
    return inner(batch_norm_forward(bn, src, statistics(), scale, offset).values, ddst.values);
  };
  const auto gradients = batch_norm_backward(bn, src, statistics(), scale, ddst, mode);
  expect_gradient(objective, src.values, gradients.dsrc.values, "src");
  expect_gradient(objective, scale, gradients.dscale, "scale");
  expect_gradient(objective, offset, gradients.doffset, "offset");
}

INSTANTIATE_TEST_SUITE_P(
    OddShapes, BatchNormGradient,
    ::testing::Combine(
        ::testing::Values(Case{{.affine = true, .eps = 1e-5, .momentum = 0.1}, 2, {3, 5, 7}},
                          Case{{.affine = false, .eps = 1e-5, .momentum = 0.1}, 1, {2, 5, 7}},
                          Case{{.affine = true, .eps = 0.1, .momentum = 0.1}, 4, {10, 1, 1}},
                          Case{{.affine = true, .eps = 1e-5, .momentum = 0.1}, 5, vector_of(10)},
                          Case{{.affine = false, .eps = 1e-5, .momentum = 0.1}, 5, vector_of(3)}),
        ::testing::Values(Mode::training, Mode::evaluation)));

}  // namespace
}  // namespace whichfirst::reference
