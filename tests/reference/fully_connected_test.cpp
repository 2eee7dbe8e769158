#include <gmock/gmock.h>

#include "reference/gradient_check.h"
#include "reference/sample.h"
#include "reference/stages.h"

namespace whichfirst::reference {
namespace {

using network::FullyConnected;
using ::testing::ElementsAre;

// Two vectors of two numbers, three outputs.
Tensor two_vectors() { return {.count = 2, .shape = vector_of(2), .values = {1, 2, 3, 4}}; }
const std::vector<double> kWeights = {1, 10, 100, 1000, 0, -1};

TEST(FullyConnected, MultipliesByTheTransposedWeights) {
  EXPECT_THAT(fully_connected_forward({.bias = false}, two_vectors(), kWeights, {}).values,
              ElementsAre(21, 2100, -2, 43, 4300, -4));
  const Tensor dst =
      fully_connected_forward({.bias = true}, two_vectors(), kWeights, {{0.5, 0.25, 0}});
  EXPECT_EQ(dst.shape, vector_of(3));
  EXPECT_THAT(dst.values, ElementsAre(21.5, 2100.25, -2, 43.5, 4300.25, -4));
}

TEST(FullyConnected, GradientIsWrittenOutByHand) {
  const Tensor ddst{.count = 2, .shape = vector_of(3), .values = {1, 0, 2, 0, 1, 0}};
  const auto gradients = fully_connected_backward({.bias = true}, two_vectors(), kWeights, ddst);
  EXPECT_THAT(gradients.dsrc.values, ElementsAre(1, 10 - 2, 100, 1000));
  EXPECT_THAT(gradients.dweights, ElementsAre(1, 2, 3, 4, 2, 4));
  EXPECT_THAT(gradients.dbias, ElementsAre(1, 1, 2));
}

TEST(FullyConnected, NaNReachesTheOutputsOfItsOwnImage) {
  const Tensor src{.count = 2, .shape = vector_of(2), .values = {1, kNaN, 3, 4}};
  EXPECT_THAT(nan_mask(fully_connected_forward({.bias = false}, src, {{1, 0, 1, 0}}, {}).values),
              ElementsAre(true, true, false, false));
  const Tensor ddst{.count = 2, .shape = vector_of(1), .values = {1, kNaN}};
  const auto gradients = fully_connected_backward({.bias = true}, two_vectors(), {{1, 0}}, ddst);
  EXPECT_THAT(nan_mask(gradients.dsrc.values), ElementsAre(false, false, true, true));
  EXPECT_THAT(nan_mask(gradients.dweights), ElementsAre(true, true));
  EXPECT_THAT(nan_mask(gradients.dbias), ElementsAre(true));
}

TEST(FullyConnected, ReadsVectorsOnly) {
  EXPECT_THROW(fully_connected_forward({.bias = false}, one_picture(1, 1, {1}), {{1}}, {}),
               std::logic_error);
}

TEST(FullyConnected, GradientIsThatOfCentralDifferences) {
  for (const bool has_bias : {false, true}) {
    const FullyConnected fc{.bias = has_bias};
    Tensor src = normal_tensor(3, vector_of(10), 1);
    std::vector<double> weights = normal_array(50, 2);
    std::vector<double> bias = normal_array(has_bias ? 5 : 0, 3);
    const Tensor ddst = normal_tensor(3, vector_of(5), 4);
    const auto objective = [&] {
      return inner(fully_connected_forward(fc, src, weights, bias).values, ddst.values);
    };
    const auto gradients = fully_connected_backward(fc, src, weights, ddst);
    expect_gradient(objective, src.values, gradients.dsrc.values, "src");
    expect_gradient(objective, weights, gradients.dweights, "weights");
    expect_gradient(objective, bias, gradients.dbias, "bias");
  }
}

}  // namespace
}  // namespace whichfirst::reference
