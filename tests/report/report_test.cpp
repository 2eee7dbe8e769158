#include <gmock/gmock.h>

#include "report/bench_text.h"
#include "report/progress_text.h"
#include "report/summary_text.h"
#include "report/table.h"
#include "report/verdict_text.h"
#include "report/wording.h"

namespace whichfirst::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Wording, GroupsDigits) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1,000");
  EXPECT_EQ(grouped(-1234567), "-1,234,567");
}

TEST(Wording, ShowsSignsButNoNegativeZero) {
  EXPECT_EQ(signed_number(0.256, 2), "+0.26");
  EXPECT_EQ(signed_number(-1.3, 2), "-1.30");
  EXPECT_EQ(signed_number(-0.001, 2), "0.00");
}

TEST(Wording, SpeaksOfTimeAndMemoryInUnits) {
  EXPECT_EQ(duration(0.41), "0.4s");
  EXPECT_EQ(duration(42.3), "42s");
  EXPECT_EQ(duration(185), "3m 05s");
  EXPECT_EQ(duration(3720), "1h 02m");
  EXPECT_EQ(bytes(1500), "1.5 kB");
  EXPECT_EQ(bytes(150'000'000), "150 MB");
  EXPECT_EQ(bytes(3'200'000'000), "3.2 GB");
}

TEST(Table, AlignsByCharactersNotBytes) {
  Table table({"a", "number"}, {Align::left, Align::right});
  table.add({"é", "1"});
  table.add({"xyz", "12"});
  EXPECT_EQ(table.print(1), " a    number\n é         1\n xyz      12\n");
}

record::VerdictRecord example(const std::vector<double>& a, const std::vector<double>& b) {
  record::VerdictRecord verdict;
  verdict.study = "example";
  verdict.metric = "test_accuracy";
  verdict.margin = 0.5;
  verdict.confidence = 0.95;
  verdict.plan = {.seeds = static_cast<int>(a.size()), .comparisons = 1};
  verdict.condition = {.dataset = "fashion-mnist",
                       .train = 12000,
                       .test = 10000,
                       .validation = {},
                       .network = "article-15",
                       .bias = "auto",
                       .epochs = 3,
                       .batch = 64,
                       .lr = {0.1},
                       .schedule = "cosine"};
  record::OrderResult left{.name = "bn-first",
                           .order = "conv bn relu",
                           .lr = 0.1,
                           .values = {a.begin(), a.end()},
                           .mean = {},
                           .sd = {}};
  record::OrderResult right{.name = "act-first",
                            .order = "conv relu bn",
                            .lr = 0.1,
                            .values = {b.begin(), b.end()},
                            .mean = {},
                            .sd = {}};
  record::ComparisonResult result;
  result.a = "bn-first";
  result.b = "act-first";
  result.comparison =
      stats::compare(left.values, right.values, {}, {}, {.margin = 0.5, .resolution = 0.01});
  verdict.orders = {left, right};
  result.sentence = verdict_sentence(result, verdict);
  verdict.comparisons = {result};
  return verdict;
}

// d = 2.1 2.3 1.7 2.1 2.0 2.2: mean 2.0667, sd 0.20656, t(5) = 2.5706: 2.0667 +- 0.2168.
TEST(Sentence, SaysWordSizeIntervalAndCondition) {
  const auto verdict =
      example({90.1, 90.4, 90.3, 90.0, 90.2, 90.5}, {88.0, 88.1, 88.6, 87.9, 88.2, 88.3});
  EXPECT_EQ(
      verdict.comparisons[0].sentence,
      "bn-first (conv bn relu) is better than act-first (conv relu bn) by 2.07 points of test "
      "accuracy (6 pairs, 95 % interval +1.85 to +2.28), after 3 epochs on 12,000 images of "
      "fashion-mnist at lr 0.1 (article-15, batch 64) on this test set of 10,000 images.");
}

TEST(Sentence, NamesTheRateThatSuitsEachOrder) {
  auto verdict =
      example({90.1, 90.4, 90.3, 90.0, 90.2, 90.5}, {88.0, 88.1, 88.6, 87.9, 88.2, 88.3});
  verdict.condition.lr = {0.01, 0.03, 0.1};
  verdict.orders[1].lr = 0.03;
  EXPECT_THAT(verdict_sentence(verdict.comparisons[0], verdict),
              HasSubstr("of fashion-mnist, bn-first at lr 0.1 and act-first at lr 0.03, each its "
                        "best of 0.01, 0.03, 0.1 (article-15, batch 64)"));
  verdict.comparisons[0].shared_lr = 0.01;
  EXPECT_THAT(verdict_sentence(verdict.comparisons[0], verdict), HasSubstr("both at lr 0.01"));
}

TEST(Sentence, NamesWhatOfTheRecipeIsNotUsualAndWhatWasMatched) {
  auto verdict =
      example({90.1, 90.4, 90.3, 90.0, 90.2, 90.5}, {88.0, 88.1, 88.6, 87.9, 88.2, 88.3});
  verdict.condition.optimizer = "adamw";
  verdict.condition.schedule = "one-cycle";
  verdict.condition.augment = {"crop(4)", "flip"};
  verdict.condition.match = {"ends"};
  EXPECT_THAT(verdict_sentence(verdict.comparisons[0], verdict),
              HasSubstr("(article-15, batch 64, adamw, one-cycle, crop(4), flip, match ends)"));
}

TEST(Sentence, OfPairsThatStoppedByThemselvesSaysThatTheIntervalHoldsAtEveryLook) {
  auto verdict =
      example({90.1, 90.4, 90.3, 90.0, 90.2, 90.5}, {88.0, 88.1, 88.6, 87.9, 88.2, 88.3});
  verdict.plan.seeds.reset();
  EXPECT_THAT(verdict_sentence(verdict.comparisons[0], verdict),
              HasSubstr("to +2.28, valid at every look)"));
}

TEST(LookLine, SaysWhereTheVerdictStands) {
  LookProgress look{.a = "x",
                    .b = "y",
                    .pairs = 7,
                    .interval = {},
                    .verdict = {},
                    .more_pairs = 5,
                    .core_hours = 2.14};
  EXPECT_EQ(look_line(look, "test_accuracy"), "x - y: 7 pairs");
  look.interval = stats::Interval{-0.31, 0.92};
  EXPECT_EQ(look_line(look, "test_accuracy"),
            "x - y: 7 pairs, -0.31 to +0.92; about 5 more pairs, 2.1 core-hours");
  look.more_pairs.reset();
  EXPECT_THAT(look_line(look, "test_accuracy"), HasSubstr("not decided within plan.max-seeds"));
  look.verdict = stats::Verdict::better;
  EXPECT_THAT(look_line(look, "test_accuracy"), HasSubstr("; better"));
}

TEST(Sentence, SaysEquivalentWithItsMargin) {
  const auto verdict =
      example({90.1, 90.4, 90.3, 90.0, 90.2, 90.5}, {90.2, 90.3, 90.3, 90.1, 90.1, 90.5});
  EXPECT_THAT(verdict.comparisons[0].sentence,
              HasSubstr("are equivalent within 0.5 points of test accuracy: mean difference"));
}

TEST(Sentence, SaysWhatItWouldTakeToDecide) {
  const auto verdict = example({90, 92, 88, 91, 90, 93}, {91, 90, 90, 90, 89, 92});
  EXPECT_THAT(verdict.comparisons[0].sentence, HasSubstr("Undecided between bn-first"));
  EXPECT_THAT(verdict.comparisons[0].sentence, HasSubstr("more pairs would decide"));
}

TEST(Sentence, NamesTheOrderThatLostTrials) {
  auto verdict =
      example({90.1, 90.4, 90.3, 90.0, 90.2, 90.5}, {88.0, 88.1, 88.6, 87.9, 88.2, 88.3});
  verdict.orders[0].values.push_back(std::nullopt);
  verdict.orders[1].values.emplace_back(88.0);
  record::ComparisonResult& result = verdict.comparisons[0];
  result.comparison = stats::compare(verdict.orders[0].values, verdict.orders[1].values,
                                     {.diverged = 1}, {}, {.margin = 0.5, .resolution = 0.01});
  const std::string sentence = verdict_sentence(result, verdict);
  EXPECT_THAT(sentence,
              HasSubstr("Among the pairs in which both trained (bn-first: 1 diverged, 0 failed; "
                        "act-first: 0 diverged, 0 failed): Undecided"));
  EXPECT_THAT(sentence,
              HasSubstr("lost trials are not lost at random: bn-first lost 1, act-first lost 0."));
}

TEST(VerdictText, ShowsEverySeedAndWhatElseDiffers) {
  auto verdict =
      example({90.1, 90.4, 90.3, 90.0, 90.2, 90.5}, {88.0, 88.1, 88.6, 87.9, 88.2, 88.3});
  verdict.orders[1].values[3] = std::nullopt;
  verdict.ledger_orders = {"bn-first", "act-first"};
  verdict.ledger = {{.what = "trained parameters", .values = {"914", "930"}}};
  const std::string text = print_verdict(verdict);
  for (const char* value : {"90.10", "90.50", "88.30", "+2.10", "trained parameters", "930"}) {
    EXPECT_THAT(text, HasSubstr(value));
  }
  EXPECT_THAT(text, HasSubstr("          4     90.00          -           -\n"))
      << "missing is a dash";
}

TEST(ProgressText, HasALineAnOrderAndOneForTheWhole) {
  RunProgress progress{
      .orders =
          {{.name = "bn-first",
            .order = "conv bn relu",
            .finished = 4,
            .values = {88.0, 89.0, 88.5, 88.5},
            .under_way = 0.5},
           {.name = "b", .order = "conv relu bn", .finished = 3, .lost = 1, .values = {87.0}}},
      .replicates = 8,
      .metric = "test_accuracy",
      .elapsed_seconds = 12,
      .left_seconds = 80};
  const auto lines = progress_lines(progress, 200);
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0],
            "bn-first  conv bn relu  #########.......   4/8  test accuracy 88.50 +- 0.41");
  EXPECT_THAT(lines[1], HasSubstr("test accuracy 87.00  1 lost"));
  EXPECT_EQ(lines[2], "12s elapsed, about 1m 20s left");
  for (const auto& line : progress_lines(progress, 30)) EXPECT_LE(line.size(), 30U);
}

