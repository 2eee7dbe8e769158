#include "study/inference_summary.h"

#include <gmock/gmock.h>

namespace whichfirst::study {
namespace {

using ::testing::ElementsAre;

record::TrialRecord trial(int kept, std::optional<double> difference, double seconds) {
  record::TrialRecord record;
  record.inference = record::InferenceRecord{
      .counts = {.backward = 5 - kept, .kept = kept},
      .bns = {static_cast<std::size_t>(kept),
              {.stage = "units.0.bn", .fate = fold::Fate::kept, .into = {}, .reason = "why"}},
      .max_difference = difference,
      .max_logit = 8,
      .trained = {.parameters = 10, .bytes = 100 + kept},
      .folded = {.parameters = 9, .bytes = 90 + kept}};
  record.timings.inference = record::InferenceTimings{
      .trained = {.latency_seconds = seconds, .images_per_second = 1 / seconds},
      .folded = {.latency_seconds = seconds / 2, .images_per_second = 2 / seconds}};
  return record;
}

TEST(SummariseInference, TakesTheTrialThatKeptMostTheLargestDifferenceAndMedians) {
  const record::TrialRecord one = trial(0, 1e-6, 1);
  const record::TrialRecord two = trial(2, 3e-6, 4);
  const record::TrialRecord three = trial(1, 2e-6, 2);
  const auto result = summarise_inference("a", {&one, &two, &three});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->name, "a");
  EXPECT_EQ(result->trials, 3);
  EXPECT_EQ(result->counts.kept, 2);
  EXPECT_THAT(result->reasons, ElementsAre(record::KeptReason{"why", 2}));
  EXPECT_EQ(result->trained.bytes, 102);
  EXPECT_EQ(result->max_difference, 3e-6);
  EXPECT_EQ(result->max_logit, 8);
  EXPECT_EQ(result->timings->trained.latency_seconds, 2);
  EXPECT_EQ(result->timings->folded.images_per_second, 1);
}

TEST(SummariseInference, OfTwoTrialsTheMedianLiesBetween) {
  const record::TrialRecord one = trial(0, 1e-6, 1);
  const record::TrialRecord two = trial(0, 1e-6, 2);
  EXPECT_EQ(summarise_inference("a", {&one, &two})->timings->trained.latency_seconds, 1.5);
}

TEST(SummariseInference, ADifferenceThatIsMissingOnceIsMissing) {
  const record::TrialRecord one = trial(0, 1e-6, 1);
  const record::TrialRecord two = trial(0, std::nullopt, 2);
  EXPECT_EQ(summarise_inference("a", {&one, &two})->max_difference, std::nullopt);
  EXPECT_EQ(summarise_inference("a", {&two, &one})->max_difference, std::nullopt);
}

TEST(SummariseInference, PassesOverTrialsThatWereNotFolded) {
  const record::TrialRecord lost;
  record::TrialRecord untimed = trial(1, 1e-6, 1);
  untimed.timings.inference.reset();
  EXPECT_EQ(summarise_inference("a", {}), std::nullopt);
  EXPECT_EQ(summarise_inference("a", {&lost}), std::nullopt);
  const auto result = summarise_inference("a", {&lost, &untimed});
  EXPECT_EQ(result->trials, 1);
  EXPECT_EQ(result->timings, std::nullopt);
}

}  // namespace
}  // namespace whichfirst::study
