#include "report/inference_text.h"

#include <gmock/gmock.h>

#include <limits>

#include "report/paper.h"

namespace whichfirst::report {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

record::VerdictRecord example() {
  record::VerdictRecord verdict;
  verdict.inference = {
      {.name = "bn-first",
       .trials = 2,
       .counts = {.backward = 15, .convolutions = 15},
       .max_difference = 1.5e-6,
       .max_logit = 9.5,
       .trained = {.parameters = 1000, .bytes = 1'369'472, .batch_bytes = 11'304'320},
       .folded = {.parameters = 990, .bytes = 1'359'680, .batch_bytes = 11'294'528},
       .timings =
           record::InferenceTimings{
               .trained = {.latency_seconds = 2.5e-3, .images_per_second = 800.4},
               .folded = {.latency_seconds = 1.25e-3, .images_per_second = 1000}}},
      {.name = "act-first",
       .trials = 2,
       .counts = {.forward = 12, .kept = 3, .convolutions = 15, .bias_maps = 11},
       .reasons = {{"it reads relu, and a negative scale stands in front of a max-pool", 3}}},
      {.name = "plain", .trials = 1}};
  return verdict;
}

TEST(InferenceText, HasOneRowAnOrder) {
  EXPECT_EQ(
      inference_table(example()).print(),
      R"(order      bn folded     one picture   pictures/s           memory  largest difference
bn-first    15 of 15  2.5 -> 1.25 ms  800 -> 1000  1.37 -> 1.36 MB      1.5e-06 of 9.5
act-first   12 of 15               -            -        0 -> 0 MB                   -
plain          no bn               -            -        0 -> 0 MB                   -
)");
}

TEST(InferenceText, SaysWhoNeedsABiasByPositionAndWhyABnIsKept) {
  EXPECT_THAT(
      inference_remarks(example()),
      ElementsAre("act-first folds forward: 11 of 15 convolutions need a bias by position, because "
                  "they pad.",
                  "act-first keeps 3 of 15 bn: 3 because it reads relu, and a negative scale "
                  "stands in front of a max-pool."));
}

TEST(InferenceText, CountsAsFarAsAFileCan) {
  record::VerdictRecord verdict;
  constexpr int kMost = std::numeric_limits<int>::max();
  verdict.inference = {
      {.name = "a", .counts = {.backward = kMost, .forward = kMost, .kept = kMost}}};
  EXPECT_THAT(inference_part(verdict), HasSubstr("4294967294 of 6442450941"));
}

TEST(InferenceText, IsNotThereWhereNothingWasFolded) {
  EXPECT_EQ(inference_part({}), "");
  EXPECT_THAT(inference_part(example()),
              ::testing::StartsWith(
                  "\nInference on one core: as trained -> with bn folded into the weights\n"));
  record::VerdictRecord verdict = example();
  EXPECT_THAT(print_markdown(verdict), HasSubstr("## Inference\n\nInference on one core"));
  EXPECT_THAT(print_latex(verdict), HasSubstr("\\caption{Inference on one core"));
  verdict.inference.clear();
  EXPECT_THAT(print_markdown(verdict), Not(HasSubstr("Inference")));
  EXPECT_THAT(print_latex(verdict), Not(HasSubstr("Inference")));
}

}  // namespace
}  // namespace whichfirst::report
