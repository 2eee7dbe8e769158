#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "record/temporary_folder.h"
#include "record/verdict_record.h"

namespace whichfirst::record {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

/// Every optional part filled.
VerdictRecord example() {
  VerdictRecord verdict;
  verdict.study = "demo";
  verdict.study_hash = "8d0bedb7";
  verdict.run_folder = "runs/demo";
  verdict.condition = {.dataset = "fashion-mnist",
                       .train = 10'800,
                       .test = 10'000,
                       .validation = 1'200,
                       .classes = 10,
                       .input = {1, 28, 28},
                       .notes = {"a note"},
                       .network = "article-15",
                       .bias = "auto",
                       .match = {"ends"},
                       .epochs = 3,
                       .batch = 64,
                       .lr = {0.01, 0.1},
                       .momentum = 0.9,
                       .nesterov = true,
                       .decay = 5e-4,
                       .decay_all = true,
                       .label_smoothing = 0.1,
                       .augment = {"flip"},
                       .schedule = "cosine",
                       .warmup = 0.5};
  verdict.metric = "test_accuracy";
  verdict.margin = 0.25;
  verdict.confidence = 0.95;
  verdict.plan.seeds = std::nullopt;
  verdict.plan.max_seeds = 30;
  verdict.plan.guard = true;
  verdict.plan.rule = "sign";
  verdict.plan.equivalence = "full";
  verdict.plan.horizon = "max-seeds";
  verdict.plan.comparisons = 3;
  verdict.stop = Stop::decided;
  verdict.after_stop = 2;
  for (const char* name : {"a", "b", "c"}) {
    verdict.orders.push_back({.name = name,
                              .order = "conv bn relu",
                              .lr = 0.1,
                              .values = {90.125, std::nullopt},
                              .mean = 90.125,
                              .sd = {},
                              .diverged = 1,
                              .failed = 2});
  }
  ComparisonResult result;
  result.a = "a";
  result.b = "b";
  stats::Comparison& c = result.comparison;
  c.pairs = 8;
  c.mean_diff = -0.4;
  c.location = stats::Location::median;
  c.center = -0.375;
  c.equivalence_interval = stats::Interval{-0.55, -0.25};
  c.sd_diff = 0.2;
  c.interval = stats::Interval{-0.57, -0.23};
  c.critical = 4.03;
  c.looks = 3;
  c.student_interval = stats::Interval{-0.5, -0.3};
  c.p_t = 0.001;
  c.p_permutation = 0.0078;
  c.p_permutation_error = 0.0001;
  c.p_wilcoxon = 0.01;
  c.p_equivalence = 0.97;
  c.posterior = stats::Posterior{.better = 0, .within_margin = 0.03, .worse = 0.97};
  c.wins_share = 0.25;
  c.correlation = 0.3;
  c.skewness = 1.5;
  c.skewness_standard_error = 0.75;
  c.guarded_interval = stats::Interval{-0.6, -0.2};
  c.guarded_verdict = stats::Verdict::worse;
  c.effect_size = -2;
  c.pairing_gain = 1.4;
  c.verdict = stats::Verdict::worse;
  c.reason = "a reason";
  c.more_pairs_needed = 0;
  c.a.diverged = 1;
  c.b.failed = 2;
  c.failure_rate_bound = 0.31;
  result.interval_images = stats::Interval{-0.7, -0.1};
  result.images_standard_error = 0.125;
  result.images_floor = 0.245;
  result.p_holm = 0.003;
  result.warnings = {{.kind = stats::WarningKind::skewed, .found = 2.5, .limit = 2}};
  result.prospect = stats::Prospect{.difference = 0.25,
                                    .power = 0.8,
                                    .power_now = 0.5,
                                    .pairs_for_difference = 12,
                                    .pairs_for_equivalence = std::nullopt};
  result.more_core_hours_needed = 0.125;
  result.shared_lr = 0.1;
  result.is_same_network = true;
  result.proof = "both build the same network";
  result.sentence = "a is worse than b.";
  verdict.comparisons = {result};
  verdict.ranking = {{.name = "b", .rank = 1, .is_tied = true}, {.name = "a", .rank = 2}};
  verdict.tuning = {
      {.name = "a",
       .metric = "val_accuracy",
       .rates = {{.lr = 0.01, .values = {1.5, std::nullopt}, .mean = 1.5, .failed = 1}},
       .best = 0.01,
       .is_at_low_end = true,
       .is_at_high_end = true}};
  verdict.scale = MetricScale{.guessing = 10, .best = 100, .step = 0.05};
  verdict.ledger_orders = {"a", "b", "c"};
  verdict.ledger = {{.what = "biases", .values = {"none", "15", "15"}}};
  return verdict;
}

TEST(VerdictReader, ReadsWhatWasWritten) {
  const std::string text = to_json(example());
  EXPECT_EQ(to_json(verdict_from_json(text, "verdict.json")), text);
}

TEST(VerdictReader, EveryDocumentCutShortIsAnErrorWithItsName) {
  const std::string text = to_json(example());
  for (std::size_t length = 0; length + 2 < text.size(); length += 97) {
    EXPECT_THAT([&] { verdict_from_json(text.substr(0, length), "verdict.json"); },
                ThrowsMessage<Error>(HasSubstr("verdict.json: ")));
  }
}

TEST(VerdictReader, EveryFieldOfAnotherTypeIsNamed) {
  const nlohmann::ordered_json whole = nlohmann::ordered_json::parse(to_json(example()));
  for (const auto& item : whole.items()) {
    if (item.key() == "version") continue;
    nlohmann::ordered_json changed = whole;
    changed[item.key()] = nlohmann::ordered_json::object({{"x", true}});
    EXPECT_THAT([&] { verdict_from_json(changed.dump(), "v"); },
                ThrowsMessage<Error>(HasSubstr(item.key())))
        << item.key();
    changed.erase(item.key());
    if (item.key() == "inference" || item.key() == "notices" || item.key() == "gates" ||
        item.key() == "scale")
      continue;  // older files do not have it
    EXPECT_THAT([&] { verdict_from_json(changed.dump(), "v"); },
                ThrowsMessage<Error>("v: " + item.key() + " is missing"));
  }
}

TEST(VerdictReader, TablesWithAnotherNumberOfColumnsAreRefused) {
  VerdictRecord verdict = example();
  verdict.ledger[0].values.pop_back();
  EXPECT_THAT([&] { verdict_from_json(to_json(verdict), "v"); },
              ThrowsMessage<Error>(HasSubstr("a value for each of ledger_orders")));
  verdict = example();
  verdict.tuning[0].rates.clear();
  EXPECT_THAT([&] { verdict_from_json(to_json(verdict), "v"); },
              ThrowsMessage<Error>(HasSubstr("the same rates for every order")));
}

TEST(VerdictReader, WhatContradictsItselfIsRefused) {
  VerdictRecord verdict = example();
  verdict.margin = std::nullopt;
  verdict.comparisons[0].warnings = {
      {.kind = stats::WarningKind::wide_margin, .found = 5, .limit = 0.1}};
  EXPECT_THAT([&] { verdict_from_json(to_json(verdict), "v"); },
              ThrowsMessage<Error>("v: margin: expected a number, since a warning speaks of it, "
                                   "found null"));
  verdict = example();
  verdict.ranking.resize(4);
  EXPECT_THAT([&] { verdict_from_json(to_json(verdict), "v"); },
              ThrowsMessage<Error>(HasSubstr("no more entries than orders")));
}

TEST(VerdictReader, WhatANameHoldsNeverReachesATerminalRaw) {
  VerdictRecord verdict = example();
  verdict.orders[0].name = "a\x1b[31m";
  EXPECT_EQ(verdict_from_json(to_json(verdict), "v").orders[0].name, "a\\x1b[31m");
}

TEST(VerdictReader, AFolderWithoutAVerdictSaysWhatToDo) {
  const TemporaryFolder folder;
  EXPECT_THAT([&] { read_verdict(folder.path()); },
              ThrowsMessage<Error>(HasSubstr("no verdict.json in it; name the folder of a "
                                             "finished run")));
}

}  // namespace
}  // namespace whichfirst::record
