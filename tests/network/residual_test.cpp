// Residuals, projections, units that stride or read vectors, and the presets made of them.
#include <gmock/gmock.h>

#include <algorithm>

#include "complaint.h"
#include "network/network.h"
#include "network/preset.h"
#include "notation/parse.h"

namespace whichfirst::network {
namespace {

using notation::Context;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr Shape kCifar{.channels = 3, .height = 32, .width = 32};

Network make(std::string_view body, std::string_view order, Shape input = kCifar) {
  return build({.body = notation::parse(body, Context::body),
                .order = notation::parse(order, Context::order),
                .input = input,
                .classes = 10});
}

std::string complaint(std::string_view body, std::string_view order) {
  return complaint_of([&] { make(body, order); });
}

/// "PATH STAGE <- SOURCE [+ SHORTCUT]".
std::vector<std::string> wiring(const Network& network) {
  const auto name = [&](int source) {
    return source == kInput ? std::string("input")
                            : network.stages[static_cast<std::size_t>(source)].path;
  };
  std::vector<std::string> lines;
  for (const Stage& stage : network.stages) {
    std::string line = stage.path + " " + stage.text + " <- " + name(stage.source);
    if (stage.shortcut) line += " + " + name(*stage.shortcut);
    lines.push_back(line);
  }
  return lines;
}

TEST(Residual, AddsWhatItReadsToWhatItMakes) {
  EXPECT_THAT(wiring(make("conv(8) unit(8) gap fc(10)", "res(bn relu conv) relu")),
              ElementsAre("body.conv.0 conv(8, bias=on) <- input", "units.0.bn bn <- body.conv.0",
                          "units.0.relu.0 relu <- units.0.bn",
                          "units.0.conv conv(8, bias=on) <- units.0.relu.0",
                          "units.0.res res <- units.0.conv + body.conv.0",
                          "units.0.relu.1 relu <- units.0.res", "body.gap.0 gap <- units.0.relu.1",
                          "body.fc.0 fc(10, bias=on) <- body.gap.0"));
}

TEST(Residual, ProjectsItsShortcutWhereShapesDiffer) {
  const Network network = make("conv(8) unit(16, s=2) gap fc(10)", "res(conv bn relu conv bn)");
  EXPECT_THAT(
      wiring(network),
      ElementsAre("body.conv.0 conv(8, bias=on) <- input",
                  "units.0.conv.0 conv(16, s=2, bias=off) <- body.conv.0",
                  "units.0.bn.0 bn <- units.0.conv.0", "units.0.relu relu <- units.0.bn.0",
                  "units.0.conv.1 conv(16, bias=off) <- units.0.relu",
                  "units.0.bn.1 bn <- units.0.conv.1",
                  "units.0.projection conv(16, k=1, s=2, bias=off) <- body.conv.0",
                  "units.0.res res <- units.0.bn.1 + units.0.projection",
                  "body.gap.0 gap <- units.0.res", "body.fc.0 fc(10, bias=on) <- body.gap.0"));
  EXPECT_EQ(network.stages[6].role, (Role{RoleKind::projection, 0}));
  EXPECT_EQ(network.stages[6].parameter_count, 8 * 16);
  EXPECT_EQ(network.stages[6].flops_per_image, 2 * 8 * 16 * 16 * 16);
  EXPECT_EQ(network.stages[4].role, (Role{RoleKind::conv, 2})) << "projections do not count";
}

TEST(Residual, CountsTheStridesOfItsPoolsAndOfResidualsInside) {
  const Network network =
      make("conv(8) unit(16, s=2, pool=2) gap fc(10)", "res(res(conv) pool relu)");
  EXPECT_THAT(wiring(network)[2],
              HasSubstr("units.0.projection.0 conv(16, k=1, s=2, bias=off) <- body.conv.0"));
  EXPECT_THAT(wiring(network)[6],
              HasSubstr("units.0.projection.1 conv(16, k=1, s=4, bias=off) <- body.conv.0"));
}

TEST(Residual, WithStridesBeyondThePictureLeavesOnePixel) {
  for (const char* body :
       {"res(5*conv(8, s=128)) gap fc(10)", "res(8*maxpool(1, s=16)) gap fc(10)"}) {
    const Network network = make(body, "conv");
    const Stage& sum = network.stages[network.stages.size() - 3];
    EXPECT_TRUE(std::holds_alternative<Add>(sum.operation));
    EXPECT_EQ(sum.output.pixels(), 1) << body;
  }
}

TEST(Residual, OfVectorsProjectsByAFullyConnectedLayer) {
  EXPECT_THAT(
      wiring(make("flatten unit(20, weight=fc) fc(10)", "res(ln gelu conv)",
                  {.channels = 2, .height = 3, .width = 3})),
      ElementsAre("body.flatten.0 flatten <- input", "units.0.ln ln <- body.flatten.0",
                  "units.0.gelu gelu <- units.0.ln", "units.0.fc fc(20, bias=on) <- units.0.gelu",
                  "units.0.projection fc(20, bias=off) <- body.flatten.0",
                  "units.0.res res <- units.0.fc + units.0.projection",
                  "body.fc.0 fc(10, bias=on) <- units.0.res"));
}

TEST(Residual, RefusesWhatCannotBeAdded) {
  EXPECT_THAT(complaint("conv(8) unit(8) gap fc(10)", "res(conv(p=0) bn)"),
              HasSubstr("units.0.res (res(conv(p=0) bn)) cannot be built: its sequence makes "
                        "8x30x30, its shortcut with the same stride of 1 makes 8x32x32; the "
                        "sequence must reach that size, with paddings such as p=1 for k=3"));
  EXPECT_THAT(complaint("res(conv(8) gap) fc(10)", "conv"), HasSubstr("cannot be added"));
  EXPECT_THAT(complaint("conv(8) unit(8) gap fc(10)", "conv res(pool)"),
              HasSubstr("units.0.res (res(pool)) cannot be built: it is empty here"));
}

TEST(Unit, StridesItsFirstConvolutionOnly) {
  const Network network = make("unit(8, s=2) gap fc(10)", "conv bn conv(s=3) bn");
  EXPECT_EQ(network.stages[0].text, "conv(8, s=2, bias=off)");
  EXPECT_EQ(network.stages[2].text, "conv(8, s=3, bias=off)");
}

TEST(Unit, GivesItsKernelToConvolutionsThatNameNone) {
  const Network network = make("unit(8, k=5, p=0) gap fc(10)", "conv conv(k=3) conv(k=1)");
  EXPECT_EQ(network.stages[0].text, "conv(8, k=5, p=0, bias=on)");
  EXPECT_EQ(network.stages[1].text, "conv(8, bias=on)");
  EXPECT_EQ(network.stages[2].text, "conv(8, k=1, bias=on)");
}

TEST(Unit, OfFullyConnectedWeightsReadsVectors) {
  const Network network = make("flatten 2*unit(9, weight=fc) fc(classes)", "conv bn relu");
  EXPECT_EQ(network.stages[1].path, "units.0.fc");
  EXPECT_EQ(network.stages[1].text, "fc(9, bias=off)") << "bn makes the bias redundant";
  EXPECT_THAT(complaint("flatten unit(9, weight=fc) fc(classes)", "conv(k=5) bn"),
              HasSubstr("the order's conv(k=5) says how to move over a picture"));
}

TEST(Bias, IsRedundantBeforeNormalisersThatCentreEachChannel) {
  const auto has_bias = [](std::string_view order) {
    return std::get<Conv>(make("unit(8) gap fc(10)", order).stages[0].operation).bias;
  };
  EXPECT_FALSE(has_bias("conv in"));
  EXPECT_FALSE(has_bias("conv avgpool(2) bn"));
  EXPECT_TRUE(has_bias("conv avgpool(3, p=1) bn"));
  EXPECT_TRUE(has_bias("conv gn(4)"));
  EXPECT_TRUE(has_bias("conv ln"));
  EXPECT_TRUE(has_bias("conv drop(0.1) bn")) << "what is dropped does not see the bias";
  EXPECT_TRUE(has_bias("conv res(bn relu)")) << "the shortcut carries it";
}

TEST(Groups, MustPartTheChannels) {
  EXPECT_THAT(complaint("unit(10) gap fc(10)", "conv gn(4)"),
              HasSubstr("units.0.gn (gn(4)) cannot be built: 10 channels do not part into 4"));
  EXPECT_THAT(complaint("gap in fc(10)", "conv"), HasSubstr("normalises each channel over its"));
  EXPECT_THAT(complaint("gap fc(4) gn(4) fc(10)", "conv"), HasSubstr("groups of a single number"));
}

TEST(Preset, EveryOneBuildsWithItsOwnOrdersOnColourAndGray) {
  for (const Preset& preset : presets()) {
    for (const auto& [name, order] : preset.orders) {
      for (const Shape& input : {kCifar, Shape{.channels = 1, .height = 28, .width = 28}}) {
        EXPECT_NO_THROW(make(preset.body, order, input)) << preset.name << " " << name;
      }
    }
  }
}

int count_weights(const Network& network, RoleKind kind) {
  return static_cast<int>(
      std::count_if(network.stages.begin(), network.stages.end(),
                    [&](const Stage& stage) { return stage.role && stage.role->kind == kind; }));
}

TEST(Preset, ResNet20HasThePublishedLayersAndSize) {
  const Network network = make(find_preset("resnet-20")->body, "res(conv bn relu conv bn) relu");
  EXPECT_EQ(count_weights(network, RoleKind::conv), 19);
  EXPECT_EQ(count_weights(network, RoleKind::fc), 1);
  EXPECT_EQ(count_weights(network, RoleKind::projection), 2);
  // He et al. 2015: 0.27 M, 269,722 with parameter-free shortcuts. Here: two projections 16*32 +
  // 32*64, a bias instead of a bn behind the first convolution (16 - 32), a bn before the head.
  EXPECT_EQ(network.parameter_count(), 269'722 + 512 + 2048 + 16 - 32 + 128);
}

TEST(Preset, DeepAndWideOnesHaveTheirDepthAndWidth) {
  const Network deep = make(find_preset("resnet-110")->body, "res(bn relu conv bn relu conv)");
  EXPECT_EQ(count_weights(deep, RoleKind::conv) + count_weights(deep, RoleKind::fc), 110);
  const Network wide = make(find_preset("wrn-16-4")->body, "res(bn relu conv bn relu conv)");
  EXPECT_EQ(count_weights(wide, RoleKind::conv) + count_weights(wide, RoleKind::projection) +
                count_weights(wide, RoleKind::fc),
            17);
  // Zagoruyko and Komodakis 2016, table 5: WRN-16-4 has 2.8 M parameters.
  EXPECT_NEAR(static_cast<double>(wide.parameter_count()), 2.75e6, 0.05e6);
}

TEST(Preset, LeNetHasItsClassicSize) {
  // On 28x28: 5*5*6 + 5*5*6*16 + 400*120 + 120*84 + 84*10 weights, biases 6 + 16 + 120 + 84 + 10.
  const Network plain =
      make(find_preset("lenet")->body, "conv tanh", {.channels = 1, .height = 28, .width = 28});
  EXPECT_EQ(plain.parameter_count(), 61'706);
}

}  // namespace
}  // namespace whichfirst::network
