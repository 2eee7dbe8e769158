#include "reference/pass.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <tuple>

#include "complaint.h"
#include "reference/gradient_check.h"
#include "reference/sample.h"

namespace whichfirst::reference {
namespace {

using network::Network;
using ::testing::DoubleNear;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pointwise;
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

/// The parameters' values of `network` by name.
std::vector<double>& array_of(const Network& network, Arrays& arrays, std::string_view name) {
  for (std::size_t i = 0; i < network.parameters.size(); ++i) {
    if (network.parameters[i].name == name) return arrays[i];
  }
  ADD_FAILURE() << name;
  return arrays.at(0);
}

// x + W x = (I + W) x.
TEST(Pass, IdentityShortcutIsAnIdentityAddedToTheWeights) {
  const Network residual = make_network("flatten res(fc(2, bias=off))", picture(2, 1, 1), 2);
  const Network plain = make_network("flatten fc(2, bias=off)", picture(2, 1, 1), 2);
  const Tensor images = normal_tensor(3, residual.input, 1);
  const Pass ours =
      run(residual, {{0.5, -1, 2, 0.25}}, images, cyclic_labels(3, 2), Mode::training);
  const Pass theirs = run(plain, {{1.5, -1, 2, 1.25}}, images, cyclic_labels(3, 2), Mode::training);
  EXPECT_NEAR(ours.loss, theirs.loss, 1e-15);
  EXPECT_THAT(ours.dinput.values, Pointwise(DoubleNear(1e-15), theirs.dinput.values));
  EXPECT_THAT(ours.gradients[0], Pointwise(DoubleNear(1e-15), theirs.gradients[0]));
}

// P x + W x = (P + W) x, where both read the images.
TEST(Pass, ProjectionShortcutIsAddedToTheWeightsAndGetsTheirGradient) {
  const Network residual = make_network("res(conv(4, k=1, s=2)) gap fc(classes)", picture(2, 3, 5));
  const Network plain = make_network("conv(4, k=1, s=2) gap fc(classes)", picture(2, 3, 5));
  const Tensor images = normal_tensor(3, residual.input, 1);
  Arrays values = random_values(residual, 1);
  Arrays summed = random_values(plain, 1);
  const auto& weights = array_of(residual, values, "body.conv.0.weight");
  const auto& projection = array_of(residual, values, "body.projection.0.weight");
  for (std::size_t i = 0; i < weights.size(); ++i) {
    array_of(plain, summed, "body.conv.0.weight")[i] = weights[i] + projection[i];
  }
  for (const char* name : {"body.conv.0.bias", "body.fc.0.weight", "body.fc.0.bias"}) {
    array_of(plain, summed, name) = array_of(residual, values, name);
  }
  Pass ours = run(residual, values, images, cyclic_labels(3, 3), Mode::training);
  const Pass theirs = run(plain, summed, images, cyclic_labels(3, 3), Mode::training);
  EXPECT_NEAR(ours.loss, theirs.loss, 1e-14);
  EXPECT_THAT(ours.dinput.values, Pointwise(DoubleNear(1e-14), theirs.dinput.values));
  EXPECT_EQ(array_of(residual, ours.gradients, "body.conv.0.weight"),
            array_of(residual, ours.gradients, "body.projection.0.weight"));
}

TEST(Pass, OneDropoutStepDropsTheSameForwardAndBackward) {
  const Network network = make_network("flatten drop(0.5) fc(classes)", picture(1, 5, 5));
  const Pass pass = run(network, random_values(network, 1), normal_tensor(2, network.input, 1),
                        cyclic_labels(2, 3), Mode::training, {.seed = 5, .step = 9});
  for (std::size_t i = 0; i < pass.dinput.values.size(); ++i) {
    EXPECT_EQ(pass.dinput.values[i] == 0, pass.outputs[1].values[i] == 0) << i;
  }
}

TEST(Pass, RefusesToTrainABatchNormOnASingleValueAndNamesIt) {
  const Network network = make_network("conv(4) gap bn fc(classes)", picture(2, 3, 3));
  const Arrays values = random_values(network, 1);
  const Tensor image = normal_tensor(1, network.input, 1);
  EXPECT_EQ(complaint_of([&] { run_forward(network, values, image, Mode::training); }),
            "body.bn.0 (bn) cannot be trained: it needs more than one value per channel in a "
            "batch, found one image of one pixel; use a larger batch, or larger pictures at "
            "this stage");
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
        "flatten fc(4) tanh bn fc(classes)",
        "conv(4) gn(2) silu avgpool(3, s=2, p=1) gap fc(classes)",
        "conv(4) in hardswish ln elu gap fc(classes)",
        "conv(2) sign res(bn conv(3, s=2)) softplus gap fc(classes)"}) {
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
  Text text;
  int count;
  Shape input;
};

/// How near the pass comes to a kink: the least distance of an activation's input from one of its
/// own and of two different values under one window of a max-pool.
double nearest_kink(const Network& network, const Tensor& images, const Pass& pass) {
  double nearest = 1;
  for (std::size_t i = 0; i < network.stages.size(); ++i) {
    const network::Operation& operation = network.stages[i].operation;
    const int source = network.stages[i].source;
    const Tensor& src =
        source == network::kInput ? images : pass.outputs[static_cast<std::size_t>(source)];
    if (const auto* activation = std::get_if<network::Activation>(&operation)) {
      for (const double kink : kinks_of(activation->kind)) {
        for (const double x : src.values) nearest = std::min(nearest, std::abs(x - kink));
      }
    } else if (std::holds_alternative<network::MaxPool>(operation)) {
      // All pairs of one channel, which holds those of every window.
      const auto pixels = static_cast<std::size_t>(src.shape.pixels());
      for (std::size_t first = 0; first < src.values.size(); first += pixels) {
        std::vector<double> channel(
            src.values.begin() + static_cast<std::ptrdiff_t>(first),
            src.values.begin() + static_cast<std::ptrdiff_t>(first + pixels));
        std::sort(channel.begin(), channel.end());
        for (std::size_t j = 1; j < pixels; ++j) {
          // Equal values come from the zeros of relu and dropout, which stay.
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
  const Network network = make_network(parameters.text, parameters.input);
  const auto labels = cyclic_labels(parameters.count, network.classes);
  const network::DropoutStep step{.seed = 7, .replicate = 3, .step = 11};
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
    pass = run(network, values, images, labels, mode, step);
  } while (nearest_kink(network, images, pass) < 1e-3);

  const auto objective = [&] { return run(network, values, images, labels, mode, step).loss; };
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
            Case{{"conv(3) bn relu maxpool(2) conv(2) bn relu gap fc(classes)"}, 3, {2, 4, 4}},
            Case{{"conv(3) relu bn maxpool(2) conv(2) relu bn gap fc(classes)"}, 3, {2, 4, 4}},
            Case{{"conv(3) maxpool(2) bn relu flatten fc(classes)"}, 3, {2, 4, 4}},
            Case{{"conv(3) bn tanh conv(2) bn tanh gap fc(classes)"}, 3, {1, 5, 7}},
            Case{{"conv(3) tanh bn conv(2) tanh bn gap fc(classes)"}, 3, {1, 5, 7}},
            Case{{"bn relu conv(3) bn relu conv(2, k=2, p=0) gap fc(classes)"}, 3, {2, 3, 3}},
            Case{{"conv(10, k=5, s=2, p=2) bn(affine=off) tanh maxpool(3, s=2, p=1) flatten "
                  "fc(classes)"},
                 2,
                 {1, 5, 7}},
            Case{{"conv(3, k=2, p=0, bias=on) bn relu flatten fc(classes)"}, 1, {1, 5, 7}},
            Case{{"conv(4, k=1, p=0) bn relu gap fc(classes, bias=off)"}, 5, {3, 1, 1}},
            Case{{"conv(4, k=1, p=0) relu bn gap fc(classes, bias=off)"}, 5, {3, 1, 1}},
            Case{{"flatten fc(6) bn relu fc(5) bn(affine=off) tanh fc(classes)"}, 5, {3, 2, 1}},
            Case{{"flatten fc(6) relu bn fc(5) tanh bn(affine=off) fc(classes)"}, 5, {3, 2, 1}}),
        ::testing::Values(Mode::training, Mode::evaluation)));

INSTANTIATE_TEST_SUITE_P(
    NormsPoolsAndDropout, NetworkGradient,
    ::testing::Combine(
        ::testing::Values(
            Case{{"conv(4) gn(2) relu avgpool(3, s=2, p=1) conv(4) in tanh gap fc(classes)"},
                 2,
                 {2, 4, 5}},
            Case{{"ln conv(4) tanh ln avgpool(2) flatten fc(6) ln gelu fc(classes)"}, 2, {2, 4, 5}},
            Case{{"flatten fc(6) gn(3, affine=off) silu drop(0.4) fc(classes)"}, 3, {1, 2, 3}},
            Case{{"conv(3) drop(0.3) bn relu drop(0.5) maxpool(2) flatten fc(classes)"},
                 3,
                 {2, 4, 4}},
            Case{{"unit(3, pool=2) unit(4) gap fc(classes)", "conv drop(0.2) in relu pool"},
                 2,
                 {1, 4, 6}}),
        ::testing::Values(Mode::training, Mode::evaluation)));

INSTANTIATE_TEST_SUITE_P(
    Activations, NetworkGradient,
    ::testing::Combine(
        ::testing::Values(
            Case{{"conv(3) bn leaky(0.2) elu(0.7) gap fc(classes)"}, 2, {1, 3, 4}},
            Case{{"conv(3) bn prelu conv(2) prelu(0.1) flatten fc(4) prelu fc(classes)"},
                 2,
                 {1, 3, 4}},
            Case{{"conv(3) bn gelu conv(2) silu gap fc(classes)"}, 2, {1, 3, 4}},
            Case{{"conv(3) bn sigmoid conv(2) softsign gap fc(classes)"}, 2, {1, 3, 4}},
            Case{{"conv(3) bn hardswish conv(2) mish gap fc(classes)"}, 2, {1, 3, 4}},
            Case{{"flatten fc(5) bn softplus fc(4) elu fc(classes)"}, 3, {1, 3, 4}}),
        ::testing::Values(Mode::training, Mode::evaluation)));

constexpr const char* kPostActivation = "res(conv bn relu conv bn) relu";
constexpr const char* kPreActivation = "res(bn relu conv bn relu conv)";

INSTANTIATE_TEST_SUITE_P(
    Residuals, NetworkGradient,
    ::testing::Combine(
        ::testing::Values(
            Case{{"unit(2) gap fc(classes)", kPostActivation}, 2, {2, 3, 3}},
            Case{{"unit(2) gap fc(classes)", kPreActivation}, 2, {2, 3, 3}},
            Case{{"unit(3, s=2) unit(3) gap fc(classes)", kPostActivation}, 2, {2, 5, 4}},
            Case{{"unit(3, s=2) unit(3) gap fc(classes)", kPreActivation}, 2, {2, 5, 4}},
            Case{{"unit(4, weight=fc) unit(4, weight=fc) fc(classes)", kPreActivation},
                 4,
                 vector_of(3)},
            Case{{"res(conv(3) tanh res(bn silu conv(3)) res(conv(2) gelu)) gap fc(classes)"},
                 2,
                 {2, 3, 3}},
            Case{
                {"res(conv(3, s=2) res(ln conv(4, s=2)) drop(0.3)) gap fc(classes)"}, 2, {1, 5, 4}},
            Case{{"res(avgpool(2) conv(2, k=1)) res(tanh) flatten fc(classes)"}, 2, {2, 4, 4}}),
        ::testing::Values(Mode::training, Mode::evaluation)));

}  // namespace
}  // namespace whichfirst::reference
