#include <gmock/gmock.h>

#include <cmath>

#include "reference/gradient_check.h"
#include "reference/sample.h"
#include "reference/stages.h"

namespace whichfirst::reference {
namespace {

using network::AveragePool;
using network::MaxPool;
using ::testing::Each;
using ::testing::ElementsAre;

// By hand: 3x3 windows, stride 2, padding 1, on a picture without a positive number. The first
// window holds rows 0 1 and columns 0 1, the second rows 0 1 and columns 1 2 3, with four fives.
//
//   -1 -5 -5 -9
//   -2 -5 -5 -8         -1 -5
//   -7 -3 -4 -6   ->    -2 -2
//   -7 -3 -4 -2
Tensor negative_picture() {
  return one_picture(4, 4, {-1, -5, -5, -9, -2, -5, -5, -8, -7, -3, -4, -6, -7, -3, -4, -2});
}
constexpr MaxPool kPadded{.kernel = 3, .stride = 2, .padding = 1};

TEST(MaxPool, PaddedPixelsNeverWin) {
  const Tensor dst = max_pool_forward(kPadded, negative_picture());
  EXPECT_EQ(dst.shape, picture(1, 2, 2));
  EXPECT_THAT(dst.values, ElementsAre(-1, -5, -2, -2));
  EXPECT_THAT(max_pool_forward(kPadded, one_picture(1, 1, {-kInfinity})).values,
              ElementsAre(-kInfinity));
}

TEST(MaxPool, FirstOfEqualsGetsTheGradient) {
  const Tensor ddst = one_picture(2, 2, {10, 20, 30, 40});
  EXPECT_THAT(max_pool_backward(kPadded, negative_picture(), ddst).values,
              ElementsAre(10, 20, 0, 0,  //
                          30, 0, 0, 0,   //
                          0, 0, 0, 0,    //
                          0, 0, 0, 40));
}

TEST(MaxPool, PixelThatWinsSeveralWindowsGetsTheSum) {
  const MaxPool pool{.kernel = 2, .stride = 1, .padding = 0};
  const Tensor src = one_picture(2, 3, {0, 9, 0, 0, 0, 0});
  EXPECT_THAT(max_pool_backward(pool, src, one_picture(1, 2, {3, 4})).values,
              ElementsAre(0, 7, 0, 0, 0, 0));
}

TEST(MaxPool, LeavesOutWhatDoesNotFillAWindow) {
  const MaxPool pool{.kernel = 2, .stride = 2, .padding = 0};
  const Tensor src = one_picture(3, 3, {1, 2, 100, 3, 4, 100, 100, 100, 100});
  EXPECT_THAT(max_pool_forward(pool, src).values, ElementsAre(4));
}

TEST(MaxPool, NaNWinsWhereverItStandsAndTheFirstNaNGetsTheGradient) {
  const MaxPool pool{.kernel = 2, .stride = 2, .padding = 0};
  const Tensor src = one_picture(2, 6, {kNaN, 1, 1, kInfinity, 1, 2, 5, 6, 7, kNaN, 3, 4});
  EXPECT_THAT(nan_mask(max_pool_forward(pool, src).values), ElementsAre(true, true, false));
  const Tensor two = one_picture(2, 2, {1, kNaN, kNaN, 2});
  EXPECT_THAT(max_pool_backward(pool, two, one_picture(1, 1, {3})).values, ElementsAre(0, 3, 0, 0));
  EXPECT_THAT(nan_mask(max_pool_backward(pool, two, one_picture(1, 1, {kNaN})).values),
              ElementsAre(false, true, false, false));
}

TEST(MaxPool, CommutesWithReluBitForBitGradientsIncluded) {
  constexpr network::Activation kRelu{.kind = network::ActivationKind::relu};
  for (const MaxPool& pool : {MaxPool{2, 2, 0}, MaxPool{3, 2, 1}, MaxPool{2, 1, 1}}) {
    Tensor src = normal_tensor(3, picture(10, 5, 7), 1);
    // Whole numbers and a bit of both zeros: windows full of ties.
    for (double& x : src.values) x = std::round(x);
    const Tensor relu_first = max_pool_forward(pool, activation_forward(kRelu, src));
    const Tensor pool_first = activation_forward(kRelu, max_pool_forward(pool, src));
    EXPECT_EQ(relu_first, pool_first);
    const Tensor ddst = normal_tensor(3, relu_first.shape, 2);
    EXPECT_EQ(activation_backward(kRelu, src,
                                  max_pool_backward(pool, activation_forward(kRelu, src), ddst)),
              max_pool_backward(pool, src,
                                activation_backward(kRelu, max_pool_forward(pool, src), ddst)));
  }
}

TEST(MaxPool, CommutesWithBatchNormInEvaluationOnlyWhereTheScaleIsNotNegative) {
  const network::BatchNorm bn;
  const Tensor src = normal_tensor(2, picture(3, 6, 6), 1);
  const ChannelStatistics running{.mean = {0.1, -0.2, 0.3}, .variance = {0.5, 2, 1}};
  const std::vector<double> scale = {1.5, 0, -0.7};
  const std::vector<double> offset = {-1, 2, 0.5};
  const auto normalise = [&](const Tensor& x) {
    return batch_norm_forward(bn, x, running, scale, offset);
  };
  const auto negated = [](Tensor x) {
    for (double& value : x.values) value = -value;
    return x;
  };
  const MaxPool pool;
  const Tensor bn_first = max_pool_forward(pool, normalise(src));
  const Tensor pool_first = normalise(max_pool_forward(pool, src));
  const Tensor min_pool_first = normalise(negated(max_pool_forward(pool, negated(src))));
  for (int n = 0; n < 2; ++n) {
    for (int h = 0; h < 3; ++h) {
      for (int w = 0; w < 3; ++w) {
        EXPECT_EQ(bn_first.at(n, 0, h, w), pool_first.at(n, 0, h, w));
        EXPECT_EQ(bn_first.at(n, 1, h, w), pool_first.at(n, 1, h, w));
        EXPECT_GT(bn_first.at(n, 2, h, w), pool_first.at(n, 2, h, w));
        EXPECT_EQ(bn_first.at(n, 2, h, w), min_pool_first.at(n, 2, h, w));
      }
    }
  }
}

// By hand: 3x3 windows, stride 2, padding 1. The corner windows hold 4, 4 and 2, 2 pixels.
//
//   1  2  3  4         (1+2+5+6)/4  (2+3+4+6+7+8)/6         3.5   5
//   5  6  7  8         (5+6+9+10)/4 (6+7+8+10+11+12)/6  ->  7.5   9
//   9 10 11 12
constexpr AveragePool kPaddedMean{.kernel = 3, .stride = 2, .padding = 1};

TEST(AveragePool, DividesByThePixelsThatTheWindowHasOfThePicture) {
  const Tensor src = one_picture(3, 4, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
  const Tensor dst = average_pool_forward(kPaddedMean, src);
  EXPECT_EQ(dst.shape, picture(1, 2, 2));
  EXPECT_THAT(dst.values, ElementsAre(3.5, 5, 7.5, 9));
}

TEST(AveragePool, SharesEachWindowsGradientOutAmongItsPixels) {
  const Tensor ddst = one_picture(2, 2, {4, 6, 40, 60});
  const Tensor dsrc = average_pool_backward(kPaddedMean, picture(1, 3, 4), ddst);
  EXPECT_THAT(dsrc.values, ElementsAre(1, 1 + 1, 1, 1,                       //
                                       1 + 10, 1 + 1 + 10 + 10, 1 + 10, 11,  //
                                       10, 10 + 10, 10, 10));
}

TEST(AveragePool, LeavesOutWhatDoesNotFillAWindowAndKeepsAConstantPicture) {
  const AveragePool pool{.kernel = 2, .stride = 2, .padding = 0};
  const Tensor src = one_picture(3, 3, {1, 2, 100, 3, 4, 100, 100, 100, 100});
  EXPECT_THAT(average_pool_forward(pool, src).values, ElementsAre(2.5));
  Tensor constant = zeros(2, picture(3, 5, 7));
  for (double& x : constant.values) x = 7;
  EXPECT_THAT(average_pool_forward(kPaddedMean, constant).values, Each(7));
}

TEST(AveragePool, NaNReachesTheWindowsThatHoldIt) {
  const AveragePool pool{.kernel = 2, .stride = 1, .padding = 0};
  const Tensor src = one_picture(2, 4, {1, kNaN, 3, 4, 5, 6, 7, 8});
  EXPECT_THAT(nan_mask(average_pool_forward(pool, src).values), ElementsAre(true, true, false));
  const Tensor dsrc = average_pool_backward(pool, src.shape, one_picture(1, 3, {1, 2, kNaN}));
  EXPECT_THAT(nan_mask(dsrc.values),
              ElementsAre(false, false, true, true, false, false, true, true));
}

TEST(AveragePool, RefusesAWindowThatHoldsNothingOrDoesNotFit) {
  EXPECT_THROW(
      average_pool_forward({.kernel = 1, .stride = 1, .padding = 1}, one_picture(1, 1, {1})),
      std::logic_error);
  EXPECT_THROW(
      average_pool_forward({.kernel = 2, .stride = 1, .padding = 0}, one_picture(1, 1, {1})),
      std::logic_error);
  EXPECT_THROW(average_pool_backward(kPaddedMean, picture(1, 3, 4), one_picture(1, 1, {1})),
               std::logic_error);
}

struct Case {
  int kernel, stride, padding, count;
  Shape input;
};

class PoolGradient : public ::testing::TestWithParam<Case> {};

TEST_P(PoolGradient, OfTheMaximumIsThatOfCentralDifferences) {
  const auto& [kernel, stride, padding, count, input] = GetParam();
  const MaxPool pool{kernel, stride, padding};
  Tensor src = spaced_tensor(count, input, 1);
  Tensor ddst = max_pool_forward(pool, src);
  ddst.values = normal_array(ddst.values.size(), 2);
  expect_gradient([&] { return inner(max_pool_forward(pool, src).values, ddst.values); },
                  src.values, max_pool_backward(pool, src, ddst).values, "src");
}

TEST_P(PoolGradient, OfTheMeanIsThatOfCentralDifferences) {
  const auto& [kernel, stride, padding, count, input] = GetParam();
  const AveragePool pool{kernel, stride, padding};
  Tensor src = normal_tensor(count, input, 1);
  Tensor ddst = average_pool_forward(pool, src);
  ddst.values = normal_array(ddst.values.size(), 2);
  expect_gradient([&] { return inner(average_pool_forward(pool, src).values, ddst.values); },
                  src.values, average_pool_backward(pool, src.shape, ddst).values, "src");
}

INSTANTIATE_TEST_SUITE_P(OddShapes, PoolGradient,
                         ::testing::Values(Case{2, 2, 0, 2, {3, 5, 7}},
                                           Case{3, 2, 1, 1, {10, 5, 7}},
                                           Case{5, 1, 2, 1, {1, 5, 7}}, Case{1, 1, 0, 2, {1, 1, 1}},
                                           Case{3, 3, 1, 1, {1, 1, 1}},
                                           Case{2, 1, 1, 1, {2, 1, 7}}));

TEST(GlobalAveragePool, IsTheMeanOfEachChannelOfEachImage) {
  const Tensor src{
      .count = 2, .shape = picture(2, 1, 2), .values = {1, 3, 10, 30, 100, 300, -1, -3}};
  const Tensor dst = global_average_pool_forward(src);
  EXPECT_EQ(dst.shape, vector_of(2));
  EXPECT_THAT(dst.values, ElementsAre(2, 20, 200, -2));
}

TEST(GlobalAveragePool, SharesTheGradientOut) {
  const Tensor ddst{.count = 1, .shape = vector_of(2), .values = {8, 4}};
  const Tensor dsrc = global_average_pool_backward(picture(2, 2, 2), ddst);
  EXPECT_EQ(dsrc.shape, picture(2, 2, 2));
  EXPECT_THAT(dsrc.values, ElementsAre(2, 2, 2, 2, 1, 1, 1, 1));
}

TEST(GlobalAveragePool, NaNReachesItsOwnMeanAndNoOther) {
  const Tensor src{.count = 1, .shape = picture(2, 1, 2), .values = {1, kNaN, 3, 4}};
  EXPECT_THAT(nan_mask(global_average_pool_forward(src).values), ElementsAre(true, false));
  const Tensor ddst{.count = 1, .shape = vector_of(2), .values = {kNaN, 1}};
  EXPECT_THAT(nan_mask(global_average_pool_backward(src.shape, ddst).values),
              ElementsAre(true, true, false, false));
}

TEST(GlobalAveragePool, GradientIsThatOfCentralDifferences) {
  for (const Shape& shape : {picture(1, 1, 1), picture(10, 5, 7)}) {
    Tensor src = normal_tensor(2, shape, 1);
    const Tensor ddst = normal_tensor(2, vector_of(shape.channels), 2);
    expect_gradient([&] { return inner(global_average_pool_forward(src).values, ddst.values); },
                    src.values, global_average_pool_backward(shape, ddst).values, "src");
  }
}

}  // namespace
}  // namespace whichfirst::reference
