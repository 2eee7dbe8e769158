// Exact relations between orders, held by the engine itself in single precision (docs/orders.md).
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "engine/networks.h"
#include "engine/trainer.h"

namespace whichfirst::engine {
namespace {

using network::Network;
using network::ParameterKind;

constexpr Shape kPicture{.channels = 3, .height = 9, .width = 7};
constexpr int kBatch = 6;

/// A step of a network on random pictures; ties: pixels of few values.
struct Stepped {
  Network network;
  network::Values initial;
  network::Values gradients;
  network::Values after;
  double loss = 0;
};

Stepped step(const Case& c, const network::Values* given = nullptr, bool has_ties = false) {
  Stepped stepped{.network = build(c), .initial = {}, .gradients = {}, .after = {}};
  stepped.initial = given ? *given : lively_values(stepped.network, 5);
  Trainer trainer(stepped.network, stepped.initial, {.batch = c.batch, .decay = 0});
  for (std::uint64_t i = 0; i < (has_ties ? 5U : 1U); ++i) {
    std::vector<float> images = random_images(c.input, c.batch, i);
    if (has_ties) {
      for (float& x : images) x = std::round(x);
    }
    copy(images, trainer.images());
    copy(random_labels(c.classes, c.batch, i), trainer.labels());
    const StepResult result = trainer.step(0.1);
    EXPECT_FALSE(result.non_finite);
    stepped.loss = result.loss;
  }
  stepped.gradients = trainer.gradients();
  stepped.after = trainer.values();
  return stepped;
}

double norm_of(const std::vector<float>& values) {
  return std::sqrt(std::inner_product(values.begin(), values.end(), values.begin(), 0.0));
}

/// The gradients of the first stage's parameters of `kind`.
const std::vector<float>& first(const Network& network, const network::Values& values,
                                ParameterKind kind) {
  const auto found = std::find_if(network.parameters.begin(), network.parameters.end(),
                                  [&](const network::Parameter& p) { return p.kind == kind; });
  return values[static_cast<std::size_t>(found - network.parameters.begin())];
}

// D8, and D20: what bn sends back sums to 0 over the batch, and the gradient of the bias before it
// is that sum.
TEST(Identities, ABiasInFrontOfBnHasNoGradient) {
  const auto share = [](const char* body) {
    const Stepped stepped = step({body, "conv", kPicture, kBatch});
    return norm_of(first(stepped.network, stepped.gradients, ParameterKind::bias)) /
           norm_of(first(stepped.network, stepped.gradients, ParameterKind::weight));
  };
  EXPECT_LT(share("conv(10, bias=on) bn relu gap fc(classes)"), 1e-6);
  EXPECT_LT(share("conv(10, bias=on) maxpool(2) bn(affine=off) tanh flatten fc(classes)"), 1e-6);
  EXPECT_LT(share("conv(10, bias=on) avgpool(3, s=2, p=1) bn relu gap fc(classes)"), 1e-6);
  EXPECT_LT(share("conv(10, bias=on) in relu flatten fc(classes)"), 1e-6);
  EXPECT_GT(share("conv(10, bias=on) relu bn gap fc(classes)"), 1e-2);
  EXPECT_GT(share("conv(10, bias=on) drop(0.3) bn relu gap fc(classes)"), 1e-4);
}

/// The loss with the weights and bias of the first stage eight times as large, over that without.
double change(const char* body) {
  const Case c{body, "conv", kPicture, kBatch};
  const Network network = build(c);
  const network::Values values = lively_values(network, 5);
  network::Values scaled = values;
  for (const int index : network.stages[0].parameters) {
    for (float& x : scaled[static_cast<std::size_t>(index)]) x *= 8;
  }
  return std::abs(step(c, &scaled).loss / step(c, &values).loss - 1);
}

TEST(Identities, D11TheLossIgnoresTheScaleThatBnUndoes) {
  EXPECT_LT(change("conv(10) bn relu gap fc(classes)"), 1e-3);
  EXPECT_LT(change("conv(10) bn tanh gap fc(classes)"), 1e-3);
  EXPECT_LT(change("conv(10, bias=on) relu bn gap fc(classes)"), 1e-3);
  EXPECT_LT(change("conv(10, bias=on) leaky(0.2) bn flatten fc(classes)"), 1e-3);
  for (const char* body :
       {"conv(10, bias=on) tanh bn flatten fc(classes)",
        "conv(10, bias=on) elu bn flatten fc(classes)",
        "conv(10, bias=on) sigmoid bn flatten fc(classes)", "conv(10) relu gap fc(classes)"}) {
    EXPECT_GT(change(body), 1e-2) << body;
  }
}

// D20: the sum over the batch of xhat times what bn sends back is 0, so that the gradient of the
// weights is orthogonal to them.
TEST(Identities, TheGradientIsOrthogonalToTheWeightsWhoseScaleBnUndoes) {
  const auto cosine = [](const char* body) {
    const Stepped stepped = step({body, "conv", kPicture, kBatch});
    double product = 0;
    double weights = 0;
    double gradients = 0;
    for (const int index : stepped.network.stages[0].parameters) {
      const auto& x = stepped.initial[static_cast<std::size_t>(index)];
      const auto& dx = stepped.gradients[static_cast<std::size_t>(index)];
      product += std::inner_product(x.begin(), x.end(), dx.begin(), 0.0);
      weights += norm_of(x) * norm_of(x);
      gradients += norm_of(dx) * norm_of(dx);
    }
    return std::abs(product) / std::sqrt(weights * gradients);
  };
  EXPECT_LT(cosine("conv(10) bn relu flatten fc(classes)"), 1e-4);
  EXPECT_LT(cosine("conv(10, bias=on) relu bn flatten fc(classes)"), 1e-4);
  EXPECT_GT(cosine("conv(10, bias=on) tanh bn flatten fc(classes)"), 1e-3);
}

TEST(Identities, D20BnTwiceIsBnOnceUpToEps) {
  const char* rest = " conv(10) bn relu gap fc(classes)";
  const Case once{std::string("bn(affine=off)") + rest, "conv", kPicture, kBatch};
  const Case twice{std::string("bn(affine=off) bn(affine=off)") + rest, "conv", kPicture, kBatch};
  const auto loss = [](const Case& c) {
    const Network network = build(c);
    const network::Values initial = network::initial_values(network, 3, 1);
    return step(c, &initial).loss;
  };
  EXPECT_NEAR(loss(once), loss(twice), 1e-4);
}

// D12: the squared gradient of a layer's weights grows by pi / (pi - 1) = 1.467 a layer towards the
// input, in both orders alike: inputs have one second moment at every depth, so that the growth is
// that of the gradient.
TEST(Identities, D12GradientsGrowAlikeInBothOrders) {
  constexpr int kLayers = 10;
  const Shape vector{.channels = 128, .is_vector = true};
  for (const char* order : {"conv bn relu", "conv relu bn"}) {
    const Case c{"10*unit(128, weight=fc) fc(classes)", order, vector, 512};
    const Network network = build(c);
    const network::Values initial = network::initial_values(network, 1, 1);
    const Stepped stepped = step(c, &initial);
    std::vector<double> norms;
    for (std::size_t i = 0; i < network.parameters.size(); ++i) {
      if (network.parameters[i].kind != ParameterKind::weight) continue;
      norms.push_back(norm_of(stepped.gradients[i]));
    }
    // Between the second layer and the last but the classifier; the first reads centred inputs.
    const double growth = std::pow(norms[1] / norms[kLayers - 1], 2.0 / (kLayers - 2));
    EXPECT_NEAR(growth, std::numbers::pi / (std::numbers::pi - 1), 0.1) << order;
  }
}

TEST(Identities, OrdersThatAreProvedToTrainAlikeEndInTheSameBits) {
  struct Pair {
    const char* a;
    const char* b;
  };
  for (const Pair& pair :
       {Pair{"conv bn relu maxpool(3, s=2, p=1)", "conv bn maxpool(3, s=2, p=1) relu"},
        Pair{"conv relu maxpool bn", "conv maxpool relu bn"},
        Pair{"conv relu drop(0.3) bn", "conv drop(0.3) relu bn"},
        Pair{"conv relu relu", "conv relu"}, Pair{"conv bn maxpool(1) relu", "conv bn relu"}}) {
    const Case a{"unit(10) gap fc(classes)", pair.a, kPicture, kBatch};
    const Case b{"unit(10) gap fc(classes)", pair.b, kPicture, kBatch};
    EXPECT_EQ(step(a, nullptr, true).after, step(b, nullptr, true).after)
        << pair.a << " | " << pair.b;
  }
}

}  // namespace
}  // namespace whichfirst::engine