TEST(ProgressText, ForecastsOnlyWhatItCanKnow) {
  EXPECT_EQ(estimate_left(10, 0, 16), std::nullopt);
  EXPECT_EQ(estimate_left(10, 2, 6), 30);
}

TEST(SummaryText, ShowsStagesAndTotals) {
  const record::SummaryRecord summary{.study = "s",
                                      .network = "n",
                                      .input = {1, 28, 28},
                                      .classes = 10,
                                      .batch = 32,
                                      .orders = {{.name = "bn-first",
                                                  .order = "conv bn relu",
                                                  .stages = {{.path = "units.0.conv",
                                                              .stage = "conv(8, bias=off)",
                                                              .output = {8, 28, 28},
                                                              .parameters = 72,
                                                              .flops = 112896,
                                                              .bytes = 25088}},
                                                  .parameters = 72,
                                                  .flops = 112896,
                                                  .trial_bytes = 5'000'000}}};
  const std::string text = print_summary(summary);
  EXPECT_THAT(text, HasSubstr("units.0.conv  conv(8, bias=off)  8x28x28"));
  EXPECT_THAT(text, HasSubstr("112,896"));
}

bench::BenchRecord small_bench() {
  bench::BenchRecord bench;
  bench.network = "n";
  bench.input = "3x32x32";
  bench.threads = 2;
  bench.peak_gflops = 100.0;
  bench::BenchOrder& order = bench.orders.emplace_back();
  order.name = "a";
  order.images_per_second = 600;
  order.primitives_images_per_second = 620;
  order.gflops = 80;
  order.together_images_per_second = 1100;
  order.parts = {{.stage = "units.0.conv",
                  .what = "forward",
                  .kind = "conv forward",
                  .implementation = "jit:avx2",
                  .seconds = 0.003,
                  .flops = 150'000'000,
                  .bytes = 6'000'000},
                 {.stage = "",
                  .what = "checks",
                  .kind = "checks",
                  .implementation = "own",
                  .seconds = 0.001,
                  .flops = {},
                  .bytes = {}}};
  return bench;
}

