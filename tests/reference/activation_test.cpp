#include "reference/activation.h"

#include <gmock/gmock.h>

#include <cmath>

#include "reference/gradient_check.h"
#include "reference/sample.h"

namespace whichfirst::reference {
namespace {

using ::testing::DoubleEq;
using ::testing::ElementsAre;

TEST(Relu, KeepsPositiveNumbersAndZeroesTheRest) {
  const Tensor dst = relu_forward(one_picture(1, 6, {-2, -0.0, 0, 3, kInfinity, -kInfinity}));
  EXPECT_THAT(dst.values, ElementsAre(0, 0, 0, 3, kInfinity, 0));
}

TEST(Relu, GradientAtZeroIsZero) {
  const Tensor src = one_picture(1, 4, {-2, -0.0, 0, 3});
  EXPECT_THAT(relu_backward(src, one_picture(1, 4, {5, 6, 7, 8})).values, ElementsAre(0, 0, 0, 8));
}

TEST(Relu, NaNStaysNaN) {
  const Tensor src = one_picture(1, 3, {1, kNaN, -1});
  EXPECT_THAT(nan_mask(relu_forward(src).values), ElementsAre(false, true, false));
  const Tensor ddst = one_picture(1, 3, {kNaN, kNaN, 2});
  EXPECT_THAT(nan_mask(relu_backward(src, ddst).values), ElementsAre(true, true, false));
}

TEST(Tanh, IsOddAndSaturatesAtOne) {
  const Tensor dst = tanh_forward(one_picture(1, 5, {0, 0.5, -0.5, 1000, -kInfinity}));
  // tanh(1/2) = (e - 1) / (e + 1)
  const double e = std::exp(1.0);
  const double half = (e - 1) / (e + 1);
  EXPECT_THAT(dst.values, ElementsAre(0, DoubleEq(half), DoubleEq(-half), 1, -1));
}

TEST(Tanh, GradientIsOneAtZeroAndNoneInSaturation) {
  const Tensor src = one_picture(1, 2, {0, 1000});
  EXPECT_THAT(tanh_backward(src, one_picture(1, 2, {3, 3})).values, ElementsAre(3, 0));
}

TEST(Tanh, NaNStaysNaN) {
  const Tensor src = one_picture(1, 3, {1, kNaN, -1});
  EXPECT_THAT(nan_mask(tanh_forward(src).values), ElementsAre(false, true, false));
  const Tensor ddst = one_picture(1, 3, {kNaN, 1, 2});
  EXPECT_THAT(nan_mask(tanh_backward(src, ddst).values), ElementsAre(true, true, false));
}

class ActivationGradient : public ::testing::TestWithParam<Shape> {};

TEST_P(ActivationGradient, IsThatOfCentralDifferences) {
  Tensor src = spaced_tensor(2, GetParam(), 1);
  const Tensor ddst = normal_tensor(2, GetParam(), 2);
  expect_gradient([&] { return inner(relu_forward(src).values, ddst.values); }, src.values,
                  relu_backward(src, ddst).values, "relu");
  expect_gradient([&] { return inner(tanh_forward(src).values, ddst.values); }, src.values,
                  tanh_backward(src, ddst).values, "tanh");
}

INSTANTIATE_TEST_SUITE_P(OddShapes, ActivationGradient,
                         ::testing::Values(picture(1, 1, 1), picture(1, 5, 7), picture(10, 1, 1),
                                           vector_of(10)));

}  // namespace
}  // namespace whichfirst::reference
