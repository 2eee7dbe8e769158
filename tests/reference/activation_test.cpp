#include <gmock/gmock.h>

#include <cmath>
#include <tuple>

#include "reference/gradient_check.h"
#include "reference/sample.h"
#include "reference/stages.h"

namespace whichfirst::reference {
namespace {

using network::Activation;
using network::ActivationKind;
using ::testing::DoubleEq;
using ::testing::DoubleNear;
using ::testing::ElementsAre;

constexpr Activation kAll[] = {{.kind = ActivationKind::relu},
                               {.kind = ActivationKind::leaky, .alpha = 0.01},
                               {.kind = ActivationKind::elu, .alpha = 0.7},
                               {.kind = ActivationKind::gelu},
                               {.kind = ActivationKind::silu},
                               {.kind = ActivationKind::tanh},
                               {.kind = ActivationKind::sigmoid},
                               {.kind = ActivationKind::softsign},
                               {.kind = ActivationKind::hardswish},
                               {.kind = ActivationKind::mish},
                               {.kind = ActivationKind::softplus},
                               {.kind = ActivationKind::sign}};

Tensor row(std::vector<double> values) {
  const int width = static_cast<int>(values.size());
  return one_picture(1, width, std::move(values));
}

std::vector<double> values_of(const Activation& activation, std::vector<double> src) {
  return activation_forward(activation, row(std::move(src))).values;
}

/// The gradients at `src` where that at each output is 2.
std::vector<double> doubled_slopes_of(const Activation& activation, std::vector<double> src) {
  const std::vector<double> twos(src.size(), 2.0);
  return activation_backward(activation, row(std::move(src)), row(twos)).values;
}

auto near(double x) { return DoubleNear(x, 1e-15); }

TEST(Activation, ReluKeepsPositiveNumbersAndZeroesTheRest) {
  const Activation relu{.kind = ActivationKind::relu};
  EXPECT_THAT(values_of(relu, {-2, -0.0, 0, 3, kInfinity, -kInfinity}),
              ElementsAre(0, 0, 0, 3, kInfinity, 0));
  EXPECT_THAT(doubled_slopes_of(relu, {-2, -0.0, 0, 3}), ElementsAre(0, 0, 0, 2));
}

TEST(Activation, LeakyHasItsSlopeFromZeroDownwards) {
  const Activation leaky{.kind = ActivationKind::leaky, .alpha = 0.25};
  EXPECT_THAT(values_of(leaky, {-2, 0, 3}), ElementsAre(-0.5, 0, 3));
  EXPECT_THAT(doubled_slopes_of(leaky, {-2, 0, 3}), ElementsAre(0.5, 0.5, 2));
}

TEST(Activation, PreluHasASlopeForEachChannel) {
  const Activation prelu{.kind = ActivationKind::prelu, .alpha = 0.25};
  const Tensor src{.count = 1, .shape = {2, 1, 2}, .values = {-2, 4, -4, -8}};
  const Tensor twos{.count = 1, .shape = {2, 1, 2}, .values = {2, 2, 2, 2}};
  const std::vector<double> slopes = {0.5, -1};
  EXPECT_THAT(activation_forward(prelu, src, slopes).values, ElementsAre(-1, 4, 4, 8));
  EXPECT_THAT(activation_backward(prelu, src, twos, slopes).values, ElementsAre(1, 2, -2, -2));
  EXPECT_THAT(slope_gradients(src, twos), ElementsAre(-4, -24));
}

TEST(Activation, EluEndsAtMinusItsScale) {
  const Activation elu{.kind = ActivationKind::elu, .alpha = 3};
  EXPECT_THAT(values_of(elu, {-std::log(2.0), 0, 3, -1000}), ElementsAre(near(-1.5), 0, 3, -3));
  EXPECT_THAT(doubled_slopes_of(elu, {-std::log(2.0), 0, 3, -1000}), ElementsAre(near(3), 6, 2, 0));
  // e^x - 1 of a tiny x is x, not 0.
  EXPECT_THAT(values_of(elu, {-1e-20}), ElementsAre(DoubleEq(-3e-20)));
}

// Of the normal distribution 0.8413447460685429 lies below 1; its density there is
// 0.24197072451914337 (tables of Abramowitz and Stegun, 26.1).
TEST(Activation, GeluWeighsByTheNormalDistribution) {
  const Activation gelu{.kind = ActivationKind::gelu};
  EXPECT_THAT(values_of(gelu, {0, 1, -1, 1000, -1000}),
              ElementsAre(0, near(0.8413447460685429), near(-0.15865525393145707), 1000, 0));
  EXPECT_THAT(doubled_slopes_of(gelu, {0, 1, 1000, -1000}),
              ElementsAre(1, near(2 * (0.8413447460685429 + 0.24197072451914337)), 2, 0));
}

// sigmoid(ln 3) is 3/4.
TEST(Activation, SigmoidAndSiluAreWrittenOutAtTheLogarithmOfThree) {
  const double x = std::log(3.0);
  const Activation sigmoid{.kind = ActivationKind::sigmoid};
  EXPECT_THAT(values_of(sigmoid, {0, x, -x, 1000, -1000}),
              ElementsAre(0.5, near(0.75), near(0.25), 1, 0));
  EXPECT_THAT(doubled_slopes_of(sigmoid, {0, x, -x, 1000, -1000}),
              ElementsAre(0.5, near(0.375), near(0.375), 0, 0));
  const Activation silu{.kind = ActivationKind::silu};
  EXPECT_THAT(values_of(silu, {0, x, -x, 1000, -1000}),
              ElementsAre(0, near(0.75 * x), near(-0.25 * x), 1000, 0));
  EXPECT_THAT(doubled_slopes_of(silu, {0, x, 1000, -1000}),
              ElementsAre(1, near(2 * (0.75 + x * 0.75 * 0.25)), 2, 0));
}

TEST(Activation, TanhIsOddAndSaturatesAtOne) {
  const Activation tanh{.kind = ActivationKind::tanh};
  // tanh(1/2) = (e - 1) / (e + 1)
  const double half = (std::exp(1.0) - 1) / (std::exp(1.0) + 1);
  EXPECT_THAT(values_of(tanh, {0, 0.5, -0.5, 1000, -kInfinity}),
              ElementsAre(0, near(half), near(-half), 1, -1));
  EXPECT_THAT(doubled_slopes_of(tanh, {0, 1000}), ElementsAre(2, 0));
}

TEST(Activation, SoftsignIsOddAndNearsOneSlowly) {
  const Activation softsign{.kind = ActivationKind::softsign};
  EXPECT_THAT(values_of(softsign, {0, 1, -3, 999}), ElementsAre(0, 0.5, -0.75, 0.999));
  EXPECT_THAT(doubled_slopes_of(softsign, {0, 1, -3}), ElementsAre(2, 0.5, 0.125));
}

TEST(Activation, HardswishIsZeroBelowMinusThreeAndTheNumberAboveThree) {
  const Activation hardswish{.kind = ActivationKind::hardswish};
  EXPECT_THAT(values_of(hardswish, {-4, -3, -1.5, 0, 1.5, 3, 4}),
              ElementsAre(0, 0, -0.375, 0, 1.125, 3, 4));
  EXPECT_THAT(doubled_slopes_of(hardswish, {-4, -3, -1.5, 0, 1.5, 3, 4}),
              ElementsAre(0, -1, 0, 1, 2, 2, 2));
}

// softplus(ln(e - 1)) is 1; softplus(0) is ln 2, whose tanh is 3/5.
TEST(Activation, SoftplusAndMishAreWrittenOutAndNeitherOverflowsNorVanishes) {
  const Activation softplus{.kind = ActivationKind::softplus};
  const double x = std::log(std::exp(1.0) - 1);
  EXPECT_THAT(values_of(softplus, {0, x, 1000, -40}),
              ElementsAre(near(std::log(2.0)), near(1), 1000, DoubleNear(std::exp(-40), 1e-30)));
  EXPECT_THAT(doubled_slopes_of(softplus, {0, 1000, -1000}), ElementsAre(1, 2, 0));
  const Activation mish{.kind = ActivationKind::mish};
  EXPECT_THAT(values_of(mish, {0, x, 1000, -1000}),
              ElementsAre(0, near(x * std::tanh(1)), 1000, 0));
  EXPECT_THAT(doubled_slopes_of(mish, {0, 1000, -1000}), ElementsAre(near(1.2), 2, 0));
}

TEST(Activation, SignIsPlusOneAtZeroAndPassesTheGradientBetweenMinusOneAndOne) {
  const Activation sign{.kind = ActivationKind::sign};
  EXPECT_THAT(values_of(sign, {-kInfinity, -0.1, -0.0, 0, 0.1, kInfinity}),
              ElementsAre(-1, -1, 1, 1, 1, 1));
  EXPECT_THAT(doubled_slopes_of(sign, {-1.01, -1, -0.3, 0, 1, 1.01}),
              ElementsAre(0, 2, 2, 2, 2, 0));
}

class EveryActivation : public ::testing::TestWithParam<Activation> {};

TEST_P(EveryActivation, NaNStaysNaN) {
  EXPECT_THAT(nan_mask(values_of(GetParam(), {1, kNaN, -1})), ElementsAre(false, true, false));
  const Tensor src = row({0.5, kNaN, -5});
  EXPECT_THAT(nan_mask(activation_backward(GetParam(), src, row({kNaN, 1, 2})).values),
              ElementsAre(true, true, false));
}

TEST_P(EveryActivation, RefusesAGradientOfAnotherShape) {
  EXPECT_THROW(activation_backward(GetParam(), row({1, 2}), row({1})), std::logic_error);
}

INSTANTIATE_TEST_SUITE_P(Kinds, EveryActivation, ::testing::ValuesIn(kAll));

class ActivationGradient : public ::testing::TestWithParam<std::tuple<Activation, Shape>> {};

// The numbers reach over (-5, 5) and stay 0.01 away from every kink.
TEST_P(ActivationGradient, IsThatOfCentralDifferences) {
  const Activation activation = std::get<0>(GetParam());
  const Shape shape = std::get<1>(GetParam());
  Tensor src = spaced_tensor(2, shape, 1);
  for (double& x : src.values) x *= 2.5;
  for (const double kink : kinks_of(activation.kind)) {
    for (const double x : src.values) ASSERT_GT(std::abs(x - kink), 0.01);
  }
  const Tensor ddst = normal_tensor(2, shape, 2);
  expect_gradient([&] { return inner(activation_forward(activation, src).values, ddst.values); },
                  src.values, activation_backward(activation, src, ddst).values, "src");
}

// Without sign, whose gradient is no limit of differences.
INSTANTIATE_TEST_SUITE_P(OddShapes, ActivationGradient,
                         ::testing::Combine(::testing::ValuesIn(kAll, kAll + std::size(kAll) - 1),
                                            ::testing::Values(picture(1, 1, 1), picture(1, 5, 7),
                                                              picture(10, 1, 1), vector_of(10))));

}  // namespace
}  // namespace whichfirst::reference
