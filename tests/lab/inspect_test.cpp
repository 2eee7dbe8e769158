#include "lab/inspect.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "base/error.h"
#include "notation/parse.h"

namespace whichfirst::lab {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Property;
using ::testing::SizeIs;
using ::testing::Throws;

Question ask(Input input, const std::vector<std::string>& orders, const std::string& then = "") {
  Question question{.input = std::move(input), .orders = {}, .then = {}, .parameters = {}};
  for (const std::string& order : orders) {
    question.orders.push_back(notation::parse(order, notation::Context::order));
  }
  if (!then.empty()) question.then = notation::parse(then, notation::Context::order);
  return question;
}

const Claim& claim_about(const Inspection& inspection, const std::string& about) {
  const auto found = std::find_if(inspection.claims.begin(), inspection.claims.end(),
                                  [&](const Claim& claim) { return claim.about == about; });
  if (found == inspection.claims.end()) throw Error("no claim about " + about);
  return *found;
}

/// Two channels of four values.
Input two_channels(const std::vector<double>& first, const std::vector<double>& second) {
  Input input{.name = "two channels",
              .values = reference::zeros(1, {.channels = 2, .height = 2, .width = 2}),
              .gaussian = {}};
  std::copy(first.begin(), first.end(), input.values.values.begin());
  std::copy(second.begin(), second.end(), input.values.values.begin() + 4);
  return input;
}

TEST(Inspect, NamesStagesByTheirWordAndNumbersTheirRepetitions) {
  const Inspection inspection =
      inspect(ask(built_in_picture(), {"relu bn relu", "res(conv) pool"}, "maxpool"));
  std::vector<std::string> taps;
  for (const StageValues& stage : inspection.orders[0].stages) taps.push_back(stage.tap);
  EXPECT_THAT(taps, ElementsAre("relu.0", "bn", "relu.1", "maxpool"));
  EXPECT_EQ(inspection.orders[0].own_stages, 3U);
  taps.clear();
  for (const StageValues& stage : inspection.orders[1].stages) taps.push_back(stage.tap);
  EXPECT_THAT(taps, ElementsAre("conv", "res", "maxpool.0", "maxpool.1"));
}

TEST(Inspect, DescribesChannelsApartAndAllTogether) {
  const Inspection inspection = inspect(ask(two_channels({1, 2, 3, 4}, {-5, 0, 0, 5}), {"relu"}));
  ASSERT_THAT(inspection.input.channels, SizeIs(2));
  EXPECT_EQ(inspection.input.channels[0].summary.mean(), 2.5);
  EXPECT_EQ(inspection.input.channels[1].summary.zero_share(), 0.5);
  EXPECT_EQ(inspection.input.all.summary.mean(), 1.25);
  EXPECT_EQ(inspection.input.all.summary.count(), 8);
  // One range for all channels: from -5 to 5.
  EXPECT_EQ(inspection.input.channels[0].histogram.edges.front(), -5);
  EXPECT_EQ(inspection.input.channels[0].histogram.edges.back(), 5);
}

TEST(Inspect, DescribesNoChannelWhereThereAreThousands) {
  const Inspection inspection = inspect(ask(draw_normal("1x40x40", {}, 1), {"flatten relu"}));
  EXPECT_THAT(inspection.orders[0].stages[0].channels, IsEmpty());
  EXPECT_EQ(inspection.orders[0].stages[0].all.summary.count(), 1600);
}

TEST(Claims, FindOneChannelInWhichMoreThanScaleDiffers) {
  const Inspection same =
      inspect(ask(two_channels({-1, 1, -2, 2}, {-3, 3, 4, -4}), {"bn relu", "relu bn"}));
  EXPECT_EQ(claim_about(same, "only-scale-differs").answer, true);
  const Inspection other =
      inspect(ask(two_channels({-1, 1, -2, 2}, {-3, 3, 4, 1}), {"bn relu", "relu bn"}));
  EXPECT_EQ(claim_about(other, "only-scale-differs").answer, false);
}

TEST(Claims, DoNotCallAConstantTheSameUpToScale) {
  // All of the first channel is negative: relu bn makes it constant, bn relu does not.
  const Inspection inspection =
      inspect(ask(two_channels({-1, -2, -3, -4}, {-1, 1, -2, 2}), {"bn relu", "relu bn"}));
  const Claim& claim = claim_about(inspection, "only-scale-differs");
  EXPECT_EQ(claim.answer, false);
  EXPECT_THAT(claim.text, HasSubstr("some channels are constant in one of the two only"));
}

TEST(Claims, DoNotCallAMirrorImageTheSameUpToScale) {
  Question question = ask(parse_values("-3 1 2 0.5"), {"bn", "in"});
  EXPECT_EQ(claim_about(inspect(question), "only-scale-differs").answer, true);
  question = ask(parse_values("-3 1 2 0.5"), {"bn", "bn bn"});
  question.parameters.scale = {-1};
  EXPECT_EQ(claim_about(inspect(question), "only-scale-differs").answer, false);
}

TEST(Claims, OfANegativeScaleSayThatTheLowTailIsKept) {
  Question question = ask(parse_values("0 1 2 3 4"), {"bn relu", "relu bn"});
  question.parameters.scale = {-1};
  EXPECT_THAT(claim_about(inspect(question), "same-cut").text,
              HasSubstr("bn relu cuts 3 of 5 values, those from 2 on"));
}

TEST(Claims, OfDifferentShapesAnswerNo) {
  const Inspection inspection = inspect(ask(built_in_picture(), {"relu", "relu maxpool"}));
  EXPECT_EQ(claim_about(inspection, "only-scale-differs").text,
            "the two end with different shapes");
  EXPECT_EQ(claim_about(inspection, "only-scale-differs").answer, false);
}

TEST(Claims, AboutTheoryWaitForEnoughValues) {
  const Inspection inspection = inspect(ask(draw_normal("10x10", {}, 1), {"bn relu"}));
  EXPECT_EQ(claim_about(inspection, "as-in-theory").answer, std::nullopt);
}

TEST(Claims, AboutTheoryWaitForEnoughValuesThatPassTheRelu) {
  for (const auto& [shape, mean] : {std::pair("10x8x10x10", -3.5), std::pair("64x16x8x8", -3.0),
                                    std::pair("64x4x14x14", -40.0)}) {
    for (const char* order : {"relu", "relu bn"}) {
      const Inspection inspection = inspect(ask(draw_normal(shape, {.mean = mean}, 1), {order}));
      const Claim& claim = claim_about(inspection, "as-in-theory");
      EXPECT_EQ(claim.answer, std::nullopt) << claim.text;
      EXPECT_THAT(claim.text, Not(HasSubstr("nan")));
      EXPECT_THAT(claim.text,
                  HasSubstr("fewer than 50 values per channel are expected to pass relu"));
    }
  }
}

TEST(Claims, AboutTheoryHoldForRareValuesAndConstants) {
  // One of 100,000 values is cut where 0.03 are expected.
  const Inspection rare = inspect(ask(draw_normal("10x1x100x100", {.mean = 5}, 52), {"relu"}));
  const Claim& claim = claim_about(rare, "as-in-theory");
  EXPECT_EQ(claim.answer, true);
  EXPECT_THAT(claim.text, HasSubstr("zero share 1e-05 (theory 2.867e-07)"));
  Question question = ask(draw_normal("4x2x32x32", {}, 1), {"bn relu", "relu bn", "bn"});
  question.parameters.scale = {0};
  for (const Claim& constant : inspect(question).claims) {
    if (constant.about != "as-in-theory") continue;
    EXPECT_EQ(constant.answer, true) << constant.question << constant.text;
  }
}

TEST(Claims, AboutTheoryCannotTellBeyondTheRangeOfNumbers) {
  Question question = ask(draw_normal("4x2x32x32", {}, 1), {"bn relu", "relu bn"});
  question.parameters.scale = {1e-200};
  question.parameters.offset = {1e200};
  const Claim claim = claim_about(inspect(question), "as-in-theory");
  EXPECT_EQ(claim.answer, std::nullopt);
  EXPECT_THAT(claim.text, HasSubstr("what theory says leaves the range of numbers"));
  EXPECT_THAT(claim.text, Not(HasSubstr("nan")));
}

TEST(Claims, AboutScaleCannotTellFromTwoPoints) {
  for (const char* values : {"5 -7", "5 -7 5 5 -7"}) {
    const Inspection inspection = inspect(ask(parse_values(values), {"bn relu", "relu bn"}));
    const Claim& claim = claim_about(inspection, "only-scale-differs");
    EXPECT_EQ(claim.answer, std::nullopt) << values;
    EXPECT_EQ(claim.text,
              "no channel has three different pairs of values, and a line goes through any two");
  }
  const Inspection mixed =
      inspect(ask(two_channels({5, -7, 5, -7}, {-3, 3, 4, -4}), {"bn relu", "relu bn"}));
  EXPECT_EQ(claim_about(mixed, "only-scale-differs").answer, true);
  EXPECT_THAT(claim_about(mixed, "only-scale-differs").text,
              HasSubstr("; channels without three different pairs are left out"));
}

TEST(Claims, AboutAPoolTakeTheFirstOfARepetition) {
  for (const char* then :
       {"2*maxpool(3, s=1, p=1)", "2*(maxpool(3, s=1, p=1) tanh)", "res(maxpool(3, s=1, p=1))"}) {
    const Inspection inspection = inspect(ask(draw_normal("2x2x8x8", {}, 0), {"relu"}, then));
    EXPECT_EQ(claim_about(inspection, "pool-commutes").answer, true) << then;
  }
}

TEST(Claims, AboutAPoolCannotTellWithoutAFiniteValue) {
  const Inspection inspection =
      inspect(ask(parse_values("nan nan nan nan; nan nan nan nan"), {"relu"}, "pool"));
  EXPECT_EQ(claim_about(inspection, "pool-commutes").answer, std::nullopt);
  EXPECT_EQ(claim_about(inspection, "pool-commutes").text, "there is no finite value");
}

TEST(Inspect, RefusesMoreWorkThanAllOrdersMayTake) {
  Question question = ask(plan_normal("16x4x256x256", {}, 0), {"8*bn", "8*bn relu"}, "2*relu");
  EXPECT_NO_THROW(require_buildable(question));  // 21 stages of 4,194,304 numbers
  for (int i = 0; i < 2; ++i) question.orders.push_back(question.orders[0]);
  EXPECT_THAT([&] { require_buildable(question); },
              Throws<Error>(Property(
                  &Error::what,
                  AllOf(HasSubstr("--orders: expected stages that together make at most 134217728 "
                                  "numbers with 274877906944 multiplications and additions, found "
                                  "171966720 with 306184192"),
                        HasSubstr("; give fewer orders, or take fewer or smaller images")))));
}

TEST(Inspect, KnowsFromTheShapeAloneThatAnOrderDoesNotFit) {
  const Question question = ask(plan_normal("16777216x1x1x1", {}, 0), {"relu"}, "maxpool(2)");
  EXPECT_THAT(question.input.values.values, IsEmpty());
  EXPECT_THAT([&] { require_buildable(question); },
              Throws<Error>(Property(&Error::what, HasSubstr("order 'relu': body.maxpool.0"))));
}

TEST(Inspect, RefusesMoreOrdersThanItCompares) {
  const std::vector<std::string> many(kMostOrders + 1, "relu");
  EXPECT_THAT([&] { inspect(ask(built_in_picture(), many)); },
              Throws<Error>(Property(&Error::what, HasSubstr("--orders: expected at most 12"))));
}

}  // namespace
}  // namespace whichfirst::lab
