#include <gmock/gmock.h>

#include "network/network.h"
#include "notation/parse.h"
#include "notation/print.h"

namespace whichfirst::network {
namespace {

using notation::Context;
using ::testing::ElementsAre;

std::vector<std::vector<std::string>> build_texts(
    const std::vector<std::string>& orders, const Match& match,
    std::string_view body = "2*unit(8) gap fc(classes)") {
  std::vector<Blueprint> blueprints;
  for (const std::string& order : orders) {
    blueprints.push_back({.body = notation::parse(body, Context::body),
                          .order = notation::parse(order, Context::order),
                          .input = {.channels = 3, .height = 8, .width = 8},
                          .classes = 4});
  }
  std::vector<std::vector<std::string>> texts;
  for (const Network& network : build_matched(blueprints, match)) {
    auto& lines = texts.emplace_back();
    for (const Stage& stage : network.stages) lines.push_back(stage.text);
  }
  return texts;
}

TEST(Match, OfNothingChangesNothing) {
  EXPECT_THAT(build_texts({"conv bn relu", "conv relu bn"}, {}),
              ElementsAre(ElementsAre("conv(8, bias=off)", "bn", "relu", "conv(8, bias=off)", "bn",
                                      "relu", "gap", "fc(4, bias=on)"),
                          ElementsAre("conv(8, bias=on)", "relu", "bn", "conv(8, bias=on)", "relu",
                                      "bn", "gap", "fc(4, bias=on)")));
}

TEST(Match, OfBiasGivesEveryOrderTheBiasThatAnyHas) {
  EXPECT_THAT(build_texts({"conv bn relu", "conv relu bn"}, {.bias = true})[0],
              ElementsAre("conv(8, bias=on)", "bn", "relu", "conv(8, bias=on)", "bn", "relu", "gap",
                          "fc(4, bias=on)"));
  EXPECT_THAT(build_texts({"conv bn relu", "bn conv relu"}, {.bias = true},
                          "unit(8) bn unit(8) gap fc(classes)")[0][0],
              "conv(8, bias=on)");
}

TEST(Match, OfBiasLeavesWhatOnlyOneOrderHasToItsOwnRule) {
  // The second convolution of a unit exists in b alone; the head's bias is not its business.
  const auto texts =
      build_texts({"conv bn relu", "conv relu conv bn"}, {.bias = true}, "unit(8) gap fc(classes)");
  EXPECT_THAT(texts[0], ElementsAre("conv(8, bias=on)", "bn", "relu", "gap", "fc(4, bias=on)"));
  EXPECT_THAT(texts[1], ElementsAre("conv(8, bias=on)", "relu", "conv(8, bias=off)", "bn", "gap",
                                    "fc(4, bias=on)"));
}

TEST(Match, OfEndsAddsNothingWhereTheHeadReadsASumOrNormalisedValuesAnyway) {
  for (const char* body :
       {"res(conv(8) 2*unit(8)) gap fc(classes)", "unit(8) relu bn gap fc(classes)"}) {
    const auto plain = build_texts({"conv bn relu", "conv relu bn"}, {}, body);
    EXPECT_EQ(build_texts({"conv bn relu", "conv relu bn"}, {.ends = true}, body), plain) << body;
  }
}

TEST(Match, OfAffineGivesEveryNormaliserTheScaleThatAnyHas) {
  const auto texts = build_texts({"conv bn(affine=off) relu", "conv relu bn"}, {.affine = true});
  EXPECT_EQ(texts[0][1], "bn");
  EXPECT_EQ(texts[0][4], "bn");
}

TEST(Match, OfEndsLetsEveryOrderBeginWithItsWeights) {
  const auto texts = build_texts({"conv bn relu", "bn relu conv"}, {.ends = true});
  EXPECT_EQ(texts[0], texts[1]) << "the same cycle, cut elsewhere";
  const auto rotate = [](std::string_view order) {
    return notation::print(begin_with_weights(notation::parse(order, Context::order)));
  };
  EXPECT_EQ(rotate("bn relu conv pool"), "conv pool bn relu");
  EXPECT_EQ(rotate("2*(bn conv)"), "conv bn conv bn");
  EXPECT_EQ(rotate("relu res(bn relu conv)"), "res(bn relu conv) relu");
  EXPECT_EQ(rotate("res(bn relu conv)"), "res(bn relu conv)");
  EXPECT_EQ(rotate("bn res(relu) conv"), "conv bn res(relu)") << "a residual without weights";
}

TEST(Match, OfEndsNormalisesBeforeTheHeadInAllOrdersOrInNone) {
  EXPECT_THAT(build_texts({"conv bn relu", "conv relu bn"}, {.ends = true}),
              ElementsAre(ElementsAre("conv(8, bias=off)", "bn", "relu", "conv(8, bias=off)", "bn",
                                      "relu", "bn", "gap", "fc(4, bias=on)"),
                          ElementsAre("conv(8, bias=on)", "relu", "bn", "conv(8, bias=on)", "relu",
                                      "bn", "gap", "fc(4, bias=on)")));
  const auto texts = build_texts({"conv bn relu", "conv relu"}, {.ends = true});
  EXPECT_THAT(texts[1], ElementsAre("conv(8, bias=on)", "relu", "conv(8, bias=on)", "relu", "gap",
                                    "fc(4, bias=on)"));
}

TEST(Match, OfEndsFindsTheLastUnitInsideARepetition) {
  const auto texts = build_texts({"conv bn relu", "conv relu bn"}, {.ends = true},
                                 "conv(8) 2*(unit(8) maxpool(2)) gap fc(classes)");
  EXPECT_EQ(texts[0][9], "bn");
  EXPECT_EQ(texts[0][10], "gap");
}

}  // namespace
}  // namespace whichfirst::network
