#include <gmock/gmock.h>

#include <cmath>

#include "reference/gradient_check.h"
#include "reference/sample.h"
#include "reference/stages.h"

namespace whichfirst::reference {
namespace {

using ::testing::DoubleNear;
using ::testing::Each;
using ::testing::ElementsAre;

Tensor logits(int count, int classes, std::vector<double> values) {
  return {.count = count, .shape = vector_of(classes), .values = std::move(values)};
}

constexpr std::int32_t kZero[] = {0};
constexpr std::int32_t kOne[] = {1};

TEST(CrossEntropy, IsTheMeanOverTheBatchInNats) {
  const std::int32_t labels[] = {0, 1};
  // Softmax 1/2 1/2 and 1/4 3/4.
  const auto result = softmax_cross_entropy(logits(2, 2, {7, 7, 0, std::log(3.0)}), labels);
  EXPECT_NEAR(result.loss, (std::log(2.0) + std::log(4.0 / 3)) / 2, 1e-15);
  EXPECT_THAT(result.dlogits.values,
              ElementsAre(DoubleNear(-0.25, 1e-15), DoubleNear(0.25, 1e-15),
                          DoubleNear(0.125, 1e-15), DoubleNear(-0.125, 1e-15)));
  EXPECT_EQ(result.right, 2);
}

TEST(CrossEntropy, IsZeroWithOneClass) {
  const auto result = softmax_cross_entropy(logits(1, 1, {-5}), kZero);
  EXPECT_EQ(result.loss, 0);
  EXPECT_THAT(result.dlogits.values, ElementsAre(0));
  EXPECT_EQ(result.right, 1);
}

TEST(CrossEntropy, NeitherOverflowsNorLosesALargeLoss) {
  const auto wrong = softmax_cross_entropy(logits(1, 2, {1e6, 0}), kOne);
  EXPECT_EQ(wrong.loss, 1e6);
  EXPECT_THAT(wrong.dlogits.values, ElementsAre(1, -1));
  const auto right = softmax_cross_entropy(logits(1, 2, {-1e6, 0}), kOne);
  EXPECT_EQ(right.loss, 0);
  EXPECT_THAT(right.dlogits.values, Each(0));
}

TEST(CrossEntropy, DoesNotChangeWhenAllLogitsMove) {
  const Tensor still = logits(1, 4, {1, 2, -1, 0.5});
  const Tensor moved = logits(1, 4, {1025, 1026, 1023, 1024.5});
  EXPECT_EQ(softmax_cross_entropy(still, kOne).loss, softmax_cross_entropy(moved, kOne).loss);
}

TEST(CrossEntropy, FirstOfEqualLogitsIsTheAnswer) {
  EXPECT_EQ(softmax_cross_entropy(logits(1, 3, {4, 4, 1}), kZero).right, 1);
  EXPECT_EQ(softmax_cross_entropy(logits(1, 3, {4, 4, 1}), kOne).right, 0);
}

TEST(CrossEntropy, NaNSpoilsTheLossAndIsNeverRight) {
  for (const std::vector<double>& row : {std::vector<double>{kNaN, 1}, {1, kNaN}, {kNaN, kNaN}}) {
    const auto result = softmax_cross_entropy(logits(1, 2, row), kZero);
    EXPECT_TRUE(std::isnan(result.loss));
    EXPECT_THAT(nan_mask(result.dlogits.values), Each(true));
    EXPECT_EQ(result.right, 0);
  }
}

// Softmax 1/4 3/4, targets 3/4 1/4 after smoothing by 1/2.
TEST(CrossEntropy, SmoothingGivesEveryClassItsShareOfTheTarget) {
  const auto result = softmax_cross_entropy(logits(1, 2, {0, std::log(3.0)}), kZero, 0.5);
  EXPECT_NEAR(result.loss, 0.75 * std::log(4.0) + 0.25 * std::log(4.0 / 3), 1e-15);
  EXPECT_THAT(result.dlogits.values, ElementsAre(DoubleNear(-0.5, 1e-15), DoubleNear(0.5, 1e-15)));
  EXPECT_EQ(result.right, 0);
}

TEST(CrossEntropy, WithoutSmoothingForgivesAnInfinitelyUnlikelyOtherClass) {
  const Tensor at = logits(1, 2, {0, -kInfinity});
  EXPECT_EQ(softmax_cross_entropy(at, kZero).loss, 0);
  EXPECT_EQ(softmax_cross_entropy(at, kZero, 0.5).loss, kInfinity);
}

TEST(CrossEntropy, RefusesSmoothingOutsideOfItsRange) {
  for (const double smoothing : {-0.1, 1.0, kNaN}) {
    EXPECT_THROW(softmax_cross_entropy(logits(1, 2, {0, 0}), kZero, smoothing), std::logic_error);
  }
}

TEST(CrossEntropy, RefusesALabelThatIsNoClass) {
  const std::int32_t two[] = {2};
  const std::int32_t negative[] = {-1};
  EXPECT_THROW(softmax_cross_entropy(logits(1, 2, {0, 0}), two), std::logic_error);
  EXPECT_THROW(softmax_cross_entropy(logits(1, 2, {0, 0}), negative), std::logic_error);
  EXPECT_THROW(softmax_cross_entropy(logits(1, 2, {0, 0}), {}), std::logic_error);
}

TEST(CrossEntropy, GradientIsThatOfCentralDifferences) {
  for (const int count : {1, 3}) {
    for (const double smoothing : {0.0, 0.1}) {
      Tensor at = normal_tensor(count, vector_of(10), 1);
      const auto labels = cyclic_labels(count, 10);
      expect_gradient([&] { return softmax_cross_entropy(at, labels, smoothing).loss; }, at.values,
                      softmax_cross_entropy(at, labels, smoothing).dlogits.values, "logits");
    }
  }
}

}  // namespace
}  // namespace whichfirst::reference
