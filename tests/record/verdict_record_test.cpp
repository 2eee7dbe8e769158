#include "record/verdict_record.h"

#include <gmock/gmock.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace whichfirst::record {
namespace {

using nlohmann::ordered_json;
using ::testing::ElementsAre;
using ::testing::IsSupersetOf;

std::vector<std::string> keys_of(const ordered_json& json) {
  std::vector<std::string> keys;
  for (const auto& item : json.items()) keys.push_back(item.key());
  return keys;
}

VerdictRecord example() {
  VerdictRecord verdict;
  verdict.study = "demo";
  verdict.condition.dataset = "fashion-mnist";
  verdict.condition.train = 12'000;
  verdict.condition.network = "article-15";
  verdict.condition.epochs = 3;
  verdict.condition.lr = {0.1};
  verdict.metric = "test_accuracy";
  verdict.margin = 0.25;
  verdict.confidence = 0.95;
  verdict.orders = {{.name = "bn-first",
                     .order = "conv bn relu",
                     .lr = 0.1,
                     .values = {90.1, std::nullopt, 90.3},
                     .mean = 90.2,
                     .sd = 0.14,
                     .diverged = 1}};
  ComparisonResult result;
  result.a = "bn-first";
  result.b = "act-first";
  result.comparison.pairs = 8;
  result.comparison.mean_diff = -0.4;
  result.comparison.interval = stats::Interval{-0.57, -0.23};
  result.comparison.posterior = stats::Posterior{.better = 0, .within_margin = 0.03, .worse = 0.97};
  result.comparison.verdict = stats::Verdict::worse;
  result.comparison.more_pairs_needed = 0;
  result.comparison.b.failed = 2;
  result.interval_images = stats::Interval{-0.7, -0.1};
  result.sentence = "On this, bn-first is worse.";
  verdict.comparisons = {result};
  verdict.ledger = {{.what = "biases of convolutions", .values = {"none", "15"}}};
  return verdict;
}

TEST(VerdictRecord, HasTheDocumentedFieldsByName) {
  const auto json = ordered_json::parse(to_json(example()));
  EXPECT_THAT(keys_of(json), IsSupersetOf({"study", "condition", "metric", "margin", "confidence",
                                           "stop", "orders", "comparisons"}));
  EXPECT_THAT(keys_of(json["condition"]),
              IsSupersetOf({"data", "train", "network", "epochs", "lr"}));
  EXPECT_THAT(keys_of(json["orders"][0]),
              IsSupersetOf({"name", "order", "lr", "values", "mean", "sd", "diverged", "failed"}));
  EXPECT_THAT(keys_of(json["comparisons"][0]),
              IsSupersetOf({"a", "b", "pairs", "mean_diff", "sd_diff", "interval", "looks",
                            "interval_images", "p_t", "p_permutation", "p_wilcoxon",
                            "p_equivalence", "posterior", "wins_share", "correlation", "verdict",
                            "reason", "more_pairs_needed"}));
  EXPECT_THAT(keys_of(json["comparisons"][0]["posterior"]),
              ElementsAre("better", "within_margin", "worse"));
}

TEST(VerdictRecord, HoldsTheValues) {
  const auto json = ordered_json::parse(to_json(example()));
  EXPECT_EQ(json["condition"]["data"], "fashion-mnist");
  EXPECT_EQ(json["condition"]["train"], 12'000);
  EXPECT_EQ(json["stop"], "fixed");
  EXPECT_EQ(json["orders"][0]["values"], ordered_json::parse("[90.1, null, 90.3]"));
  const auto& comparison = json["comparisons"][0];
  EXPECT_EQ(comparison["interval"], ordered_json::parse("[-0.57, -0.23]"));
  EXPECT_EQ(comparison["interval_images"], ordered_json::parse("[-0.7, -0.1]"));
  EXPECT_EQ(comparison["verdict"], "worse");
  EXPECT_EQ(comparison["looks"], 1);
  EXPECT_EQ(comparison["lost"]["b"]["failed"], 2);
  EXPECT_EQ(comparison["more_pairs_needed"], 0);
  EXPECT_EQ(comparison["sentence"], "On this, bn-first is worse.");
  EXPECT_EQ(
      json["ledger"],
      ordered_json::parse(R"([{"what": "biases of convolutions", "values": ["none", "15"]}])"));
}

TEST(VerdictRecord, WhatIsMissingIsNullAndStillThere) {
  VerdictRecord verdict;
  verdict.stop = Stop::interrupted;
  verdict.orders.resize(1);
  verdict.comparisons.resize(1);
  const auto empty = ordered_json::parse(to_json(verdict));
  const auto full = ordered_json::parse(to_json(example()));
  EXPECT_EQ(keys_of(empty), keys_of(full));
  EXPECT_EQ(keys_of(empty["condition"]), keys_of(full["condition"]));
  EXPECT_EQ(keys_of(empty["orders"][0]), keys_of(full["orders"][0]));
  EXPECT_EQ(keys_of(empty["comparisons"][0]), keys_of(full["comparisons"][0]));
  EXPECT_EQ(empty["stop"], "interrupted");
  EXPECT_EQ(empty["orders"][0]["values"], ordered_json::array());
  for (const char* field : {"interval", "interval_images", "p_t", "p_holm", "posterior", "reason",
                            "mean_diff", "more_pairs_needed", "wins_share"}) {
    EXPECT_TRUE(empty["comparisons"][0][field].is_null()) << field;
  }
  EXPECT_TRUE(empty["margin"].is_null());
  EXPECT_TRUE(empty["condition"]["validation"].is_null());
}

TEST(VerdictRecord, AListOfNothingIsAList) {
  const auto json = ordered_json::parse(to_json(VerdictRecord{}));
  for (const char* field : {"orders", "comparisons", "ledger"}) {
    EXPECT_EQ(json[field], ordered_json::array()) << field;
  }
}

TEST(VerdictRecord, ANumberThatIsNotFiniteIsNull) {
  VerdictRecord verdict = example();
  verdict.orders[0].values = {std::nan(""), HUGE_VAL};
  verdict.comparisons[0].comparison.sd_diff = std::nan("");
  verdict.comparisons[0].comparison.interval = stats::Interval{-HUGE_VAL, 1};
  const auto json = ordered_json::parse(to_json(verdict));
  EXPECT_EQ(json["orders"][0]["values"], ordered_json::parse("[null, null]"));
  EXPECT_TRUE(json["comparisons"][0]["sd_diff"].is_null());
  EXPECT_EQ(json["comparisons"][0]["interval"], ordered_json::parse("[null, 1.0]"));
}

TEST(VerdictRecord, OnlyTimingsKnowWhereAndHowLong) {
  VerdictRecord there = example();
  there.run_folder = "elsewhere";
  there.comparisons[0].more_core_hours_needed = 3;
  auto json = ordered_json::parse(to_json(there));
  EXPECT_EQ(json["timings"],
            ordered_json::parse(
                R"({"run": "elsewhere", "trial_seconds": [], "after_stop": 0, "tap_share": null,
                    "more_core_hours_needed": [3.0], "inference": []})"));
  auto here = ordered_json::parse(to_json(example()));
  json.erase("timings");
  here.erase("timings");
  EXPECT_EQ(json, here);
}

TEST(VerdictRecord, ANameThatIsNoUtf8DoesNotStopIt) {
  VerdictRecord verdict = example();
  verdict.run_folder = "runs/\xff";
  EXPECT_EQ(ordered_json::parse(to_json(verdict))["timings"]["run"], "runs/\xEF\xBF\xBD");
}

}  // namespace
}  // namespace whichfirst::record
