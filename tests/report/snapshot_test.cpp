// What each document looks like, as a whole: see tests/snapshot.h.
#include "snapshot.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <sstream>

#include "bench/bench_record.h"
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

using algebra::Answer;
using ::testing::HasSubstr;

/// Real runs, cut down and given what they lacked to show every remark:
/// two-orders: better; looked inside; bn's that cannot be folded; a skewed difference
/// three-orders: the sign rule; an order that lost trials; ranks
/// undecided-auto: all options of the plan; more bn's than an int counts
/// tuned: rates by order and shared; lost tuning trials; a recipe of its own; every warning
class VerdictSnapshot : public ::testing::TestWithParam<const char*> {};

std::size_t longest_line(const std::string& text) {
  std::size_t longest = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) longest = std::max(longest, line.size());
  return longest;
}

TEST_P(VerdictSnapshot, IsTheSameInEveryFormat) {
  const std::string name = GetParam();
  record::VerdictRecord verdict =
      record::verdict_from_json(record::content_of(report_fixture(name + ".json")), name);
  for (record::ComparisonResult& result : verdict.comparisons) {
    result.sentence = verdict_sentence(result, verdict);
  }
  expect_snapshot(name + ".txt", print_verdict(verdict, {}, Detail::all));
  for (const std::size_t columns : {std::size_t{60}, std::size_t{80}}) {
    const std::string brief = print_verdict(verdict, {.columns = columns}, Detail::brief);
    expect_snapshot(fmt::format("{}-{}.txt", name, columns), brief);
    EXPECT_LE(std::count(brief.begin(), brief.end(), '\n'), verdict.orders.size() > 2 ? 40 : 25);
    EXPECT_LE(longest_line(brief), columns);
  }
  expect_snapshot(name + ".md", print_markdown(verdict));
  expect_snapshot(name + ".tex", print_latex(verdict));
}

INSTANTIATE_TEST_SUITE_P(Report, VerdictSnapshot,
                         ::testing::Values("two-orders", "three-orders", "undecided-auto",
                                           "tuned"));

algebra::Terms terms(std::initializer_list<const char*> texts) {
  algebra::Terms terms;
  for (const char* text : texts) terms.emplace_back().text = text;
  return terms;
}

algebra::Explanation explanation() {
  algebra::Explanation explanation;
  explanation.order_a = explanation.cycle_a = "conv bn relu";
  explanation.order_b = explanation.cycle_b = "conv relu bn";
  explanation.input = {.channels = 3, .height = 8, .width = 8};
  explanation.unit.network = "unit(3) gap fc(10)";
  explanation.unit.relation = {.answer = Answer::same_function_class,
                               .reasons = {{.rule = "bn into the weights before it",
                                            .number = "D9",
                                            .upholds = Answer::same_function_class,
                                            .says = "they fold",
                                            .source = "a paper"}},
                               .a = terms({"conv(3)", "relu"}),
                               .b = terms({"conv(3)", "relu"}),
                               .check = {200, 2e-15, {}, {}}};
  return explanation;
}

TEST(Snapshot, OfAnExplanation) {
  algebra::Explanation both = explanation();
  expect_snapshot("explain.txt", print_explanation(both, 98));
  EXPECT_EQ(print_contradictions(both), "");
  EXPECT_FALSE(is_contradicted(both));
  EXPECT_THAT(to_json(both), HasSubstr("\"answer_in_a_row\": null"));

  both.input = {.channels = 16, .is_vector = true};
  both.is_same_cycle = true;
  both.unit.relation.check.witness =
      algebra::DifferingCase{1, both.input, 4, "logits in training", 0.25, -1.25};
  both.stack = both.unit;
  both.stack->network = "unit(3) unit(3) gap fc(10)";
  both.stack->relation.check.contradiction =
      algebra::DifferingCase{7, {2, 3, 3}, 4, "logits at inference", 0.5, -1.25};
  both.stack->with_positive_scales = both.unit.relation;
  both.stack->with_positive_scales->answer = Answer::different;
  both.stack->with_positive_scales->b = terms({"conv(3)", "bn", "relu"});
  both.stack->with_positive_scales->check = {};
  both.notes = {{"", "a note of one line"}, {"N1", "another"}};
  both.ledger = {{.what = "parameters", .values = {"914", "930"}}};
  expect_snapshot("explain-contradicted.txt",
                  print_explanation(both, 98) + print_contradictions(both));
  EXPECT_TRUE(is_contradicted(both));
  EXPECT_THAT(to_json(both), HasSubstr("\"contradicted\": true"));
  both.stack->relation.answer = Answer::different;
  both.stack->relation.check = {};
  EXPECT_THAT(to_json(both), HasSubstr("\"answer_in_a_row\": \"different\""));
  EXPECT_THAT(print_explanation(both, 98),
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
  const network::StageSummary conv = {.path = "units.0.conv",
                                      .stage = "conv(8, bias=off)",
                                      .reads = {"input"},
                                      .output = {8, 28, 28},
                                      .parameters = 72,
                                      .flops = 112896,
                                      .bytes = 25088};
  const network::StageSummary sum = {.path = "units.0.res",
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
                                                            .trial_bytes = 5'000'000}}},
                                               kUnlimited));
}

TEST(Snapshot, OfDataSets) {
  const data::FoundSet absent = {.set = {.name = "cifar-10",
                                         .description = "photographs",
                                         .classes = 10,
                                         .class_names = {},
                                         .files = "its binary version",
                                         .source = "https://example.org",
                                         .ending = {}},
                                 .found = {},
                                 .places = {"/a/cifar-10", "/b/cifar-10"}};
  data::FoundSet drawn = absent;
  drawn.set.name = "shapes10";
  drawn.found = "built in";
  expect_snapshot("data.txt", print_data_list({.sets = {drawn, absent}}, kUnlimited) + "\n" +
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
  expect_snapshot("bench.txt", print_bench(bench, bench::BenchDetail::kinds, kUnlimited));
  order.parts[0].implementation = "ref:any";
  bench.peak_gb_per_second = 12.5;
  bench.peers = bench::BenchPeers{.library = "PyTorch 1.13.0",
                                  .runs = {{"a", "channels_last", 1, 2, 1000.0, 1.1}},
                                  .missing = {{"bf16", "the processor lacks it"}}};
  expect_snapshot("bench-stages.txt", print_bench(bench, bench::BenchDetail::stages, kUnlimited));
}

}  // namespace
}  // namespace whichfirst::report
