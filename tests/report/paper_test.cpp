#include "report/paper.h"

#include <gmock/gmock.h>

#include "report/table.h"

namespace whichfirst::report {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

record::VerdictRecord example() {
  record::VerdictRecord verdict;
  verdict.study = "pool_first";
  verdict.metric = "test_accuracy";
  verdict.margin = 0.25;
  verdict.confidence = 0.95;
  verdict.plan.max_seeds = 20;
  verdict.plan.comparisons = 1;
  verdict.stop = record::Stop::decided;
  verdict.condition = {.dataset = "fashion-mnist",
                       .train = 10'800,
                       .test = 10'000,
                       .validation = 1'200,
                       .classes = 10,
                       .input = {1, 28, 28},
                       .network = "article-15",
                       .epochs = 3,
                       .batch = 64,
                       .lr = {0.01, 0.1},
                       .momentum = 0.9,
                       .decay = 5e-4,
                       .augment = {"crop(4)"},
                       .schedule = "cosine"};
  verdict.orders = {{.name = "bn_first",
                     .order = "conv bn relu",
                     .lr = 0.1,
                     .values = {90.5},
                     .mean = 90.5,
                     .sd = 0.25},
                    {.name = "act-first",
                     .order = "conv relu bn",
                     .lr = 0.01,
                     .values = {90.0},
                     .mean = 90.0,
                     .sd = 0.5,
                     .diverged = 1}};
  verdict.tuning = {{.name = "bn_first",
                     .metric = "val_accuracy",
                     .rates = {{.lr = 0.01}, {.lr = 0.1}},
                     .best = 0.1},
                    {.name = "act-first",
                     .metric = "val_accuracy",
                     .rates = {{.lr = 0.01}, {.lr = 0.1}},
                     .best = 0.01}};
  record::ComparisonResult result;
  result.a = "bn_first";
  result.b = "act-first";
  result.comparison.pairs = 7;
  result.comparison.mean_diff = 0.5;
  result.comparison.center = 0.5;
  result.comparison.interval = stats::Interval{0.25, 0.75};
  result.comparison.verdict = stats::Verdict::better;
  result.sentence = "bn_first is better than act-first by 0.50 points (95 % interval).";
  verdict.comparisons = {result};
  return verdict;
}

TEST(Methods, SayWhatWasTrainedTunedPlannedAndDone) {
  const std::string text = methods_paragraph(example());
  EXPECT_THAT(
      text,
      AllOf(HasSubstr("orders bn_first (conv bn relu), act-first (conv relu bn) in the network "
                      "article-15 on fashion-mnist (10,800 training and 10,000 test images, 10 "
                      "classes, input 1x28x28)"),
            HasSubstr("3 epochs at batch size 64 by sgd (momentum 0.9), weight decay 0.0005 of "
                      "weights, cosine schedule, augmentation crop(4), in fp32."),
            HasSubstr("tried at the learning rates 0.01, 0.1"),
            HasSubstr("(0.1 for bn_first, 0.01 for act-first)"),
            HasSubstr("until the repeated Student 95 % interval for the mean of the difference of "
                      "test accuracy (Jennison and Turnbull 1989, 1991; simultaneous over all "
                      "looks, one after every pair from number 6 on, error spent as "
                      "n^2/(n^2 + 15^2))"),
            HasSubstr("excluded 0 or lay within -/+ 0.25 points, at most 20 pairs"),
            HasSubstr("1 trial diverged or failed."),
            HasSubstr("no order is favoured that lost more trials"),
            HasSubstr("Done: decided after 7 complete "
                      "pairs.")));
  EXPECT_THAT(text, Not(HasSubstr("\n")));
}

TEST(Methods, OfAFixedNumberNameStudent) {
  record::VerdictRecord verdict = example();
  verdict.plan.seeds = 7;
  verdict.plan.comparisons = 3;
  verdict.stop = record::Stop::fixed;
  EXPECT_THAT(
      methods_paragraph(verdict),
      AllOf(HasSubstr("judged by the Student 98.33 % interval for the mean over 7 complete pairs"),
            HasSubstr("Each of the 3 comparisons took an equal share of the error of 5 %"),
            Not(HasSubstr("Jennison"))));
}

TEST(Methods, NameEveryOptionOfTheRule) {
  record::VerdictRecord verdict = example();
  verdict.plan.rule = "signed-rank";
  verdict.plan.horizon = "max-seeds";
  verdict.plan.equivalence = "full";
  verdict.plan.guard = true;
  EXPECT_THAT(methods_paragraph(verdict),
              AllOf(HasSubstr("repeated signed-rank 95 % interval for the pseudo-median"),
                    HasSubstr("error spent as n/20"), HasSubstr("at the whole one-sided error"),
                    HasSubstr("skewness guard")));
  verdict.plan.rule = "sign";
  EXPECT_THAT(methods_paragraph(verdict), HasSubstr("sign-test 95 % interval for the median"));
}

TEST(Markdown, HoldsVerdictTablesAndMethods) {
  const std::string text = print_markdown(example());
  EXPECT_THAT(text, StartsWith("# pool\\_first: test accuracy on fashion-mnist\n"));
  EXPECT_THAT(text, AllOf(HasSubstr("**bn\\_first is better than act-first by 0.50 points"),
                          HasSubstr("| bn\\_first - act-first |     7 | +0.50 |"),
                          HasSubstr("## Learning rates"), HasSubstr("## Every pair"),
                          HasSubstr("## Methods\n\nWe compared")));
}

TEST(Latex, HoldsTablesMethodsAndResultsEscaped) {
  const std::string text = print_latex(example());
  EXPECT_THAT(text, AllOf(HasSubstr("\\caption{pool\\_first: test accuracy on fashion-mnist}"),
                          HasSubstr("  bn\\_first - act-first & 7 & +0.50 & - & +0.25 to +0.75 & "
                                    "better \\\\\n"),
                          HasSubstr("\\paragraph{Methods} We compared"),
                          HasSubstr("95 \\% interval"), EndsWith("(95 \\% interval).\n")));
}

TEST(Latex, CarriesWarningsAndRankingAndKeepsNamesFromBeingArguments) {
  record::VerdictRecord verdict = example();
  verdict.comparisons[0].warnings = {
      {.kind = stats::WarningKind::negative_correlation, .found = -0.9, .limit = -0.76}};
  verdict.ranking = {{.name = "[a]"}, {.name = "*b", .rank = 2, .is_tied = true}};
  verdict.orders[0].name = "[a]";
  const std::string text = print_latex(verdict);
  EXPECT_THAT(text, AllOf(HasSubstr("Warning: the two values of a pair move against each other"),
                          HasSubstr("  2= & *b \\\\\n"), HasSubstr("  {}[a] & conv bn relu")));
  EXPECT_THAT(print_markdown(verdict), HasSubstr("## Ranking\n\n1 and the number of orders"));
}

TEST(Verdict, ReadOffTheShorterIntervalOfEquivalenceNamesItsConfidence) {
  record::VerdictRecord verdict = example();
  stats::Comparison& c = verdict.comparisons[0].comparison;
  c.verdict = stats::Verdict::equivalent;
  c.interval = stats::Interval{-0.3, 0.25};
  c.equivalence_interval = stats::Interval{-0.2, 0.2};
  EXPECT_THAT(print_markdown(verdict), HasSubstr("-0.20 to +0.20 (90 %)"));
}

TEST(Escape, LeavesNoCharacterItsMeaning) {
  EXPECT_EQ(escape_latex("a_b 5% $x$ {y} #1 & ~ ^ \\ < >"),
            "a\\_b 5\\% \\$x\\$ \\{y\\} \\#1 \\& \\textasciitilde{} \\textasciicircum{} "
            "\\textbackslash{} $<$ $>$");
  EXPECT_EQ(escape_markdown("a|b *c* <script> [d](e) `f`"),
            "a\\|b \\*c\\* \\<script\\> \\[d\\](e) \\`f\\`");
}

}  // namespace
}  // namespace whichfirst::report
