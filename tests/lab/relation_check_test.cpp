// Every rule of `explain` on random networks, and rules that are wrong.
#include "lab/relation_check.h"

#include <gmock/gmock.h>

#include <ostream>
#include <string>

#include "algebra/explain.h"
#include "notation/parse.h"

namespace whichfirst::lab {
namespace {

using algebra::Answer;
using algebra::Rule;
using algebra::Scales;
using algebra::Term;
using algebra::Terms;
using network::is;
using ::testing::Ge;
using ::testing::Le;

constexpr Shape kPicture{.channels = 3, .height = 8, .width = 8};
constexpr Shape kVector{.channels = 6, .is_vector = true};

struct Claim {
  std::string a;
  std::string b;
  Answer answer = Answer::different;
  Scales scales = Scales::any;
  Shape input = kPicture;
  int units = 1;
};

void PrintTo(const Claim& claim, std::ostream* out) {
  *out << claim.a << " | " << claim.b << " | " << answer_words(claim.answer);
}

CheckedOrders orders_of(const Claim& claim) {
  return {.a = notation::parse(claim.a, notation::Context::order),
          .b = notation::parse(claim.b, notation::Context::order),
          .input = claim.input,
          .units = claim.units};
}

algebra::Relation relate(const Claim& claim, const std::vector<Rule>& rules) {
  const CheckedOrders orders = orders_of(claim);
  return algebra::relate(algebra::build_stack(orders.a, claim.input, claim.units),
                         algebra::build_stack(orders.b, claim.input, claim.units), rules);
}

class Claims : public ::testing::TestWithParam<Claim> {};

TEST_P(Claims, HoldOverAThousandRandomNetworks) {
  const Claim& claim = GetParam();
  const auto rules = algebra::make_rules(claim.scales);
  ASSERT_EQ(answer_words(relate(claim, rules).answer), answer_words(claim.answer));
  const RelationCheck check = check_relation(orders_of(claim), claim.answer, rules,
                                             {.cases = 1100, .seed = 7, .scales = claim.scales});
  EXPECT_FALSE(check.contradiction)
      << check.contradiction->what << " of case " << check.contradiction->number << ": "
      << check.contradiction->a << " and " << check.contradiction->b;
  EXPECT_THAT(check.cases, Ge(1000));
  EXPECT_THAT(check.largest_difference, Le(claim.answer == Answer::same_training ? 0 : 1e-7));
  EXPECT_EQ(check.witness.has_value(), claim.answer > Answer::same_function);
}

INSTANTIATE_TEST_SUITE_P(
    Lab, Claims,
    ::testing::Values(
        Claim{"conv relu maxpool", "conv maxpool relu", Answer::same_training},
        Claim{"conv bn relu maxpool(3, s=2, p=1)", "conv bn maxpool(3, s=2, p=1) relu",
              Answer::same_training},
        Claim{"res(conv bn relu maxpool(3, s=1, p=1) conv)",
              "res(conv bn maxpool(3, s=1, p=1) relu conv)", Answer::same_training},
        Claim{"conv relu drop(0.3) bn", "conv drop(0.3) relu bn", Answer::same_training},
        Claim{"conv bn tanh flatten", "conv bn flatten tanh", Answer::same_training},
        Claim{"conv relu relu bn", "conv relu bn", Answer::same_training},
        Claim{"conv maxpool(1) relu avgpool(1)", "conv relu", Answer::same_training},
        Claim{"conv leaky(0) leaky(1) maxpool drop(0)", "conv(bias=on) maxpool relu",
              Answer::same_training},
        Claim{"conv bn(momentum=0.01) relu", "conv bn relu", Answer::same_function},
        Claim{"conv leaky maxpool", "conv maxpool leaky", Answer::same_function},
        Claim{"conv elu(0.5) maxpool(3, s=1)", "conv maxpool(3, s=1) elu(0.5)",
              Answer::same_function},
        Claim{"conv tanh maxpool", "conv maxpool tanh", Answer::same_function},
        Claim{"conv sigmoid maxpool", "conv maxpool sigmoid", Answer::same_function},
        Claim{"conv softplus maxpool", "conv maxpool softplus", Answer::same_function},
        Claim{"conv softsign maxpool", "conv maxpool softsign", Answer::same_function},
        Claim{"conv sign maxpool", "conv maxpool sign", Answer::same_function},
        Claim{"conv(bias=on) bn sign", "conv bn sign", Answer::same_function},
        Claim{"conv gn(1) relu", "conv ln relu", Answer::same_training, Scales::any, kPicture, 2},
        Claim{"conv gn(1) relu", "conv ln relu", Answer::same_training, Scales::any, kVector},
        Claim{"conv leaky(0.2) drop(0.5)", "conv drop(0.5) leaky(0.2)", Answer::same_function},
        Claim{"conv prelu drop(0.5)", "conv drop(0.5) prelu", Answer::same_function},
        Claim{"conv(bias=on) bn relu", "conv bn relu", Answer::same_function},
        Claim{"conv(bias=on) maxpool(3, p=1) bn relu", "conv(bias=off) maxpool(3, p=1) bn relu",
              Answer::same_function},
        Claim{"conv(bias=on) avgpool(3, s=2, p=1) bn(affine=off) relu",
              "conv(bias=off) avgpool(3, s=2, p=1) bn(affine=off) relu", Answer::same_function},
        Claim{"conv(bias=on) bn tanh", "conv bn tanh", Answer::same_function, Scales::any, kVector,
              2}));

INSTANTIATE_TEST_SUITE_P(
    LabInference, Claims,
    ::testing::Values(
        Claim{"conv(bias=off) drop(0.2) bn relu", "conv bn relu drop(0.2)",
              Answer::same_at_inference},
        Claim{"conv(bias=on) drop(0.5) bn relu", "conv(bias=off) drop(0.5) bn relu",
              Answer::same_function_class},
        Claim{"conv bn sign", "conv sign bn", Answer::same_function_class},
        Claim{"conv bn avgpool(3, s=2, p=1) relu", "conv avgpool(3, s=2, p=1) bn relu",
              Answer::same_at_inference},
        Claim{"conv bn(affine=off) relu pool maxpool", "conv maxpool bn(affine=off) relu",
              Answer::same_at_inference},
        Claim{"conv bn relu maxpool", "conv maxpool bn relu", Answer::same_at_inference,
              Scales::positive},
        Claim{"conv bn relu", "conv relu bn", Answer::same_function_class},
        Claim{"conv bn tanh", "conv tanh bn", Answer::same_function_class},
        Claim{"conv bn relu", "conv relu bn", Answer::same_function_class, Scales::any, kVector, 3},
        Claim{"conv(p=0) bn gelu", "conv(p=0) gelu bn", Answer::same_function_class, Scales::any,
              kPicture, 2},
        Claim{"conv(k=1) bn relu", "conv(k=1) relu bn(affine=off)", Answer::same_function_class,
              Scales::any, kPicture, 2},
        Claim{"conv bn maxpool", "conv maxpool bn", Answer::same_function_class},
        Claim{"conv relu bn flatten", "conv bn relu flatten", Answer::same_function_class},
        Claim{"conv bn", "conv", Answer::same_function_class},
        Claim{"res(conv bn relu conv)", "res(conv relu conv)", Answer::same_function_class},
        Claim{"conv(bias=on) bn(affine=off) relu conv(k=1) conv(k=1)",
              "conv(bias=off) bn(affine=off) relu conv(k=1) bn conv(k=1)",
              Answer::same_function_class}));

INSTANTIATE_TEST_SUITE_P(
    LabDifferent, Claims,
    ::testing::Values(Claim{"conv bn relu maxpool", "conv maxpool bn relu"},
                      Claim{"conv gelu maxpool", "conv maxpool gelu"},
                      Claim{"conv relu avgpool", "conv avgpool relu"},
                      Claim{"conv bn relu", "conv relu bn", Answer::different, Scales::any,
                            kPicture, 2},
                      Claim{"conv bn relu", "conv(bias=off) relu bn"},
                      Claim{"conv bn(affine=off) relu", "conv relu bn(affine=off)"},
                      Claim{"conv bn relu", "bn relu conv"},
                      Claim{"conv bn relu", "conv gn(1) relu"},
                      Claim{"conv(bias=on) relu", "conv(bias=off) relu"},
                      Claim{"conv ln relu", "conv ln(affine=off) relu"},
                      Claim{"conv relu in(affine=off)", "conv tanh in(affine=off)"},
                      Claim{"conv silu maxpool", "conv maxpool drop(0.2) silu"},
                      Claim{"res(conv bn) relu", "res(conv) bn relu"},
                      Claim{"res(bn relu conv)", "res(conv bn relu)"}));

// Numbers must be able to say no: rules that look right and are not.

Rule wrong_rule(Answer upholds, std::function<bool(const Term&)> left,
                std::function<bool(const Term&)> right) {
  return {.name = "wrong",
          .upholds = upholds,
          .says = "",
          .rewrite = [left, right](Terms& terms, std::size_t i) {
            if (i + 1 >= terms.size() || !left(terms[i]) || !right(terms[i + 1])) return false;
            std::swap(terms[i], terms[i + 1]);
            return true;
          }};
}

RelationCheck check_wrong(const Claim& claim, std::function<bool(const Term&)> left,
                          std::function<bool(const Term&)> right) {
  auto rules = algebra::make_rules(Scales::any);
  rules.push_back(wrong_rule(claim.answer, std::move(left), std::move(right)));
  EXPECT_EQ(answer_words(relate(claim, rules).answer), answer_words(claim.answer));
  return check_relation(orders_of(claim), claim.answer, rules, {.cases = 100});
}

TEST(WrongRules, AreContradictedWithTheCaseInWhichTheyFail) {
  const Claim gelu{"conv gelu maxpool", "conv maxpool gelu", Answer::same_function};
  const RelationCheck check = check_wrong(gelu, is<network::Activation>, is<network::MaxPool>);
  ASSERT_TRUE(check.contradiction);
  EXPECT_EQ(check.contradiction->what, "logits at inference");
  EXPECT_NE(check.contradiction->a, check.contradiction->b);
  EXPECT_GT(check.largest_difference, 1e-3);

  const Claim tanh{"conv tanh maxpool(3, s=1)", "conv maxpool(3, s=1) tanh", Answer::same_training};
  const RelationCheck bits = check_wrong(tanh, is<network::Activation>, is<network::MaxPool>);
  ASSERT_TRUE(bits.contradiction) << "sums of gradients are rounded otherwise";
  EXPECT_LT(bits.largest_difference, 1e-9) << "and nothing else";

  const Claim scale{"conv bn maxpool", "conv maxpool bn", Answer::same_at_inference};
  EXPECT_TRUE(check_wrong(scale, is<network::BatchNorm>, is<network::MaxPool>).contradiction)
      << "a negative scale";

  const Claim drop{"conv drop(0.2) tanh", "conv tanh drop(0.2)", Answer::same_function};
  EXPECT_TRUE(check_wrong(drop, is<network::Activation>, is<network::Dropout>).contradiction);
}

TEST(WrongRules, ABorderContradictsFoldingForwardIntoPaddedWeights) {
  auto rules = algebra::make_rules(Scales::any);
  rules.push_back({.name = "wrong",
                   .upholds = Answer::same_function_class,
                   .says = "",
                   .rewrite = [](Terms& terms, std::size_t i) {
                     if (i + 1 >= terms.size() || !is<network::BatchNorm>(terms[i])) return false;
                     if (!terms[i + 1].is_weights()) return false;
                     terms[i + 1].before.insert(terms[i + 1].before.begin(), terms[i].stage);
                     terms.erase(terms.begin() + static_cast<std::ptrdiff_t>(i));
                     return true;
                   }});
  const Claim border{
      .a = "conv bn relu", .b = "conv relu bn", .answer = Answer::same_function_class, .units = 2};
  ASSERT_EQ(relate(border, rules).answer, Answer::same_function_class);
  const RelationCheck check =
      check_relation(orders_of(border), border.answer, rules, {.cases = 50});
  EXPECT_TRUE(check.contradiction);
}

TEST(WrongRules, SayingDifferentOfWhatNeverDiffersIsContradicted) {
  const Claim same{"conv relu sigmoid", "conv relu sigmoid relu"};  // no rule knows it
  const RelationCheck check = check_relation(orders_of(same), Answer::different,
                                             algebra::make_rules(Scales::any), {.cases = 20});
  ASSERT_TRUE(check.contradiction);
  EXPECT_EQ(check.contradiction->what, "no output differed in any case");
}

// By definition the same, but for the rules that are given: random scales and offsets of both must
// not pass for a difference of the orders.
TEST(WrongRules, SayingDifferentOfOneNormaliserByTwoNamesIsContradicted) {
  const Claim claim{"conv gn(1) relu", "conv ln relu"};
  const RelationCheck check =
      check_relation(orders_of(claim), Answer::different, {}, {.cases = 50});
  ASSERT_TRUE(check.contradiction);
  EXPECT_EQ(check.contradiction->what, "no output differed in any case");
}

TEST(RelationCheck, LooksAtTheUnitWhereTheHeadHidesIt) {
  const Claim claim{"conv relu in(affine=off)", "conv tanh in(affine=off)"};
  const RelationCheck check = check_relation(orders_of(claim), Answer::different,
                                             algebra::make_rules(Scales::any), {.cases = 5});
  EXPECT_FALSE(check.contradiction);
  ASSERT_TRUE(check.witness);
  EXPECT_EQ(check.witness->what, "output of the last unit in training");
}

TEST(RelationCheck, IsTheSameTwiceAndStopsAtItsBudget) {
  const Claim claim{"conv bn relu", "conv relu bn"};
  const auto rules = algebra::make_rules(Scales::any);
  const auto check = [&](double most_flops) {
    return check_relation(orders_of(claim), Answer::same_function_class, rules,
                          {.cases = 50, .most_flops = most_flops});
  };
  EXPECT_EQ(check(1e9).largest_difference, check(1e9).largest_difference);
  EXPECT_EQ(check(1e9).cases, 50);
  EXPECT_EQ(check(1).cases, 1) << "one case always";
}

TEST(RelationCheck, FindsNetworksForOrdersThatNeedSize) {
  const Claim claim{.a = "conv(k=9, p=0) bn relu gn(6)",
                    .b = "conv(k=9, p=0) relu bn gn(6)",
                    .input = {.channels = 12, .height = 20, .width = 20}};
  const RelationCheck check = check_relation(orders_of(claim), Answer::different,
                                             algebra::make_rules(Scales::any), {.cases = 5});
  EXPECT_EQ(check.cases, 5);
  EXPECT_TRUE(check.witness);
}

}  // namespace
}  // namespace whichfirst::lab
