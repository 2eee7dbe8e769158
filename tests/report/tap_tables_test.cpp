#include "report/tap_tables.h"

#include <gmock/gmock.h>

#include "report/paper.h"
#include "report/verdict_text.h"

namespace whichfirst::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

record::VerdictRecord example() {
  record::VerdictRecord verdict;
  verdict.metric = "test_accuracy";
  verdict.confidence = 0.95;
  verdict.tap_share = 0.0243;
  verdict.comparisons.resize(1);
  verdict.comparisons[0].a = "bn-first";
  verdict.comparisons[0].b = "act-first";
  verdict.comparisons[0].taps = {
      .epoch = 3,
      .pairs = 6,
      .differences = {{.place = "units.0.norm",
                       .statistic = "skewness",
                       .pairs = 6,
                       .mean_a = 0.25,
                       .mean_b = 1.5,
                       .mean_diff = -1.25,
                       .interval = stats::Interval{-1.5, -1},
                       .p = 1e-7,
                       .q = 1e-6},
                      {.place = "units.1.norm",
                       .statistic = "skewness",
                       .pairs = 6,
                       .mean_a = 0.5,
                       .mean_b = 1,
                       .mean_diff = -0.5,
                       .interval = stats::Interval{-0.9, -0.1},
                       .p = 0.02,
                       .q = 0.08},
                      {.place = "body.gap.0", .statistic = "dead_share", .pairs = 6}}};
  return verdict;
}

TEST(TapTables, ShowEachKindOfNumberWhereItDiffersMostClearly) {
  EXPECT_EQ(taps_table(example().comparisons[0]).print(),
            "number    place         bn-first  act-first  a - b    interval         q\n"
            "skewness  units.0.norm      0.25        1.5  -1.25  -1.5 to -1  < 0.0001\n");
}

TEST(TapTables, CountWhatStandsOut) {
  EXPECT_THAT(taps_words(example().comparisons[0], example()),
              HasSubstr("after epoch 3, over 6 pairs: 1 of 3 numbers differ at a false discovery "
                        "rate of 5 %"));
}

TEST(TapTables, StandInEveryReportAndSayWhatTheyCost) {
  const record::VerdictRecord verdict = example();
  const std::string text = print_verdict(verdict);
  EXPECT_THAT(text, HasSubstr("Inside the networks after epoch 3"));
  EXPECT_THAT(text, HasSubstr("Looking inside took 2.4 % of the trials' time."));
  EXPECT_THAT(print_markdown(verdict), HasSubstr("## Inside: bn-first and act-first"));
  EXPECT_THAT(print_latex(verdict), HasSubstr("Inside the networks after epoch 3"));
}

TEST(TapTables, AreLeftOutWhereNobodyLooked) {
  record::VerdictRecord verdict = example();
  verdict.comparisons[0].taps.reset();
  verdict.tap_share.reset();
  EXPECT_THAT(print_verdict(verdict), Not(HasSubstr("nside")));
  EXPECT_THAT(print_markdown(verdict), Not(HasSubstr("Inside")));
}

}  // namespace
}  // namespace whichfirst::report
