#include "study/expectation.h"

#include <gmock/gmock.h>

#include "complaint.h"
#include "study/prepared.h"

namespace whichfirst::study {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Kind = stats::Gate::Kind;

TEST(Expectation, IsAWordOrABoundForOneComparisonOrAll) {
  EXPECT_EQ(parse_expectation("not-worse").gate.kind, Kind::not_worse);
  const Expectation bound = parse_expectation("not-worse-by=0.3");
  EXPECT_EQ(bound.gate.kind, Kind::not_worse_by);
  EXPECT_EQ(bound.gate.by, 0.3);
  EXPECT_THAT(bound.pair, IsEmpty());
  EXPECT_EQ(parse_expectation("all:better-by=1e-3").pair, "all");
  EXPECT_EQ(parse_expectation("x:y:better").pair, "x:y");
}

TEST(Expectation, SpeaksOfTheFirstComparisonUnlessItNamesOne) {
  const auto count = [](const char* text, std::size_t index, const ComparedNames& names) {
    return gates_of({parse_expectation(text)}, index, names).size();
  };
  EXPECT_EQ(count("better", 0, {"x", "y"}), 1U);
  EXPECT_EQ(count("better", 1, {"x", "z"}), 0U);
  EXPECT_EQ(count("all:better", 1, {"x", "z"}), 1U);
  EXPECT_EQ(count("x:z:better", 1, {"x", "z"}), 1U);
  EXPECT_EQ(count("x:z:better", 0, {"x", "y"}), 0U);
  EXPECT_EQ(count("a:b:c:better", 0, {"a:b", "c"}), 1U) << "a name of a table may hold a colon";
  const auto turned = gates_of({parse_expectation("z:x:better")}, 1, {"x", "z"});
  ASSERT_THAT(turned, SizeIs(1));
  EXPECT_TRUE(turned[0].is_of_b);
}

TEST(Expectation, IsRefusedWithWhatIsExpected) {
  const auto says = [](const char* text) { return complaint_of([&] { parse_expectation(text); }); };
  EXPECT_THAT(says("beter"), HasSubstr("found 'beter', did you mean 'better'?"));
  EXPECT_THAT(says(""), HasSubstr("expected better, worse"));
  EXPECT_THAT(says("x:y"), HasSubstr("found 'y'"));
  EXPECT_THAT(says("not-worse-by"), HasSubstr("such as not-worse-by=0.3"));
  EXPECT_THAT(says("better=1"), HasSubstr("better takes no number; better-by"));
  for (const char* number : {"", "x", "-1", "nan", "inf", "0.3x", "1e999"}) {
    const std::string text = std::string("all:better-by=") + number;
    EXPECT_THAT(says(text.c_str()), HasSubstr("expected a number of 0 or more after better-by="))
        << text;
  }
}

TEST(Expectation, OfOrdersThatAreNotComparedIsRefusedBeforeTraining) {
  const auto says = [](const char* text, const Settings& settings) {
    return complaint_of([&] {
      require_compared({parse_expectation(text)}, possible_comparisons(prepared(settings)));
    });
  };
  EXPECT_THAT(says("bn-frist:act-first:better", {}),
              HasSubstr("did you mean 'bn-first:act-first'?; there is bn-first:act-first"));
  EXPECT_EQ(says("act-first:bn-first:better", {}), "no error");
  EXPECT_EQ(says("bn-first:act-first@0.1:better", {"recipe.lr=[0.01, 0.1]"}), "no error");
}

}  // namespace
}  // namespace whichfirst::study
