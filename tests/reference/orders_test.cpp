// Exact relations between orders, which no correct implementation can break.
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

#include "reference/sample.h"
#include "reference/stages.h"

namespace whichfirst::reference {
namespace {

using network::Network;
using network::ParameterKind;
using ::testing::DoubleNear;
using ::testing::Each;
using ::testing::Not;
using ::testing::Pointwise;

// Rounding in a sum of a few hundred terms of order 1: 450 x 2^-52.
constexpr double kRounding = 1e-13;
// What eps = 1e-12, the smallest that a text may ask for, changes where variances exceed 0.01.
constexpr double kTextEps = 1e-10;

/// A bn without affine and with an eps that does not show beside variances of order 1.
constexpr network::BatchNorm kExact{.affine = false, .eps = 1e-14, .momentum = 0.1};

Tensor normalise(const Tensor& src) {
  return batch_norm_forward(kExact, src, batch_statistics(src), {}, {});
}

TEST(Orders, ReluBnIsBnReluBnWhereTheBatchMeanIsZeroAndOnlyThere) {
  Tensor src = normalise(normal_tensor(4, picture(3, 5, 7), 1));
  const auto relu_bn = [](const Tensor& x) { return normalise(activation_forward({}, x)).values; };
  for (double& x : src.values) x *= 3;
  EXPECT_THAT(relu_bn(normalise(src)), Pointwise(DoubleNear(kRounding), relu_bn(src)));
  for (double& x : src.values) x += 1;
  EXPECT_THAT(relu_bn(normalise(src)), Not(Pointwise(DoubleNear(0.1), relu_bn(src))));
}

/// The loss's gradient for the first parameter of `kind` after a training pass.
std::vector<double> gradient_of(const Network& network, const Pass& pass, ParameterKind kind) {
  for (std::size_t i = 0; i < network.parameters.size(); ++i) {
    if (network.parameters[i].kind == kind) return pass.gradients[i];
  }
  return {};
}

struct Trained {
  Network network;
  Arrays values;
  Pass pass;
};

/// A training pass of `body` on four random images of 2x4x6.
Trained train(const char* body) {
  const Shape input = picture(2, 4, 6);
  Trained trained{.network = make_network(body, input), .values = {}, .pass = {}};
  trained.values = random_values(trained.network, 1);
  trained.pass = run(trained.network, trained.values, normal_tensor(4, input, 1),
                     cyclic_labels(4, 3), Mode::training);
  return trained;
}

TEST(Orders, BiasOfALayerThatBnReadsHasNoGradient) {
  for (const char* body : {"conv(3, bias=on) bn relu gap fc(classes)",
                           "conv(3, bias=on) maxpool(2) bn relu gap fc(classes)",
                           "flatten fc(5, bias=on) bn tanh fc(classes)"}) {
    const Trained trained = train(body);
    EXPECT_THAT(gradient_of(trained.network, trained.pass, ParameterKind::bias),
                Each(DoubleNear(0, kRounding)))
        << body;
  }
  const Trained other = train("conv(3, bias=on) relu bn gap fc(classes)");
  EXPECT_GT(std::abs(gradient_of(other.network, other.pass, ParameterKind::bias)[0]), 1e-3);
}

TEST(Orders, BnAtTheInputSendsAGradientThatSumsToZeroOverTheBatch) {
  const Trained trained = train("bn conv(3) relu flatten fc(classes)");
  for (int c = 0; c < 2; ++c) {
    double sum = 0;
    double largest = 0;
    for (int n = 0; n < 4; ++n) {
      for (int h = 0; h < 4; ++h) {
        for (int w = 0; w < 6; ++w) {
          sum += trained.pass.dinput.at(n, c, h, w);
          largest = std::max(largest, std::abs(trained.pass.dinput.at(n, c, h, w)));
        }
      }
    }
    EXPECT_NEAR(sum, 0, kRounding);
    EXPECT_GT(largest, 1e-3);
  }
}

/// The change of the loss when the weights and biases of the first stage become k times as large.
double change_of_loss(const char* body, double k) {
  Trained trained = train(body);
  for (const int i : trained.network.stages[0].parameters) {
    for (double& x : trained.values[static_cast<std::size_t>(i)]) x *= k;
  }
  const Pass scaled =
      run(trained.network, trained.values, normal_tensor(4, trained.network.input, 1),
          cyclic_labels(4, 3), Mode::training);
  return std::abs(scaled.loss - trained.pass.loss);
}

TEST(Orders, LossIgnoresTheScaleOfWeightsThatBnUndoes) {
  EXPECT_LT(change_of_loss("conv(3) bn(eps=1e-12) relu gap fc(classes)", 3), kTextEps);
  EXPECT_LT(change_of_loss("conv(3) bn(eps=1e-12) tanh gap fc(classes)", 3), kTextEps);
  EXPECT_LT(change_of_loss("conv(3, bias=on) relu bn(eps=1e-12) gap fc(classes)", 3), kTextEps);
  EXPECT_GT(change_of_loss("conv(3, bias=on) tanh bn(eps=1e-12) gap fc(classes)", 3), 1e-3);
  EXPECT_GT(change_of_loss("conv(3, bias=on) relu gap fc(classes)", 3), 1e-3);
}

/// Sum over the first stage's parameters of value times gradient: the slope of the loss in k.
double slope_in_scale(const char* body) {
  const Trained trained = train(body);
  double slope = 0;
  for (const int parameter : trained.network.stages[0].parameters) {
    const auto i = static_cast<std::size_t>(parameter);
    slope += inner(trained.values[i], trained.pass.gradients[i]);
  }
  return std::abs(slope);
}

TEST(Orders, GradientIsOrthogonalToTheWeightsWhoseScaleBnUndoes) {
  EXPECT_LT(slope_in_scale("conv(3) bn(eps=1e-12) relu flatten fc(classes)"), kTextEps);
  EXPECT_LT(slope_in_scale("conv(3) bn(eps=1e-12) tanh flatten fc(classes)"), kTextEps);
  EXPECT_LT(slope_in_scale("conv(3, bias=on) relu bn(eps=1e-12) flatten fc(classes)"), kTextEps);
  EXPECT_GT(slope_in_scale("conv(3, bias=on) tanh bn(eps=1e-12) flatten fc(classes)"), 1e-3);
}

TEST(Orders, ReluAndMaxPoolTrainBitForBitAlikeInEitherOrder) {
  const Trained relu_first = train("conv(10) bn relu maxpool(2) gap fc(classes)");
  const Trained pool_first = train("conv(10) bn maxpool(2) relu gap fc(classes)");
  EXPECT_EQ(relu_first.pass.loss, pool_first.pass.loss);
  EXPECT_EQ(relu_first.pass.gradients, pool_first.pass.gradients);
  EXPECT_EQ(relu_first.pass.dinput, pool_first.pass.dinput);
}

}  // namespace
}  // namespace whichfirst::reference
