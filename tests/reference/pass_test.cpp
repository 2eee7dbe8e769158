#include "reference/pass.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "base/error.h"
#include "reference/gradient_check.h"
#include "reference/sample.h"

namespace whichfirst::reference {
namespace {

using network::Network;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(Pass, LeavesOutputsStatisticsAndGradientsOfEveryStage) {
  const Network network =
      make_network("conv(10) bn relu maxpool(2) flatten fc(classes)", picture(2, 5, 7));
  const Arrays values = random_values(network, 1);
  const Tensor images = normal_tensor(4, network.input, 1);
  const Pass pass = run(network, values, images, cyclic_labels(4, 3), Mode::training);
  ASSERT_THAT(pass.outputs, SizeIs(network.stages.size()));
  for (std::size_t i = 0; i < network.stages.size(); ++i) {
    EXPECT_EQ(pass.outputs[i].shape, network.stages[i].output);
    EXPECT_THAT(pass.batch_mean[i], SizeIs(i == 1 ? 10 : 0));
    EXPECT_THAT(pass.batch_variance[i], SizeIs(i == 1 ? 10 : 0));
  }
  EXPECT_EQ(pass.dinput.shape, images.shape);
  for (std::size_t i = 0; i < network.parameters.size(); ++i) {
    const bool is_trained = network.parameters[i].is_trained();
    EXPECT_THAT(pass.gradients[i], SizeIs(is_trained ? values[i].size() : 0));
    EXPECT_THAT(pass.running_statistics[i], SizeIs(is_trained ? 0 : values[i].size()));
  }
}

TEST(Pass, ForwardAloneLeavesTheSameOutputsAsForwardAndBackward) {
  const Network network = make_network("conv(4) bn tanh gap fc(classes)", picture(2, 3, 3));
  const Arrays values = random_values(network, 1);
  const Tensor images = normal_tensor(4, network.input, 1);
  for (const Mode mode : {Mode::training, Mode::evaluation}) {
    const Pass pass = run(network, values, images, cyclic_labels(4, 3), mode);
    const ForwardPass forward = run_forward(network, values, images, mode);
    EXPECT_EQ(pass.outputs, forward.outputs);
    EXPECT_EQ(pass.batch_mean, forward.batch_mean);
    EXPECT_EQ(pass.batch_variance, forward.batch_variance);
    EXPECT_EQ(pass.running_statistics, forward.running_statistics);
  }
}

TEST(Pass, EvaluationMovesNoRunningStatisticsAndTreatsImagesOneByOne) {
  const Network network = make_network("bn conv(4) relu bn gap fc(classes)", picture(2, 3, 3));
  const Arrays values = random_values(network, 1);
  const Tensor images = normal_tensor(2, network.input, 1);
  const ForwardPass both = run_forward(network, values, images, Mode::evaluation);
  EXPECT_THAT(both.batch_mean, Each(IsEmpty()));
  EXPECT_THAT(both.batch_variance, Each(IsEmpty()));
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (network.parameters[i].is_trained()) continue;
    EXPECT_EQ(both.running_statistics[i], values[i]);
  }
  Tensor first = zeros(1, network.input);
  std::copy_n(images.values.begin(), first.values.size(), first.values.begin());
  const ForwardPass alone = run_forward(network, values, first, Mode::evaluation);
  for (int k = 0; k < 3; ++k) {
    EXPECT_EQ(alone.outputs.back().at(0, k, 0, 0), both.outputs.back().at(0, k, 0, 0));
  }
}

TEST(Pass, RefusesToTrainABatchNormOnASingleValueAndNamesIt) {
  const Network network = make_network("conv(4) gap bn fc(classes)", picture(2, 3, 3));
  const Arrays values = random_values(network, 1);
  const Tensor image = normal_tensor(1, network.input, 1);
  try {
    run_forward(network, values, image, Mode::training);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "body.bn.0 (bn) cannot be trained: it needs more than one value a channel in a "
                 "batch, found one image of one pixel; use a larger batch, or larger pictures at "
                 "this stage");
  }
  EXPECT_NO_THROW(run_forward(network, values, image, Mode::evaluation));
  EXPECT_NO_THROW(run_forward(network, values, normal_tensor(2, network.input, 1), Mode::training));
}

TEST(Pass, RefusesInputsThatDoNotFitTheNetwork) {
  const Network network = make_network("gap fc(classes)", picture(2, 3, 3));
  const Arrays values = random_values(network, 1);
  const Tensor images = normal_tensor(2, network.input, 1);
  const auto attempt = [&](const Arrays& some_values, const Tensor& some_images) {
    run_forward(network, some_values, some_images, Mode::evaluation);
  };
  EXPECT_NO_THROW(attempt(values, images));
  EXPECT_THROW(attempt(values, normal_tensor(2, picture(2, 3, 4), 1)), std::logic_error);
  EXPECT_THROW(attempt({}, images), std::logic_error);
  Arrays short_values = values;
  short_values[0].pop_back();
  EXPECT_THROW(attempt(short_values, images), std::logic_error);
  Tensor short_images = images;
  short_images.values.pop_back();
  EXPECT_THROW(attempt(values, short_images), std::logic_error);
  EXPECT_THROW(attempt(values, {.count = 0, .shape = network.input, .values = {}}),
               std::logic_error);
}

