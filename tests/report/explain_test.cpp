#include <gmock/gmock.h>

#include "report/explain_text.h"

namespace whichfirst::report {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

record::ExplainRecord sample() {
  record::ExplainRecord record;
  record.orders = {"conv bn relu", "conv relu bn"};
  record.input = {3, 8, 8};
  record.unit.network = "unit(3) gap fc(10)";
  record.unit.any.answer = "same function class";
  record.unit.any.reasons.push_back({.number = "D9",
                                     .rule = "bn into the weights before it",
                                     .upholds = "same function class",
                                     .says = "they fold",
                                     .source = "a paper"});
  record.unit.any.becomes_a = "conv(3) relu";
  record.unit.any.becomes_b = "conv(3) relu";
  record.unit.any.check.cases = 200;
  record.unit.any.check.largest_difference = 2e-15;
  record.cycles = {"conv bn relu", "conv relu bn"};
  return record;
}

TEST(Explain, SaysAnswerReasonSourceAndCheck) {
  EXPECT_EQ(
      print_explanation(sample()),
      "conv bn relu  |  conv relu bn  on pictures of 3x8x8\n"
      "\n"
      "Answer: same function class\n"
      "\n"
      "unit(3) gap fc(10): same function class\n"
      "  at inference each map of one is a map of the other, for other parameters; they train "
      "differently\n"
      "  both become  conv(3) relu\n"
      "  D9  bn into the weights before it: they fold (a paper)\n"
      "  checked on 200 random networks: largest difference 2e-15\n"
      "\n"
      "Cycles: conv bn relu | conv relu bn\n"
      "\n"
      "What else differs\n"
      "  nothing that is listed\n");
}

TEST(Explain, NamesBothAnswersWhereUnitsInARowHaveAnother) {
  record::ExplainRecord record = sample();
  EXPECT_THAT(record::to_json(record), HasSubstr("\"answer_in_a_row\": null"));
  record.stack = record.unit;
  EXPECT_THAT(print_explanation(record), HasSubstr("\nAnswer: same function class\n"));
  record.stack->any.answer = "different";
  EXPECT_THAT(print_explanation(record),
              HasSubstr("\nAnswer: one unit: same function class; units in a row: different\n"));
  EXPECT_THAT(record::to_json(record), HasSubstr("\"answer_in_a_row\": \"different\""));
}

TEST(Explain, ShowsTheCaseThatContradicts) {
  record::ExplainRecord record = sample();
  EXPECT_FALSE(is_contradicted(record));
  EXPECT_THAT(print_contradictions(record), IsEmpty());
  record.unit.any.check.counterexample =
      record::ExplainCase{7, {2, 3, 3}, 4, "logits at inference", 0.5, -1.25};
  EXPECT_TRUE(is_contradicted(record));
  EXPECT_EQ(print_contradictions(record),
            "unit(3) gap fc(10): the answer 'same function class' is contradicted: logits at "
            "inference: 0.5 and -1.25, case 7, 4 images of 2x3x3; please report this\n");
  EXPECT_THAT(print_explanation(record), HasSubstr("CONTRADICTED by the numbers: logits"));
  EXPECT_THAT(record::to_json(record), HasSubstr("\"contradicted\": true"));
}

TEST(Explain, SaysWhereNothingWasChecked) {
  record::ExplainRecord record = sample();
  record.unit.any.check.cases = 0;
  EXPECT_THAT(print_explanation(record), HasSubstr("not checked: networks of this size"));
  EXPECT_THAT(print_explanation(record), Not(HasSubstr("checked on 0")));
}

}  // namespace
}  // namespace whichfirst::report
