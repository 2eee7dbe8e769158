#include "fold/fold.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <set>

#include "base/error.h"
#include "engine/networks.h"
#include "network/preset.h"
#include "reference/pass.h"

namespace whichfirst::fold {
namespace {

using engine::build;
using engine::Case;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::FloatEq;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr Shape kPicture{.channels = 3, .height = 6, .width = 6};

/// On 3x6x6 pictures with a classifier of 2.
network::Network make(const std::string& body, const Shape& input = kPicture) {
  return build({body, "conv bn relu", input, 1, 2});
}

Folded fold_lively(const network::Network& network) {
  return fold(network, engine::lively_values(network, 7));
}

/// Whose bn all have scales of this sign.
network::Values values_with_scales(const network::Network& network, float scale) {
  network::Values values = engine::lively_values(network, 7);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (network.parameters[i].kind != network::ParameterKind::scale) continue;
    values[i].assign(values[i].size(), scale);
  }
  return values;
}

std::vector<float> array(const Folded& folded, const std::string& name) {
  for (std::size_t i = 0; i < folded.values.size(); ++i) {
    if (folded.network.parameters[i].name == name) return folded.values[i];
  }
  ADD_FAILURE() << "no parameter " << name;
  return {};
}

/// The fate of the first bn of a body with such values: "backward", or why it was kept.
std::string fate(const std::string& body, const network::Values& values) {
  const BnFate found = fold(make(body), values).fates.at(0);
  return found.fate == Fate::kept ? found.reason : std::string(name(found.fate));
}

std::string fate(const std::string& body) {
  const network::Network network = make(body);
  return fate(body, engine::lively_values(network, 7));
}

std::string fate(const std::string& body, float scale) {
  return fate(body, values_with_scales(make(body), scale));
}

// --- where a bn goes ----------------------------------------------------------------------------

TEST(Fold, TheArticlesNetworkLosesEveryBnInEitherOrder) {
  const std::string body(network::find_preset("article-15")->body);
  const Shape input{.channels = 3, .height = 32, .width = 32};
  const network::Network before = build({body, "conv bn relu", input, 1});
  const Folded backward = fold(before, values_with_scales(before, 0.5F));
  ASSERT_THAT(backward.fates, SizeIs(15));
  EXPECT_THAT(backward.fates, Each(::testing::Field(&BnFate::fate, Fate::backward)));
  EXPECT_THAT(backward.fates, Each(::testing::Field(&BnFate::needs_bias_map, false)));
  EXPECT_EQ(backward.fates[14].stage, "units.14.bn");
  EXPECT_EQ(backward.fates[14].into, "units.14.conv");

  const network::Network after = build({body, "conv relu bn", input, 1});
  const Folded forward = fold(after, values_with_scales(after, 0.5F));
  ASSERT_THAT(forward.fates, SizeIs(15));
  EXPECT_THAT(forward.fates, Each(::testing::Field(&BnFate::fate, Fate::forward)));
  EXPECT_EQ(forward.fates[0].into, "units.1.conv");
  EXPECT_TRUE(forward.fates[13].needs_bias_map);
  EXPECT_EQ(forward.fates[14].into, "body.fc.0");  // through gap
  EXPECT_FALSE(forward.fates[14].needs_bias_map);
}

TEST(Fold, GoesBackwardThroughWhatCommutesWithIt) {
  EXPECT_EQ(fate("conv(4) bn relu gap fc(2)"), "backward");
  EXPECT_EQ(fate("conv(4) drop(0.5) avgpool(3, s=1, p=1) bn relu gap fc(2)"), "backward");
  EXPECT_EQ(fate("conv(4) gap bn relu fc(2)"), "backward");
  EXPECT_EQ(fate("conv(4) maxpool(3, s=2, p=1) bn relu gap fc(2)", 0.5F), "backward");
  EXPECT_EQ(fate("flatten fc(5) bn tanh fc(2)"), "backward");
  EXPECT_EQ(fate("res(conv(3) bn) relu gap fc(2)"), "backward");  // a sum may read the weights
}

TEST(Fold, GoesForwardThroughWhatCommutesWithIt) {
  EXPECT_EQ(fate("bn conv(4) relu gap fc(2)"), "forward");
  EXPECT_EQ(fate("conv(4) relu bn drop(0.5) avgpool(2) conv(3, p=0) gap fc(2)"), "forward");
  EXPECT_EQ(fate("relu bn gap fc(2)"), "forward");
  EXPECT_EQ(fate("relu bn flatten fc(2)"), "forward");
  EXPECT_EQ(fate("relu bn maxpool(3, s=2, p=1) conv(4) gap fc(2)", 0.5F), "forward");
}

TEST(Fold, AScaleOfZeroPassesAMaxPoolAndANegativeOneDoesNot) {
  EXPECT_EQ(fate("relu bn maxpool(2) conv(4) gap fc(2)", 0.0F), "forward");
  EXPECT_EQ(fate("relu bn maxpool(2) conv(4) gap fc(2)", -0.5F),
            "it reads relu, and a negative scale precedes a max-pool");
  EXPECT_EQ(fate("conv(4) maxpool(2) bn relu gap fc(2)", -0.5F),
            "a negative scale follows a max-pool, and relu reads it");
  EXPECT_EQ(fate("relu bn maxpool(2) conv(4) gap fc(2)", std::nanf("")),
            "it reads relu, and a negative scale precedes a max-pool");
}

TEST(Fold, SaysWhyABnIsKept) {
  EXPECT_EQ(fate("bn relu gap fc(2)"), "it reads the picture, and relu reads it");
  EXPECT_EQ(fate("relu bn gelu gap fc(2)"), "it reads relu, and gelu reads it");
  EXPECT_EQ(fate("conv(4) gn(2) bn gn(1) gap fc(2)"), "it reads gn(2), and gn(1) reads it");
  EXPECT_EQ(fate("conv(4) res(relu conv(4)) bn relu gap fc(2)"),
            "it reads a sum, and relu reads it");
  EXPECT_EQ(fate("conv(4) res(bn relu conv(4)) gap fc(2)"),
            "others read what it reads, and relu reads it");
  EXPECT_EQ(fate("relu bn res(conv(3)) gap fc(2)"), "it reads relu, and 2 stages read it");
  EXPECT_EQ(fate("res(relu bn) gap fc(2)"), "it reads relu, and a sum reads it");
  EXPECT_EQ(fate("conv(4) flatten bn relu fc(2)"),
            "it reads a flattened picture, and relu reads it");
  EXPECT_EQ(fate("gap fc(2) relu bn"), "it reads relu, and the logits are read from it");
}

TEST(Fold, KeepsWhatItCannotFoldAsItIs) {
  const network::Network network = make("relu bn relu gap fc(2)");
  const network::Values values = engine::lively_values(network, 7);
  const Folded folded = fold(network, values);
  EXPECT_EQ(folded.values, values);
  ASSERT_THAT(folded.network.stages, SizeIs(network.stages.size()));
  EXPECT_EQ(folded.network.flops_per_image(), network.flops_per_image());
}

TEST(Fold, OneBnBehindAnotherFoldsAfterIt) {
  const Folded backward = fold_lively(make("conv(4) bn bn relu gap fc(2)"));
  EXPECT_THAT(backward.fates, Each(::testing::Field(&BnFate::fate, Fate::backward)));
  const Folded forward = fold_lively(make("relu bn bn bn conv(4) gap fc(2)"));
  EXPECT_THAT(forward.fates, Each(::testing::Field(&BnFate::fate, Fate::forward)));
  EXPECT_THAT(forward.fates, Each(::testing::Field(&BnFate::into, "body.conv.0")));
}

// --- by hand ------------------------------------------------------------------------------------

/// bn with a = 2 / sqrt(3.75 + 0.25) = 1 and b = 5 - 1 * 3 = 2, in front of a 3x3 of ones.
network::Values by_hand(const network::Network& network) {
  network::Values values = network::initial_values(network, 0, 1);
  for (std::size_t i = 0; i < values.size(); ++i) {
    using enum network::ParameterKind;
    const auto kind = network.parameters[i].kind;
    const float value = kind == weight         ? 1.0F
                        : kind == scale        ? 2.0F
                        : kind == offset       ? 5.0F
                        : kind == running_mean ? 3.0F
                                               : 3.75F;
    if (kind != bias) values[i].assign(values[i].size(), value);
  }
  return values;
}

TEST(Fold, OfPaddedWeightsTheBiasCountsTheTapsInsideOfThePicture) {
  const network::Network network = make("bn(eps=0.25) conv(1, bias=off) flatten fc(2)",
                                        {.channels = 1, .height = 3, .width = 4});
  const Folded folded = fold(network, by_hand(network));
  // 4, 6 or 9 taps of b = 2 each.
  EXPECT_THAT(array(folded, "body.conv.0.bias"),
              ElementsAre(8, 12, 12, 8, 12, 18, 18, 12, 8, 12, 12, 8));
  EXPECT_THAT(array(folded, "body.conv.0.weight"), Each(1.0F));
  EXPECT_EQ(folded.network.parameters[1].dimensions, (std::vector<std::int64_t>{1, 3, 4}));
  const auto& conv = std::get<network::Conv>(folded.network.stages[0].operation);
  EXPECT_TRUE(conv.bias && conv.has_bias_map);
}

TEST(Fold, OfUnpaddedWeightsTheBiasIsOneNumberAChannel) {
  const network::Network network =
      make("bn(eps=0.25) conv(1, p=0) flatten fc(2)", {.channels = 1, .height = 3, .width = 4});
  const Folded folded = fold(network, by_hand(network));
  EXPECT_THAT(array(folded, "body.conv.0.bias"), ElementsAre(18));
  EXPECT_FALSE(std::get<network::Conv>(folded.network.stages[0].operation).has_bias_map);
}

TEST(Fold, APictureOfOneOutputNeedsNoMap) {
  const network::Network network =
      make("bn(eps=0.25) conv(1) flatten fc(2)", {.channels = 1, .height = 1, .width = 1});
  const Folded folded = fold(network, by_hand(network));
  EXPECT_THAT(array(folded, "body.conv.0.bias"), ElementsAre(2));  // one tap is inside
  EXPECT_FALSE(folded.fates[0].needs_bias_map);
}

TEST(Fold, BackwardScalesABiasMapThatCameFromTheOtherSide) {
  const network::Network network = make("bn(eps=0.25) conv(1, bias=off) bn(eps=0.25) flatten fc(2)",
                                        {.channels = 1, .height = 2, .width = 3});
  network::Values values = by_hand(network);
  const Folded folded = fold(network, values);
  EXPECT_EQ(folded.fates[1].fate, Fate::backward);
  // 4 or 6 taps of 2, then 1 y + 2.
  EXPECT_THAT(array(folded, "body.conv.0.bias"), ElementsAre(10, 14, 10, 10, 14, 10));
  EXPECT_THAT(folded.network.stages, SizeIs(3));
}

TEST(Fold, ThroughFlattenEachColumnTakesItsOwnChannel) {
  const network::Network network = make("relu bn(affine=off, eps=1e-9) flatten fc(2, bias=off)",
                                        {.channels = 2, .height = 1, .width = 2});
  network::Values values = network::initial_values(network, 0, 1);
  values[0] = {1, 10};     // means
  values[1] = {0.25F, 4};  // variances: a = 2 and 0.5, b = -2 and -5
  values[2] = {1, 1, 1, 1, 0, 0, 1, 2};
  const Folded folded = fold(network, values);
  EXPECT_THAT(array(folded, "body.fc.0.weight"),
              ElementsAre(FloatEq(2), FloatEq(2), FloatEq(0.5), FloatEq(0.5), 0, 0, FloatEq(0.5),
                          FloatEq(1)));
  EXPECT_THAT(array(folded, "body.fc.0.bias"), ElementsAre(FloatEq(-14), FloatEq(-15)));
}

// --- the border ---------------------------------------------------------------------------------

TEST(Fold, ABiasThatIsTheSameEverywhereIsWrongAtTheBorderAndOnlyThere) {
  const network::Network network = make("relu bn conv(4) flatten fc(2)");
  const network::Values values = engine::lively_values(network, 7);
  const Folded exact = fold(network, values);
  ASSERT_TRUE(exact.fates[0].needs_bias_map);
  Folded naive = exact;
  const auto parameter = static_cast<std::size_t>(naive.network.stages[1].parameters[1]);
  for (std::size_t i = 0; i < naive.values[parameter].size(); ++i) {
    naive.values[parameter][i] = exact.values[parameter][i / 36 * 36 + 14];  // of an inner pixel
  }
  const auto images = engine::random_images(kPicture, 1, 5);
  const auto output = [&](const network::Network& any, const network::Values& numbers,
                          std::size_t stage) {
    const reference::Tensor tensor{
        .count = 1, .shape = kPicture, .values = std::vector<double>(images.begin(), images.end())};
    return reference::run_forward(any, reference::widen(numbers), tensor,
                                  reference::Mode::evaluation)
        .outputs[stage];
  };
  const reference::Tensor wanted = output(network, values, 2);
  const reference::Tensor with_map = output(exact.network, exact.values, 1);
  const reference::Tensor without = output(naive.network, naive.values, 1);
  for (int p = 0; p < 6; ++p) {
    for (int q = 0; q < 6; ++q) {
      const bool is_border = p == 0 || q == 0 || p == 5 || q == 5;
      EXPECT_NEAR(with_map.at(0, 1, p, q), wanted.at(0, 1, p, q), 1e-5);
      const double off = std::abs(without.at(0, 1, p, q) - wanted.at(0, 1, p, q));
      EXPECT_TRUE(is_border ? off > 1e-3 : off < 1e-5) << p << "," << q << ": " << off;
    }
  }
}

// --- what is left is a network ------------------------------------------------------------------

TEST(Fold, LeavesANetworkWhosePartsKnowEachOther) {
  const network::Network network = make(
      "bn res(bn relu conv(5, s=2) bn relu conv(5)) relu bn res(conv(5) bn) maxpool(2) bn "
      "flatten bn fc(4, bias=off) bn relu fc(2)");
  const Folded folded = fold(network, values_with_scales(network, 0.5F));
  std::set<std::string> names;
  for (std::size_t i = 0; i < folded.network.parameters.size(); ++i) {
    const network::Parameter& parameter = folded.network.parameters[i];
    EXPECT_EQ(folded.values[i].size(), static_cast<std::size_t>(parameter.size()));
    EXPECT_TRUE(names.insert(parameter.name).second) << parameter.name;
    const auto& stage = folded.network.stages.at(static_cast<std::size_t>(parameter.stage));
    EXPECT_THAT(stage.parameters, ::testing::Contains(static_cast<int>(i)));
    EXPECT_TRUE(parameter.name.starts_with(stage.path + "."));
  }
  for (std::size_t i = 0; i < folded.network.stages.size(); ++i) {
    const network::Stage& stage = folded.network.stages[i];
    EXPECT_LT(stage.source, static_cast<int>(i));
    const Shape& read = stage.source == network::kInput
                            ? folded.network.input
                            : folded.network.stages[static_cast<std::size_t>(stage.source)].output;
    EXPECT_EQ(read, stage.input) << stage.path;
    EXPECT_EQ(stage.shortcut.has_value(), std::holds_alternative<network::Add>(stage.operation));
    if (stage.shortcut) {
      EXPECT_LT(*stage.shortcut, static_cast<int>(i));
    }
  }
  EXPECT_LT(folded.network.stages.size(), network.stages.size());
}

TEST(Fold, CountsWhatTheFoldedStagesTake) {
  const network::Network network = make("conv(4, bias=off) bn relu gap fc(2)");
  const Folded folded = fold_lively(network);
  const network::Stage& conv = folded.network.stages[0];
  EXPECT_EQ(conv.parameter_count, 4 * 3 * 9 + 4);
  EXPECT_EQ(conv.flops_per_image, network.stages[0].flops_per_image + conv.output.size());
  EXPECT_EQ(conv.text, "conv(4, bias=on)");
}

TEST(Fold, LeavesANetworkWithoutBnAlone) {
  const network::Network network = make("conv(4) relu gn(2) gap fc(2)");
  const network::Values values = engine::lively_values(network, 7);
  const Folded folded = fold(network, values);
  EXPECT_THAT(folded.fates, IsEmpty());
  EXPECT_EQ(folded.values, values);
}

TEST(Fold, RefusesValuesOfAnotherNetwork) {
  EXPECT_THROW(fold(make("conv(4) bn gap fc(2)"), {}), std::logic_error);
}

}  // namespace
}  // namespace whichfirst::fold