TEST(Pass, WidensEveryFloatWithoutLoss) {
  EXPECT_THAT(widen({{0.1F, -2.0F}, {}, {3.0F}}),
              ElementsAre(ElementsAre(double{0.1F}, -2.0), IsEmpty(), ElementsAre(3.0)));
}

TEST(Pass, OneNaNInTheImagesReachesTheLoss) {
  for (const char* body :
       {"conv(3) bn relu maxpool(2) gap fc(classes)", "conv(3) relu bn maxpool(2) gap fc(classes)",
        "flatten fc(4) tanh bn fc(classes)"}) {
    const Network network = make_network(body, picture(1, 4, 4));
    for (const Mode mode : {Mode::training, Mode::evaluation}) {
      Tensor images = normal_tensor(3, network.input, 1);
      images.at(1, 0, 2, 2) = kNaN;
      const Pass pass = run(network, random_values(network, 1), images, cyclic_labels(3, 3), mode);
      EXPECT_TRUE(std::isnan(pass.loss)) << body;
    }
  }
}

struct Case {
  const char* body;
  int count;
  Shape input;
};

/// How near the pass comes to a kink: the least distance of a relu's input from 0 and of two
/// different values under one window of a max-pool.
double nearest_kink(const Network& network, const Tensor& images, const Pass& pass) {
  double nearest = 1;
  for (std::size_t i = 0; i < network.stages.size(); ++i) {
    const network::Operation& operation = network.stages[i].operation;
    const Tensor& src = i == 0 ? images : pass.outputs[i - 1];
    if (std::holds_alternative<network::Relu>(operation)) {
      for (const double x : src.values) nearest = std::min(nearest, std::abs(x));
    } else if (std::holds_alternative<network::MaxPool>(operation)) {
      // All pairs of one channel, which holds those of every window.
      const auto pixels = static_cast<std::size_t>(src.shape.pixels());
      for (std::size_t first = 0; first < src.values.size(); first += pixels) {
        std::vector<double> channel(
            src.values.begin() + static_cast<std::ptrdiff_t>(first),
            src.values.begin() + static_cast<std::ptrdiff_t>(first + pixels));
        std::sort(channel.begin(), channel.end());
        for (std::size_t j = 1; j < pixels; ++j) {
          // Equal values come from relu's zeros, which move together.
          if (channel[j] != channel[j - 1]) {
            nearest = std::min(nearest, channel[j] - channel[j - 1]);
          }
        }
      }
    }
  }
  return nearest;
}

class NetworkGradient : public ::testing::TestWithParam<std::tuple<Case, Mode>> {};

TEST_P(NetworkGradient, IsThatOfCentralDifferences) {
  const Case& parameters = std::get<0>(GetParam());
  const Mode mode = std::get<1>(GetParam());
  const Network network = make_network(parameters.body, parameters.input);
  const auto labels = cyclic_labels(parameters.count, network.classes);
  Tensor images;
  Arrays values;
  Pass pass;
  // A number moves by less than 100 steps of the differences when one input moves by a step, so
  // that no kink lies between. Draws that come nearer are drawn again.
  std::uint64_t seed = 0;
  do {
    ASSERT_LT(++seed, 1000U);
    images = normal_tensor(parameters.count, parameters.input, seed);
    values = random_values(network, seed);
    pass = run(network, values, images, labels, mode);
  } while (nearest_kink(network, images, pass) < 1e-3);

  const auto objective = [&] { return run(network, values, images, labels, mode).loss; };
  expect_gradient(objective, images.values, pass.dinput.values, "images");
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!network.parameters[i].is_trained()) continue;
    expect_gradient(objective, values[i], pass.gradients[i], network.parameters[i].name);
  }
}

INSTANTIATE_TEST_SUITE_P(
    BothOrders, NetworkGradient,
    ::testing::Combine(
        ::testing::Values(
            Case{"conv(3) bn relu maxpool(2) conv(2) bn relu gap fc(classes)", 3, {2, 4, 4}},
            Case{"conv(3) relu bn maxpool(2) conv(2) relu bn gap fc(classes)", 3, {2, 4, 4}},
            Case{"conv(3) maxpool(2) bn relu flatten fc(classes)", 3, {2, 4, 4}},
            Case{"conv(3) bn tanh conv(2) bn tanh gap fc(classes)", 3, {1, 5, 7}},
            Case{"conv(3) tanh bn conv(2) tanh bn gap fc(classes)", 3, {1, 5, 7}},
            Case{"bn relu conv(3) bn relu conv(2, k=2, p=0) gap fc(classes)", 3, {2, 3, 3}},
            Case{"conv(10, k=5, s=2, p=2) bn(affine=off) tanh maxpool(3, s=2, p=1) flatten "
                 "fc(classes)",
                 2,
                 {1, 5, 7}},
            Case{"conv(3, k=2, p=0, bias=on) bn relu flatten fc(classes)", 1, {1, 5, 7}},
            Case{"conv(4, k=1, p=0) bn relu gap fc(classes, bias=off)", 5, {3, 1, 1}},
            Case{"conv(4, k=1, p=0) relu bn gap fc(classes, bias=off)", 5, {3, 1, 1}},
            Case{"flatten fc(6) bn relu fc(5) bn(affine=off) tanh fc(classes)", 5, {3, 2, 1}},
            Case{"flatten fc(6) relu bn fc(5) tanh bn(affine=off) fc(classes)", 5, {3, 2, 1}}),
        ::testing::Values(Mode::training, Mode::evaluation)));

}  // namespace
}  // namespace whichfirst::reference
