// What each document looks like, as a whole: see tests/snapshot.h.
#include "snapshot.h"

#include <gmock/gmock.h>

#include "bench/bench_text.h"
#include "notation/parse.h"
#include "record/verdict_record.h"
#include "report/data_text.h"
#include "report/explain_text.h"
#include "report/lab_text.h"
#include "report/summary_text.h"
#include "report/verdict_text.h"
#include "report/wording.h"

namespace whichfirst::report {
namespace {

using ::testing::HasSubstr;

/// Real runs, cut down and given what they lacked to show every remark:
/// two-orders: better; looked inside; bn's that cannot be folded; a skewed difference
/// three-orders: the sign rule; an order that lost trials; ranks
/// undecided-auto: all options of the plan; more bn's than an int counts
/// tuned: rates by order and shared; lost tuning trials; a recipe of its own; every warning
class VerdictSnapshot : public ::testing::TestWithParam<const char*> {};

TEST_P(VerdictSnapshot, IsTheSameInEveryFormat) {
  const std::string name = GetParam();
  record::VerdictRecord verdict =
      record::verdict_from_json(record::content_of(report_fixture(name + ".json")), name);
  for (record::ComparisonResult& result : verdict.comparisons) {
    result.sentence = verdict_sentence(result, verdict);
  }
  expect_snapshot(name + ".txt", print_verdict(verdict));
  expect_snapshot(name + ".md", print_markdown(verdict));
  expect_snapshot(name + ".tex", print_latex(verdict));
}

INSTANTIATE_TEST_SUITE_P(Report, VerdictSnapshot,
                         ::testing::Values("two-orders", "three-orders", "undecided-auto",
                                           "tuned"));

record::ExplainRecord explanation() {
  record::ExplainRecord record;
  record.orders = {"conv bn relu", "conv relu bn"};
  record.input = {3, 8, 8};
  record.unit.network = "unit(3) gap fc(10)";
  record.unit.any = {.answer = "same function class",
                     .reasons = {{.number = "D9",
                                  .rule = "bn into the weights before it",
                                  .upholds = "same function class",
                                  .says = "they fold",
                                  .source = "a paper"}},
                     .becomes_a = "conv(3) relu",
                     .becomes_b = "conv(3) relu",
                     .check = {200, 2e-15, {}, {}}};
  record.cycles = record.orders;
  return record;
}

TEST(Snapshot, OfAnExplanation) {
  record::ExplainRecord record = explanation();
  expect_snapshot("explain.txt", print_explanation(record));
  EXPECT_EQ(print_contradictions(record), "");
  EXPECT_FALSE(is_contradicted(record));
  EXPECT_THAT(record::to_json(record), HasSubstr("\"answer_in_a_row\": null"));

  record.input = {16};
  record.is_same_cycle = true;
  record.unit.any.check.witness =
      record::ExplainCase{1, {16}, 4, "logits in training", 0.25, -1.25};
  record.stack = record.unit;
  record.stack->network = "unit(3) unit(3) gap fc(10)";
  record.stack->any.check.counterexample =
      record::ExplainCase{7, {2, 3, 3}, 4, "logits at inference", 0.5, -1.25};
  record.stack->with_positive_scales = record.unit.any;
  record.stack->with_positive_scales->answer = "different";
  record.stack->with_positive_scales->becomes_b = "conv(3) bn relu";
  record.stack->with_positive_scales->check = {};
  record.notes = {{"", "", "", "a note of one line", ""}, {"N1", "", "", "another", ""}};
  record.ledger = {{.what = "parameters", .values = {"914", "930"}}};
  expect_snapshot("explain-contradicted.txt",
                  print_explanation(record) + print_contradictions(record));
  EXPECT_TRUE(is_contradicted(record));
  EXPECT_THAT(record::to_json(record), HasSubstr("\"contradicted\": true"));
  record.stack->any.answer = "different";
  record.stack->any.check = {};
  EXPECT_THAT(record::to_json(record), HasSubstr("\"answer_in_a_row\": \"different\""));
  EXPECT_THAT(print_explanation(record),
              HasSubstr("\nAnswer: one unit: same function class; units in a row: different\n"));
}

TEST(Snapshot, OfTheLab) {
  const auto inspect = [](lab::Input input) {
    lab::Question question{.input = std::move(input), .orders = {}, .then = {}, .parameters = {}};
    for (const char* order : {"bn relu", "relu bn"}) {
      question.orders.push_back(notation::parse(order, notation::Context::order));
    }
    return lab::inspect(question);
  };
  expect_snapshot("lab.txt", print_lab(inspect(lab::built_in_picture()), 100));
  expect_snapshot("lab-narrow.txt", print_lab(inspect(lab::built_in_picture()), 60));
  expect_snapshot("lab-not-finite.txt", print_lab(inspect(lab::parse_values("1 nan; inf 2")), 100));
}

TEST(Snapshot, OfASummary) {
  const record::StageSummary conv = {.path = "units.0.conv",
                                     .stage = "conv(8, bias=off)",
                                     .reads = {"input"},
                                     .output = {8, 28, 28},
                                     .parameters = 72,
                                     .flops = 112896,
                                     .bytes = 25088};
  const record::StageSummary sum = {.path = "units.0.res",
                                    .stage = "res",
                                    .reads = {"units.0.conv", "input"},
                                    .output = {8, 28, 28},
                                    .bytes = 25088};
  expect_snapshot("summary.txt", print_summary({.study = "s",
                                                .network = "n",
                                                .input = {1, 28, 28},
                                                .classes = 10,
                                                .batch = 32,
                                                .orders = {{.name = "bn-first",
                                                            .order = "res(conv)",
                                                            .stages = {conv, sum},
                                                            .parameters = 72,
                                                            .flops = 112896,
                                                            .trial_bytes = 5'000'000}}}));
}

TEST(Snapshot, OfDataSets) {
  const record::KnownData absent = {.name = "cifar-10",
                                    .description = "photographs",
                                    .classes = 10,
                                    .found = {},
                                    .files = "its binary version",
                                    .source = "https://example.org",
                                    .places = {"/a/cifar-10", "/b/cifar-10"}};
  record::KnownData drawn = absent;
  drawn.name = "shapes10";
  drawn.found = "built in";
  expect_snapshot("data.txt", print_data_list({.sets = {drawn, absent}}) + "\n" +
                                  print_absent_data(absent) + "\n" +
                                  print_data({.name = "my\x1b.npz",
                                              .format = "npz",
                                              .path = "/a/my.npz",
                                              .shape = {3, 8, 8},
                                              .pixels = "uint8",
                                              .classes = 2,
                                              .class_names = {"cat"},
                                              .train = {3000, {1000, 2000}},
                                              .test = {10, {10}},
                                              .mean = {127.12345, 3, 0.5},
                                              .deviation = {1, 2, 3},
                                              .notes = {"one picture was left out"}}));
}

TEST(Snapshot, OfABench) {
  bench::BenchRecord bench;
  bench.network = "n";
  bench.input = "3x32x32";
  bench.batch = 32;
  bench.threads = 2;
  bench.isa = "AVX2";
  bench.library = "oneDNN";
  bench.peak_gflops = 100.0;
  bench::BenchOrder& order = bench.orders.emplace_back();
  order.name = "a";
  order.order = "conv relu";
  order.images_per_second = 600;
  order.primitives_images_per_second = 620;
  order.gflops = 80;
  order.together_images_per_second = 1100;
  order.arena_bytes = 150'000'000;
  order.parameter_bytes = 1500;
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
  expect_snapshot("bench.txt", print_bench(bench));
  order.parts[0].implementation = "ref:any";
  bench.peak_gb_per_second = 12.5;
  bench.peers = bench::BenchPeers{.library = "PyTorch 1.13.0",
                                  .runs = {{"a", "channels_last", 1, 2, 1000.0, 1.1}},
                                  .missing = {{"bf16", "the processor lacks it"}}};
  expect_snapshot("bench-stages.txt", print_bench(bench, bench::BenchDetail::stages));
}

}  // namespace
}  // namespace whichfirst::report
