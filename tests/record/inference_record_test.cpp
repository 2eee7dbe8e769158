#include "record/inference_record.h"

#include <gmock/gmock.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "record/temporary_folder.h"
#include "record/trial_record.h"
#include "record/verdict_record.h"

namespace whichfirst::record {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

InferenceRecord example() {
  return {.counts = {.backward = 1, .forward = 1, .kept = 1, .convolutions = 2, .bias_maps = 1},
          .bns = {{.stage = "units.0.bn",
                   .fate = fold::Fate::backward,
                   .into = "units.0.conv",
                   .reason = {}},
                  {.stage = "units.1.bn.0",
                   .fate = fold::Fate::forward,
                   .into = "units.1.conv",
                   .needs_bias_map = true,
                   .reason = {}},
                  {.stage = "units.1.bn.1",
                   .fate = fold::Fate::kept,
                   .into = {},
                   .reason = "it reads a sum, and relu reads it"}},
          .pictures = 100,
          .max_difference = 1.25e-6,
          .max_logit = 9.5,
          .trained = {.parameters = 1000, .bytes = 5'000, .batch_bytes = 90'000},
          .folded = {.parameters = 1010, .bytes = 4'000, .batch_bytes = 80'000}};
}

InferenceTimings times() {
  return {.trained = {.latency_seconds = 2e-3, .images_per_second = 800},
          .folded = {.latency_seconds = 1.5e-3, .images_per_second = 1000}};
}

TrialRecord trial() {
  TrialRecord record;
  record.replicate = 1;
  record.inference = example();
  record.timings.inference = times();
  return record;
}

TEST(InferenceRecord, OfATrialReadsBackAsWritten) {
  EXPECT_EQ(trial_from_json(to_json(trial()), "1.json"), trial());
  TrialRecord without = trial();
  without.inference->max_difference.reset();
  without.inference->max_logit.reset();
  EXPECT_EQ(trial_from_json(to_json(without), "1.json"), without);
}

TEST(InferenceRecord, ATrialOfBeforeReadsBackWithoutOne) {
  auto json = nlohmann::ordered_json::parse(to_json(trial()));
  json.erase("inference");
  json["timings"].erase("inference");
  const TrialRecord record = trial_from_json(json.dump(), "1.json");
  EXPECT_EQ(record.inference, std::nullopt);
  EXPECT_EQ(record.timings.inference, std::nullopt);
}

TEST(InferenceRecord, OfATrialThatWasNotFoldedIsNull) {
  const auto json = nlohmann::ordered_json::parse(to_json(TrialRecord{}));
  EXPECT_TRUE(json["inference"].is_null());
  EXPECT_TRUE(json["timings"]["inference"].is_null());
}

TEST(InferenceRecord, ADifferenceThatIsNotFiniteIsNull) {
  TrialRecord record = trial();
  record.inference->max_difference = std::numeric_limits<double>::infinity();
  const auto json = nlohmann::ordered_json::parse(to_json(record));
  EXPECT_TRUE(json["inference"]["max_difference"].is_null());
}

TEST(InferenceRecord, SaysWhereAFileDoesNotFit) {
  const auto complaint = [](const char* pointer, const nlohmann::json& value) {
    auto json = nlohmann::ordered_json::parse(to_json(trial()));
    json[nlohmann::ordered_json::json_pointer(pointer)] = value;
    return complaint_of([&] { trial_from_json(json.dump(), "1.json"); });
  };
  EXPECT_EQ(complaint("/inference/kept", -1),
            "1.json: inference.kept: expected a whole number from 0 to 2147483647, found -1");
  EXPECT_EQ(complaint("/inference/bns/0/into", 3),
            "1.json: inference.bns[0].into: expected a string, found 3");
  EXPECT_EQ(complaint("/inference/trained/bytes", "many"),
            "1.json: inference.trained.bytes: expected a whole number from 0 to "
            "9223372036854775807, found \"many\"");
  EXPECT_THAT(complaint("/inference/folds", 1), HasSubstr("unknown key 'folds'"));
  EXPECT_EQ(complaint("/timings/inference/folded/latency_seconds", nullptr),
            "1.json: timings.inference.folded.latency_seconds: expected a number, found null");
}

TEST(InferenceRecord, CountsFatesAndReasons) {
  std::vector<fold::BnFate> bns = example().bns;
  bns.push_back({.stage = "units.2.bn", .fate = fold::Fate::kept, .into = {}, .reason = "another"});
  bns.push_back(bns[2]);
  const FoldCounts counts = counts_of(bns);
  EXPECT_EQ(counts.backward, 1);
  EXPECT_EQ(counts.forward, 1);
  EXPECT_EQ(counts.kept, 3);
  EXPECT_THAT(reasons_of(bns), ElementsAre(KeptReason{"it reads a sum, and relu reads it", 2},
                                           KeptReason{"another", 1}));
  EXPECT_THAT(reasons_of({}), ElementsAre());
}

TEST(InferenceRecord, OfAVerdictReadsBackAsWritten) {
  VerdictRecord verdict;
  verdict.confidence = 0.95;
  verdict.metric = "test_accuracy";
  verdict.condition.lr = {0.1};
  verdict.plan.seeds = 2;
  verdict.orders = {{.name = "a", .order = {}, .lr = {}, .values = {}, .mean = {}, .sd = {}},
                    {.name = "b", .order = {}, .lr = {}, .values = {}, .mean = {}, .sd = {}}};
  verdict.comparisons.resize(1);
  verdict.inference = {{.name = "a",
                        .trials = 2,
                        .counts = example().counts,
                        .reasons = {{"it reads a sum, and relu reads it", 1}},
                        .max_difference = 1.25e-6,
                        .max_logit = 9.5,
                        .trained = example().trained,
                        .folded = example().folded,
                        .timings = times()},
                       {.name = "b", .trials = 1}};
  const std::string text = to_json(verdict);
  EXPECT_EQ(verdict_from_json(text, "v").inference, verdict.inference);

  auto json = nlohmann::ordered_json::parse(text);
  EXPECT_EQ(json["inference"][0].contains("timings"), false);
  EXPECT_EQ(json["timings"]["inference"][0]["folded"]["images_per_second"], 1000.0);
  EXPECT_TRUE(json["timings"]["inference"][1].is_null());
  json.erase("inference");  // as an older version wrote it
  EXPECT_THAT(verdict_from_json(json.dump(), "v").inference, ElementsAre());
}

}  // namespace
}  // namespace whichfirst::record