TEST(BenchText, WarnsOfReferenceKernels) {
  bench::BenchRecord bench = small_bench();
  EXPECT_THAT(print_bench(bench), Not(HasSubstr("warning")));
  EXPECT_THAT(print_bench(bench), HasSubstr("80 %"));
  bench.orders[0].parts[0].implementation = "ref:any";
  EXPECT_THAT(print_bench(bench),
              HasSubstr("  warning: units.0.conv forward runs by ref:any, a reference "
                        "implementation, which is slow\n"));
}

TEST(BenchText, ShowsWhereTheTimeGoes) {
  const bench::BenchRecord bench = small_bench();
  const std::string kinds = print_bench(bench);
  EXPECT_THAT(kinds, HasSubstr("a step takes 4.00 ms, 75.0 % of it in convolutions"));
  EXPECT_THAT(
      kinds,
      HasSubstr("  conv forward  3.000  75.0 %     50.0     50 %   2.0        -  1 x jit:avx2\n"));
  EXPECT_THAT(
      kinds,
      HasSubstr("  checks        1.000  25.0 %        -        -     -        -  1 x own\n"));
  EXPECT_THAT(print_bench(bench, BenchDetail::stages),
              HasSubstr("  units.0.conv  forward  3.000  75.0 %"));
}

TEST(BenchText, SaysWhatForwardAndBackwardAloneLeaveOut) {
  EXPECT_THAT(print_bench(small_bench()),
              HasSubstr("fwd+bwd alone: without batch assembly, loss,\n"
                        "checks, update, running statistics; share: of these in the step's"));
}

TEST(BenchText, ShowsPinnedTrialsOnlyWhereMeasured) {
  bench::BenchRecord bench = small_bench();
  EXPECT_THAT(print_bench(bench), Not(HasSubstr("pinned")));
  bench.orders[0].pinned_ratio = 1.0125;
  EXPECT_THAT(print_bench(bench), HasSubstr("x1.01"));
}

TEST(BenchText, ShowsPeersOfEachOrderAndWhatIsMissing) {
  bench::BenchRecord bench = small_bench();
  bench.peers = bench::BenchPeers{.library = "PyTorch 1.13.0",
                                  .runs = {{"a", "channels_last", 1, 2, 1000.0, 1.1}},
                                  .missing = {{"bf16", "the processor lacks it"}}};
  const std::string text = print_bench(bench);
  EXPECT_THAT(text, HasSubstr("PyTorch 1.13.0 beside ours"));
  EXPECT_THAT(text,
              HasSubstr("a      channels_last                1 x 2      1000  1100   1.10\n"));
  EXPECT_THAT(text, HasSubstr("  not measured: bf16: the processor lacks it\n"));
}

}  // namespace
}  // namespace whichfirst::report
