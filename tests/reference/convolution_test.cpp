#include <gmock/gmock.h>

#include "reference/gradient_check.h"
#include "reference/sample.h"
#include "reference/stages.h"

namespace whichfirst::reference {
namespace {

using ::testing::ElementsAre;

// The picture and the kernel of the tests by hand:
//
//    1  2  3  4  5        1  0  0
//    6  7  8  9 10        0  2  0
//   11 12 13 14 15        0  0 -1
//
// With stride 2 and padding 1 the kernel's centre stands on the corners and middles of the outer
// rows; what it reads outside is 0:
//
//   0+2*1-7   0+2*3-9   0+2*5-0        -5  -3  10
//   0+2*11-0  7+2*13-0  9+2*15-0       22  33  39
Tensor counting_picture() {
  return one_picture(3, 5, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15});
}
const std::vector<double> kKernel = {1, 0, 0, 0, 2, 0, 0, 0, -1};

TEST(Convolution, SlidesTheKernelUnflippedOverAPaddedPicture) {
  const network::Conv conv{.kernel = 3, .stride = 2, .padding = 1, .bias = false};
  const Tensor dst = convolution_forward(conv, counting_picture(), kKernel, {});
  EXPECT_EQ(dst.shape, picture(1, 2, 3));
  EXPECT_THAT(dst.values, ElementsAre(-5, -3, 10, 22, 33, 39));
}

TEST(Convolution, AddsItsBiasToEveryPixel) {
  const network::Conv conv{.kernel = 3, .stride = 2, .padding = 1, .bias = true};
  const Tensor dst = convolution_forward(conv, counting_picture(), kKernel, {{100}});
  EXPECT_THAT(dst.values, ElementsAre(95, 97, 110, 122, 133, 139));
}

TEST(Convolution, GradientOfOneOutputIsTheKernelAndTheWindowItRead) {
  const network::Conv conv{.kernel = 3, .stride = 2, .padding = 1, .bias = true};
  const Tensor ddst = one_picture(2, 3, {0, 0, 0, 0, 10, 0});  // row 1, column 1
  const auto gradients = convolution_backward(conv, counting_picture(), kKernel, ddst);
  EXPECT_THAT(gradients.dsrc.values, ElementsAre(0, 0, 0, 0, 0,   //
                                                 0, 10, 0, 0, 0,  //
                                                 0, 0, 20, 0, 0));
  EXPECT_THAT(gradients.dweights, ElementsAre(70, 80, 90, 120, 130, 140, 0, 0, 0));
  EXPECT_THAT(gradients.dbias, ElementsAre(10));
}

TEST(Convolution, SumsOverInputChannelsAndKeepsOutputChannelsApart) {
  const network::Conv conv{.kernel = 1, .stride = 1, .padding = 0, .bias = false};
  const Tensor src{.count = 2, .shape = picture(2, 1, 1), .values = {1, 2, 3, 4}};
  const std::vector<double> weights = {1, 10, 100, 1000, 0, -1};  // K = 3, C = 2
  EXPECT_THAT(convolution_forward(conv, src, weights, {}).values,
              ElementsAre(21, 2100, -2, 43, 4300, -4));
}

TEST(Convolution, ReadsOnlyPaddingWhereTheKernelStandsOutside) {
  const network::Conv conv{.kernel = 1, .stride = 1, .padding = 1, .bias = true};
  EXPECT_THAT(convolution_forward(conv, one_picture(1, 1, {7}), {{2}}, {{1}}).values,
              ElementsAre(1, 1, 1, 1, 15, 1, 1, 1, 1));
}

TEST(Convolution, NaNReachesEveryOutputThatReadsIt) {
  const network::Conv conv{.kernel = 2, .stride = 1, .padding = 0, .bias = false};
  const Tensor src = one_picture(2, 4, {1, kNaN, 3, 4, 5, 6, 7, 8});
  EXPECT_THAT(nan_mask(convolution_forward(conv, src, {{0, 0, 0, 0}}, {}).values),
              ElementsAre(true, true, false));
  const Tensor ddst = one_picture(1, 3, {1, 1, kNaN});
  const auto gradients = convolution_backward(conv, src, {{1, 1, 1, 1}}, ddst);
  EXPECT_THAT(nan_mask(gradients.dsrc.values),
              ElementsAre(false, false, true, true, false, false, true, true));
  EXPECT_THAT(nan_mask(gradients.dweights), ElementsAre(true, true, true, true));
}

TEST(Convolution, RefusesWeightsAndBiasesThatDoNotFit) {
  const network::Conv conv{.kernel = 3, .stride = 1, .padding = 1, .bias = false};
  EXPECT_THROW(convolution_forward(conv, counting_picture(), {{1, 2, 3}}, {}), std::logic_error);
  EXPECT_THROW(convolution_forward(conv, counting_picture(), kKernel, {{1}}), std::logic_error);
}

TEST(Convolution, RefusesAPictureSmallerThanItsKernel) {
  const network::Conv conv{.kernel = 2, .stride = 2, .padding = 0, .bias = false};
  EXPECT_THROW(convolution_forward(conv, one_picture(1, 1, {1}), {{1, 2, 3, 4}}, {}),
               std::logic_error);
}

struct Case {
  network::Conv conv;
  int count;
  Shape input;
  int channels;
};

class ConvolutionGradient : public ::testing::TestWithParam<Case> {};

TEST_P(ConvolutionGradient, IsThatOfCentralDifferences) {
  const auto& [conv, count, input, channels] = GetParam();
  Tensor src = normal_tensor(count, input, 1);
  std::vector<double> weights = normal_array(
      static_cast<std::size_t>(channels * input.channels * conv.kernel * conv.kernel), 2);
  std::vector<double> bias = normal_array(conv.bias ? static_cast<std::size_t>(channels) : 0, 3);
  Tensor ddst = convolution_forward(conv, src, weights, bias);
  ddst.values = normal_array(ddst.values.size(), 4);
  const network::Conv stage = conv;
  const auto objective = [&] {
    return inner(convolution_forward(stage, src, weights, bias).values, ddst.values);
  };
  const auto gradients = convolution_backward(conv, src, weights, ddst);
  expect_gradient(objective, src.values, gradients.dsrc.values, "src");
  expect_gradient(objective, weights, gradients.dweights, "weights");
  expect_gradient(objective, bias, gradients.dbias, "bias");
}

INSTANTIATE_TEST_SUITE_P(
    OddShapes, ConvolutionGradient,
    ::testing::Values(
        Case{{.kernel = 3, .stride = 1, .padding = 1, .bias = true}, 1, {3, 5, 7}, 2},
        Case{{.kernel = 5, .stride = 2, .padding = 2, .bias = true}, 2, {2, 5, 7}, 3},
        Case{{.kernel = 2, .stride = 1, .padding = 0, .bias = false}, 2, {1, 5, 7}, 2},
        Case{{.kernel = 2, .stride = 2, .padding = 2, .bias = true}, 1, {2, 1, 1}, 3},
        Case{{.kernel = 1, .stride = 1, .padding = 0, .bias = true}, 2, {10, 1, 1}, 10},
        Case{{.kernel = 3, .stride = 2, .padding = 0, .bias = false}, 1, {1, 5, 7}, 10}));

}  // namespace
}  // namespace whichfirst::reference
