#include "algebra/relation.h"

#include <gmock/gmock.h>

#include <string>

#include "algebra/explain.h"
#include "base/error.h"
#include "notation/parse.h"

namespace whichfirst::algebra {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::ThrowsMessage;

constexpr Shape kPicture{.channels = 3, .height = 32, .width = 32};
constexpr Shape kVector{.channels = 64, .is_vector = true};

Explanation explain_orders(const std::string& a, const std::string& b,
                           const Shape& input = kPicture) {
  return explain(notation::parse(a, notation::Context::order),
                 notation::parse(b, notation::Context::order), input);
}

Answer answer(const std::string& a, const std::string& b, const Shape& input = kPicture) {
  return explain_orders(a, b, input).unit.relation.answer;
}

Answer answer_of_stack(const std::string& a, const std::string& b, const Shape& input = kPicture) {
  return explain_orders(a, b, input).stack.value().relation.answer;
}

std::vector<std::string> rules_of(const Relation& relation) {
  std::vector<std::string> names;
  for (const Reason& reason : relation.reasons) names.push_back(reason.rule);
  return names;
}

TEST(Relation, OfAnOrderWithItselfIsSameTrainingAndNeedsNoRule) {
  for (const char* order : {"conv bn relu", "cbr", "res(conv bn relu conv bn) relu",
                            "2*(conv gelu ln)", "conv drop(0.1) pool sign"}) {
    const Relation relation = explain_orders(order, order).unit.relation;
    EXPECT_EQ(relation.answer, Answer::same_training) << order;
    EXPECT_THAT(relation.reasons, IsEmpty());
  }
  EXPECT_EQ(answer("conv-norm-act", "cbr"), Answer::same_training);
}

TEST(Relation, IsTheSameWhicheverOrderStandsFirst) {
  const char* orders[] = {"conv bn relu",           "conv relu bn",          "conv maxpool bn relu",
                          "conv bn relu maxpool",   "bn relu conv",          "conv bn maxpool relu",
                          "conv drop(0.2) bn relu", "conv(bias=on) bn relu", "res(conv bn) relu"};
  for (const char* a : orders) {
    for (const char* b : orders) EXPECT_EQ(answer(a, b), answer(b, a)) << a << " | " << b;
  }
}

TEST(Relation, OfReluAndMaxPoolIsSameTrainingInAnyPlace) {
  const Explanation explanation = explain_orders("conv bn relu maxpool", "conv bn maxpool relu");
  EXPECT_EQ(explanation.unit.relation.answer, Answer::same_training);
  EXPECT_EQ(explanation.stack->relation.answer, Answer::same_training);
  EXPECT_THAT(rules_of(explanation.unit.relation), ElementsAre("relu and maxpool"));
  EXPECT_EQ(answer("res(conv relu maxpool(3, s=1, p=1))", "res(conv maxpool(3, s=1, p=1) relu)"),
            Answer::same_training);
  EXPECT_EQ(answer("relu res(maxpool(3, s=1, p=1) conv)", "res(maxpool(3, s=1, p=1) relu conv)"),
            Answer::different)
      << "the shortcut reads relu too";
}

TEST(Relation, OfFunctionsThatFallSomewhereIsDifferent) {
  for (const char* word : {"gelu", "silu", "hardswish", "mish"}) {
    const std::string act(word);
    EXPECT_EQ(answer("conv " + act + " maxpool", "conv maxpool " + act), Answer::different);
  }
  for (const char* word :
       {"leaky(0.3)", "elu", "tanh", "sigmoid", "softsign", "softplus", "sign"}) {
    const std::string act(word);
    EXPECT_EQ(answer("conv " + act + " maxpool", "conv maxpool " + act), Answer::same_function);
  }
}

TEST(Relation, OfBnAndActivationIsAClassWhereWhatReadsThemDoesNotPad) {
  EXPECT_EQ(answer("conv bn relu", "conv relu bn"), Answer::same_function_class);
  EXPECT_EQ(answer_of_stack("conv bn relu", "conv relu bn"), Answer::different) << "the border";
  EXPECT_EQ(answer_of_stack("conv(p=0) bn relu", "conv(p=0) relu bn"), Answer::same_function_class);
  EXPECT_EQ(answer_of_stack("conv(k=1) bn tanh", "conv(k=1) tanh bn"), Answer::same_function_class);
  EXPECT_EQ(answer_of_stack("conv bn relu", "conv relu bn", kVector), Answer::same_function_class);
  EXPECT_EQ(answer("conv bn relu", "conv(bias=off) relu bn"), Answer::different) << "no threshold";
  EXPECT_EQ(answer("conv bn relu", "conv relu bn(affine=off)"), Answer::same_function_class);
  EXPECT_EQ(answer("conv bn(affine=off) relu", "conv relu bn"), Answer::different);
  EXPECT_EQ(answer("res(conv bn relu conv)", "res(conv relu bn conv)"), Answer::different)
      << "the border inside of a residual";
}

std::vector<std::string> obstacles_of(const std::string& a, const std::string& b) {
  std::vector<std::string> numbers;
  for (const Reason& reason : explain_orders(a, b).unit.relation.reasons) {
    EXPECT_EQ(reason.upholds, Answer::different);
    numbers.push_back(reason.number);
  }
  return numbers;
}

TEST(Relation, NamesTheRulesThatAreNeededAndNoOthers) {
  const auto rules = [](const char* a, const char* b) {
    return rules_of(explain_orders(a, b).unit.relation);
  };
  EXPECT_THAT(rules("conv(bias=off) drop(0.2) bn relu", "conv bn relu drop(0.2)"),
              ElementsAre("drop at inference"));
  EXPECT_THAT(rules("conv sign maxpool", "conv maxpool sign"), ElementsAre("sign and maxpool"));
  EXPECT_THAT(rules("conv bn relu", "conv relu bn"),
              ElementsAre("bn into the weights before it", "bn into the weights after it"));
  EXPECT_THAT(rules("conv relu maxpool", "conv relu maxpool"), IsEmpty());
}

TEST(Relation, OfABiasBehindWhichDropoutStandsIsAClass) {
  EXPECT_EQ(answer("conv(bias=on) drop(0.5) bn relu", "conv(bias=off) drop(0.5) bn relu"),
            Answer::same_function_class);
  EXPECT_EQ(answer("conv(bias=on) maxpool drop(0.5) avgpool bn", "conv maxpool avgpool bn"),
            Answer::same_function_class);
  EXPECT_EQ(answer("conv(bias=on) drop(0.5) bn(affine=off) relu", "conv bn(affine=off) relu"),
            Answer::different);
  EXPECT_EQ(answer("conv(bias=on) bn drop(0.5)", "conv bn"), Answer::same_at_inference)
      << "the bn stands before the dropout";
}

TEST(Relation, OfGroupsThatAreALayerOrAnInstanceIsSameTraining) {
  EXPECT_EQ(answer("conv gn(1) relu", "conv ln relu"), Answer::same_training);
  EXPECT_EQ(answer_of_stack("conv gn(1, affine=off) relu", "conv ln(affine=off) relu"),
            Answer::same_training);
  EXPECT_EQ(answer("conv gn(1) relu", "conv ln relu", kVector), Answer::same_training);
  EXPECT_EQ(answer("conv(bias=off) gn(3) relu", "conv in relu"), Answer::same_training);
  EXPECT_EQ(answer("conv gn(3) relu", "conv in relu"), Answer::same_function) << "gn has a bias";
  EXPECT_EQ(answer("conv gn(1) relu", "conv gn(3) relu"), Answer::different);
  EXPECT_EQ(answer("conv gn(1) relu", "conv bn relu"), Answer::different);
  EXPECT_EQ(answer("conv gn(1, affine=off) relu", "conv ln relu"), Answer::different);
}

TEST(Relation, SaysWhatStandsInTheWay) {
  EXPECT_EQ(explain_orders("conv bn relu", "conv relu bn").stack->relation.reasons.front().number,
            "D10");
  EXPECT_THAT(obstacles_of("conv bn relu", "conv(bias=off) relu bn"), ElementsAre("D8"));
  EXPECT_THAT(obstacles_of("conv bn relu pool maxpool", "conv maxpool bn relu"), ElementsAre("D7"));
  EXPECT_THAT(obstacles_of("conv bn(affine=off) relu", "conv relu bn"), ElementsAre("D19"));
  EXPECT_THAT(obstacles_of("conv gelu maxpool", "conv maxpool gelu"), ElementsAre("D7"));
  EXPECT_THAT(
      obstacles_of("conv(bias=on) drop(0.5) bn(affine=off) relu", "conv bn(affine=off) relu"),
      ElementsAre("D8", "D19"));
  const auto offset =
      explain_orders("conv(k=1, bias=off) relu bn", "conv(k=1, bias=off) relu bn(affine=off)");
  EXPECT_EQ(offset.unit.relation.answer, Answer::same_function_class);
  EXPECT_EQ(offset.stack->relation.answer, Answer::different);
  ASSERT_EQ(offset.stack->relation.reasons.size(), 1U);
  EXPECT_THAT(offset.stack->relation.reasons.front().says,
              HasSubstr("weights without a bias after bn"));
}

TEST(Relation, GrowsStrongerWhereNoScaleIsNegative) {
  const StackRelation pools = explain_orders("conv bn relu maxpool", "conv maxpool bn relu").unit;
  EXPECT_EQ(pools.relation.answer, Answer::different);
  ASSERT_TRUE(pools.with_positive_scales);
  EXPECT_EQ(pools.with_positive_scales->answer, Answer::same_at_inference);
  EXPECT_FALSE(explain_orders("conv bn relu", "conv relu bn").unit.with_positive_scales);
}

TEST(Relation, OfACycleCutElsewhereIsDifferentAtTheEnds) {
  const Explanation cycle = explain_orders("conv bn relu", "bn relu conv");
  EXPECT_EQ(cycle.unit.relation.answer, Answer::different);
  EXPECT_TRUE(cycle.is_same_cycle);
  EXPECT_EQ(cycle.cycle_a, "conv bn relu");
  EXPECT_EQ(cycle.cycle_b, "conv bn relu");
  EXPECT_TRUE(explain_orders("relu bn conv", "bn conv relu").is_same_cycle);
  EXPECT_FALSE(explain_orders("conv bn relu", "conv relu bn").is_same_cycle);
  EXPECT_TRUE(explain_orders("2*(conv relu) bn", "conv relu bn conv relu").is_same_cycle);
  bool sees_ends = false;
  for (const LedgerRow& row : cycle.ledger) {
    if (row.what != "the first convolution reads") continue;
    sees_ends = true;
    EXPECT_THAT(row.values, ElementsAre("the picture", "bn relu of the picture"));
  }
  EXPECT_TRUE(sees_ends);
}

TEST(Relation, LeavesNoNotesOnOrdersThatAreAlike) {
  EXPECT_THAT(explain_orders("conv bn relu", "cbr").notes, IsEmpty());
  EXPECT_EQ(explain_orders("conv bn relu", "conv relu bn").notes.front().number, "D1");
  const auto drop = explain_orders("conv drop(0.2) bn relu", "conv bn relu drop(0.2)").notes;
  ASSERT_EQ(drop.size(), 1U);
  EXPECT_EQ(drop.front().number, "D13");
}

TEST(Relation, OfStagesThatAParameterMakesTrivial) {
  EXPECT_EQ(answer("conv bn drop(0) leaky(0)", "conv bn relu"), Answer::same_training);
  EXPECT_EQ(answer("conv bn leaky(1)", "conv bn"), Answer::same_training);
  EXPECT_EQ(answer("conv bn leaky(0.5)", "conv bn"), Answer::different);
  EXPECT_EQ(answer("conv bn(momentum=0.01) relu", "conv bn relu"), Answer::same_function);
  EXPECT_EQ(answer("conv bn(eps=0.01) relu", "conv bn(momentum=0.2) relu"),
            Answer::same_function_class);
  // The dropout that draws is the second of its kind on one side, the first on the other.
  EXPECT_EQ(answer("conv bn drop(0) relu drop(0.3)", "conv bn relu drop(0.3)"),
            Answer::same_at_inference);
}

TEST(Relation, OfTheLongestOrdersEnds) {
  const std::string longest = "1000*relu 900*(maxpool(3, s=1, p=1))";
  const std::string turned = "900*(maxpool(3, s=1, p=1)) 1000*relu";
  const Shape small{.channels = 1, .height = 4, .width = 4};
  EXPECT_EQ(answer("conv " + longest, "conv " + turned, small), Answer::same_training);
}

TEST(Relation, NamesTheOrderThatCannotBeBuilt) {
  EXPECT_THAT([] { explain_orders("conv bn", "conv maxpool(40)"); },
              ThrowsMessage<Error>(HasSubstr(
                  "order 'conv maxpool(40)' on pictures of 3x32x32: units.0.maxpool (maxpool(40)) "
                  "cannot be built")));
  EXPECT_THAT([] { explain_orders("conv maxpool", "conv bn", kVector); },
              ThrowsMessage<Error>(HasSubstr("order 'conv maxpool(2)' on vectors of 64: ")));
}

TEST(Terms, PrintWhatTheyStandFor) {
  const auto network =
      build_stack(notation::parse("res(conv bn) relu", notation::Context::order), kPicture, 1);
  EXPECT_EQ(print_terms(terms_of(network)), "[ conv(3) bn ] relu gap fc(10, bias=on)");
}

}  // namespace
}  // namespace whichfirst::algebra
