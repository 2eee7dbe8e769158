#include "network/network.h"

#include <gmock/gmock.h>

#include <cmath>

#include "complaint.h"
#include "network/preset.h"
#include "notation/parse.h"
#include "notation/print.h"

namespace whichfirst::network {
namespace {

using notation::BiasRule;
using notation::Context;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr Shape kCifar{.channels = 3, .height = 32, .width = 32};

Network make(std::string_view body, std::string_view order = "conv bn relu", Shape input = kCifar,
             BiasRule bias = BiasRule::automatic) {
  return build({.body = notation::parse(body, Context::body),
                .order = notation::parse(order, Context::order),
                .input = input,
                .classes = 10,
                .bias = bias});
}

std::string complaint(std::string_view body, std::string_view order = "conv bn relu",
                      Shape input = kCifar) {
  return complaint_of([&] { make(body, order, input); });
}

std::vector<std::string> paths(const Network& network) {
  std::vector<std::string> result;
  for (const Stage& stage : network.stages) result.push_back(stage.path);
  return result;
}

std::vector<std::string> texts(const Network& network) {
  std::vector<std::string> result;
  for (const Stage& stage : network.stages) result.push_back(stage.text);
  return result;
}

TEST(Network, Article15HasTheArticlesShapesAndSizes) {
  const Network network = make(find_preset("article-15")->body);
  int convolutions = 0;
  for (const Stage& stage : network.stages) {
    if (!std::holds_alternative<Conv>(stage.operation)) continue;
    ++convolutions;
    if (convolutions == 10) {
      EXPECT_EQ(stage.output.channels, 64);
    }
    if (convolutions == 15) {
      EXPECT_EQ(stage.output, (Shape{.channels = 64, .height = 4, .width = 4}));
    }
  }
  EXPECT_EQ(convolutions, 15);
  // By hand: weights 3*16*9 + 2*16*16*9 + 16*32*9 + 3*32*32*9 + 32*64*9 + 7*64*64*9 = 313,776; bn
  // 2 * (3*16 + 4*32 + 8*64) = 1,376; classifier 64*10 + 10.
  EXPECT_EQ(network.parameter_count(), 313'776 + 1'376 + 650);
  // Multiply-adds of the convolutions alone: 48 MFLOP, a training step three times that.
  std::int64_t convolution_flops = 0;
  for (const Stage& stage : network.stages) {
    if (std::holds_alternative<Conv>(stage.operation)) convolution_flops += stage.flops_per_image;
  }
  EXPECT_EQ(convolution_flops, 48'070'656);
}

TEST(Network, NamesStagesAsPyTorchCounts) {
  EXPECT_THAT(paths(make("conv(8) 2*unit(8) gap fc(classes)")),
              ElementsAre("body.conv.0", "units.0.conv", "units.0.bn", "units.0.relu",
                          "units.1.conv", "units.1.bn", "units.1.relu", "body.gap.0", "body.fc.0"));
  EXPECT_THAT(paths(make("unit(8) gap fc(classes)", "bn relu conv bn relu conv")),
              ElementsAre("units.0.bn.0", "units.0.relu.0", "units.0.conv.0", "units.0.bn.1",
                          "units.0.relu.1", "units.0.conv.1", "body.gap.0", "body.fc.0"));
}

TEST(Network, OrderWithoutConvGetsItFirst) {
  EXPECT_EQ(notation::print(complete_order(notation::parse("relu bn", Context::order))),
            "conv relu bn");
  EXPECT_EQ(notation::print(complete_order(notation::parse("bn 2*(relu conv)", Context::order))),
            "bn 2*(relu conv)");
}

TEST(Network, PoolsWhereTheOrderSaysOrLast) {
  EXPECT_THAT(texts(make("unit(8, pool=2) unit(8) gap fc(10)", "conv pool bn relu")),
              ElementsAre("conv(8, bias=off)", "maxpool(2)", "bn", "relu", "conv(8, bias=off)",
                          "bn", "relu", "gap", "fc(10, bias=on)"));
  EXPECT_THAT(
      texts(make("unit(8, pool=2) gap fc(10)", "conv relu bn")),
      ElementsAre("conv(8, bias=on)", "relu", "bn", "maxpool(2)", "gap", "fc(10, bias=on)"));
}

TEST(Network, BiasIsLeftOutOnlyWhereBatchNormMakesItRedundant) {
  const auto first_bias = [](std::string_view body, std::string_view order,
                             BiasRule rule = BiasRule::automatic) {
    return std::get<Conv>(make(body, order, kCifar, rule).stages[0].operation).bias;
  };
  const std::string_view body = "unit(8, pool=2) gap fc(classes)";
  EXPECT_FALSE(first_bias(body, "conv bn relu"));
  EXPECT_FALSE(first_bias(body, "conv pool bn relu"));
  EXPECT_FALSE(first_bias(body, "conv maxpool(2) pool bn(affine=off)"));
  EXPECT_TRUE(first_bias(body, "conv maxpool(3, p=1) bn"));
  EXPECT_TRUE(first_bias(body, "conv relu bn"));
  EXPECT_TRUE(first_bias(body, "conv relu"));
  EXPECT_FALSE(first_bias("unit(8) bn gap fc(classes)", "conv"));
  EXPECT_TRUE(first_bias(body, "conv bn relu", BiasRule::on));
  EXPECT_FALSE(first_bias(body, "conv relu bn", BiasRule::off));
  EXPECT_TRUE(first_bias(body, "conv(bias=on) bn relu", BiasRule::off));
}

TEST(Network, CountsShapesParametersAndFlopsByHand) {
  //  1x5x7 -> conv(10, k=3, s=2): 10x3x4, 90 weights + 10 biases
  const Network network = make("conv(10, s=2) relu maxpool(2) flatten fc(classes)", "conv",
                               {.channels = 1, .height = 5, .width = 7});
  EXPECT_EQ(network.stages[0].output, (Shape{.channels = 10, .height = 3, .width = 4}));
  EXPECT_EQ(network.stages[0].parameter_count, 100);
  EXPECT_EQ(network.stages[0].flops_per_image, 2 * 90 * 12 + 120);
  EXPECT_EQ(network.stages[2].output, (Shape{.channels = 10, .height = 1, .width = 2}));
  EXPECT_EQ(network.stages[3].output, (Shape{.channels = 20, .is_vector = true}));
  EXPECT_EQ(network.stages[4].parameter_count, 210);
  EXPECT_EQ(network.parameters[0].name, "body.conv.0.weight");
  EXPECT_THAT(network.parameters[0].dimensions, ElementsAre(10, 1, 3, 3));
}

TEST(Network, RefusesWhatCannotBeBuiltByNamingTheStage) {
  EXPECT_EQ(complaint("conv(8) fc(classes)"),
            "body.fc.0 (fc(classes)) cannot be built: it reads a vector, found 8x32x32; put gap or "
            "flatten before it");
  EXPECT_THAT(complaint("6*unit(8, pool=2) gap fc(classes)"),
              HasSubstr("units.5.maxpool (maxpool(2)) cannot be built: a 2x2 kernel does not fit "
                        "its input of 8x1x1"));
  EXPECT_THAT(complaint("gap conv(8)"), HasSubstr("body.conv.0"));
  EXPECT_THAT(complaint("gap gap fc(classes)"), HasSubstr("body.gap.1"));
  EXPECT_THAT(complaint("gap flatten fc(classes)"), HasSubstr("a vector needs no flatten"));
  EXPECT_THAT(complaint("gap maxpool(2) fc(classes)"), HasSubstr("body.maxpool.0"));
  EXPECT_THAT(complaint("conv(8, k=255, p=0) gap fc(classes)"), HasSubstr("does not fit"));
  EXPECT_THAT(complaint("gap fc(7)"), HasSubstr("expected a vector of 10 numbers"));
  EXPECT_THAT(complaint("unit(8)"), HasSubstr("end it with 'gap fc(classes)'"));
}

TEST(Network, RefusesSizesThatNoMachineShouldTry) {
  EXPECT_THAT(complaint("conv(65536) conv(65536) gap fc(classes)"), HasSubstr("weights, at most"));
  EXPECT_THAT(complaint("conv(65536, k=1) gap fc(classes)", "conv",
                        {.channels = 1, .height = 4096, .width = 4096}),
              HasSubstr("numbers per image; the limit is"));
  EXPECT_THAT(complaint("1000*unit(8) gap fc(classes)", "100*(relu bn)"),
              HasSubstr("more than 4000 stages"));
  EXPECT_THAT(complaint("flatten fc(65536) fc(65536) fc(classes)"), HasSubstr("body.fc.1"));
}

TEST(InitialValues, HaveTheVarianceOfTheirLaw) {
  const Network network = make("conv(64) conv(64) gap fc(1000) fc(classes)");
  const Values values = initial_values(network, 1, 1);
  const auto mean_square = [&](int index) {
    double sum = 0;
    for (const float w : values[static_cast<std::size_t>(index)]) sum += double{w} * w;
    return sum / static_cast<double>(values[static_cast<std::size_t>(index)].size());
  };
  // 64*64*9 weights: standard error of the mean square 2/sqrt(2 n) of itself, five of them.
  EXPECT_NEAR(mean_square(2) / (2.0 / (64 * 9)), 1, 5 * std::sqrt(2.0 / (64 * 64 * 9)));
  EXPECT_NEAR(mean_square(4) / (1.0 / 64), 1, 5 * std::sqrt(2.0 / 64'000));
}

TEST(InitialValues, OrdersStartFromTheSameConvolutions) {
  const std::string_view body = "2*unit(8) gap fc(classes)";
  const Network bn_first = make(body, "conv bn relu");
  const Network act_first = make(body, "conv relu bn");
  const auto roles = shared_roles({bn_first, act_first});
  EXPECT_EQ(roles.size(), 3U);
  const Values a = initial_values(bn_first, 3, 7);
  const Values b = initial_values(act_first, 3, 7);
  EXPECT_EQ(hash_weights(bn_first, a, roles), hash_weights(act_first, b, roles));
  EXPECT_NE(hash_weights(bn_first, a, roles),
            hash_weights(act_first, initial_values(act_first, 3, 8), roles));
  EXPECT_NE(hash_weights(bn_first, a, roles),
            hash_weights(act_first, initial_values(act_first, 4, 7), roles));
}

TEST(InitialValues, RolesOfOtherShapesAreNotShared) {
  const Network one = make("unit(8) gap fc(classes)", "conv bn relu");
  const Network two = make("unit(8) gap fc(classes)", "conv(k=5) bn relu conv");
  EXPECT_THAT(shared_roles({one, two}), ElementsAre(Role{RoleKind::fc, 0}));
}

}  // namespace
}  // namespace whichfirst::network
