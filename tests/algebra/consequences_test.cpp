#include "algebra/consequences.h"

#include <gmock/gmock.h>

#include <string>

#include "notation/parse.h"

namespace whichfirst::algebra {
namespace {

using network::Network;

Network build(const std::string& order, const std::string& body = "2*unit(8) gap fc(10)",
              const Shape& input = {.channels = 8, .height = 32, .width = 32}) {
  return network::build({.body = notation::parse(body, notation::Context::body),
                         .order = notation::parse(order, notation::Context::order),
                         .input = input,
                         .classes = 10});
}

int thresholds(const std::string& order) { return count_thresholds(build(order)).some; }

TEST(Consequences, CountThresholdsThatSomethingTrains) {
  EXPECT_EQ(thresholds("conv bn relu"), 2);
  EXPECT_EQ(thresholds("conv(bias=on) bn(affine=off) relu"), 0) << "bn takes the bias away";
  EXPECT_EQ(thresholds("conv relu bn(affine=off)"), 2);
  EXPECT_EQ(thresholds("conv(bias=off) relu bn"), 0);
  EXPECT_EQ(thresholds("conv maxpool relu"), 2);
  EXPECT_EQ(thresholds("relu conv(bias=off)"), 0) << "nothing stands before the first";
  EXPECT_EQ(count_thresholds(build("conv bn")).all, 0);
}

// Shares of 3x3 windows with padding 1 that leave the picture: 1 - ((n - 2) / n)^2.
TEST(Consequences, BorderSharesAreThoseOfTheClosedForm) {
  const network::Conv conv{.kernel = 3, .stride = 1, .padding = 1};
  for (const auto& [side, percent] : {std::pair(32, 12.1),
                                      {28, 13.8},
                                      {16, 23.4},
                                      {14, 26.5},
                                      {8, 43.8},
                                      {7, 49.0},
                                      {4, 75.0},
                                      {2, 100.0},
                                      {1, 100.0}}) {
    const Shape shape{.channels = 1, .height = side, .width = side};
    EXPECT_NEAR(100 * border_share(conv, shape, shape), percent, 0.05) << side;
  }
  EXPECT_EQ(border_share({.kernel = 3, .stride = 1, .padding = 0}, {1, 5, 5}, {1, 3, 3}), 0);
  // 4 wide, stride 2: windows begin at -1 and 1, so that one of two is inside, both ways.
  EXPECT_EQ(border_share({.kernel = 3, .stride = 2, .padding = 1}, {1, 4, 4}, {1, 2, 2}), 0.75);
}

TEST(Consequences, FoldBnIntoTheWeightsThatTakeItExactly) {
  const Folding before = fold_normalisers(build("conv bn relu"));
  EXPECT_EQ(before.into_weights_before, 2);
  EXPECT_EQ(before.with_border_bias, 0);
  const Folding behind = fold_normalisers(build("conv relu bn"));
  EXPECT_EQ(behind.into_weights_behind, 1) << "gap fc reads the last";
  EXPECT_EQ(behind.with_border_bias, 1);
  EXPECT_NEAR(behind.border_share, 1 - 30.0 * 30 / (32 * 32), 1e-12);
  EXPECT_EQ(fold_normalisers(build("conv relu bn maxpool")).behind_max_pool, 2);
  EXPECT_EQ(fold_normalisers(build("res(conv relu bn)")).not_foldable, 2);
  EXPECT_EQ(fold_normalisers(build("conv drop(0.1) bn relu")).into_weights_before, 2);
}

TEST(Consequences, CountNumbersThatCouldGo) {
  EXPECT_EQ(count_redundant_numbers(build("conv bn relu")), 16) << "the scales";
  EXPECT_EQ(count_redundant_numbers(build("conv bn tanh")), 0);
  EXPECT_EQ(count_redundant_numbers(build("conv(bias=on) bn tanh")), 16) << "the biases";
  EXPECT_EQ(count_redundant_numbers(build("conv relu bn")), 8 + 16)
      << "of the first the scale, padding keeps the offset; of the last both";
  EXPECT_EQ(count_redundant_numbers(build("conv relu bn(affine=off)")), 0);
  EXPECT_EQ(count_redundant_numbers(build("conv(k=1) relu bn")), 16 + 16);
  EXPECT_EQ(count_redundant_numbers(build("conv(k=1, bias=off) relu bn")), 8 + 16)
      << "weights without a bias do not take the first offset over, the classifier has one";
  EXPECT_EQ(count_redundant_numbers(build("bn conv(k=1)")), 16 + 16);
  EXPECT_EQ(count_redundant_numbers(build("conv(k=1) bn conv(k=1, bias=off) in tanh")), 2 * 16)
      << "in subtracts what the weights make of the offset";
}

TEST(Consequences, CountWeightsWhoseScaleBnUndoes) {
  EXPECT_EQ(count_scale_invariant(build("conv bn tanh")).some, 2);
  EXPECT_EQ(count_scale_invariant(build("conv relu bn")).some, 2);
  EXPECT_EQ(count_scale_invariant(build("conv tanh bn")).some, 0);
  EXPECT_EQ(count_scale_invariant(build("conv tanh bn")).all, 3);
}

// Li et al. 2019 by closed form: 1 + (1 - q) / q * r, with r = 1 / (1 - 1 / pi) for relu of a
// normal.
TEST(Consequences, ExpectTheVarianceShiftOfDropout) {
  const auto shift = [](const std::string& order) { return largest_variance_shift(build(order)); };
  EXPECT_FALSE(shift("conv bn relu"));
  EXPECT_FALSE(shift("conv relu drop(0.5)"));
  EXPECT_NEAR(shift("conv bn relu drop(0.5)")->ratio, 2.467, 5e-4) << "through the next weights";
  EXPECT_NEAR(shift("conv relu bn drop(0.5) conv bn")->ratio, 2.0, 1e-12);
  EXPECT_NEAR(shift("conv bn relu drop(0.1)")->ratio, 1.163, 5e-4);
  EXPECT_NEAR(shift("conv drop(0.2) bn relu")->ratio, 1.25, 1e-12);
  EXPECT_TRUE(shift("conv drop(0.2) bn relu")->is_least);
  EXPECT_EQ(shift("conv drop(0) bn relu")->ratio, 1);
}

}  // namespace
}  // namespace whichfirst::algebra
