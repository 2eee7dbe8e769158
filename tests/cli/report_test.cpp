#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "cli/run_program.h"

namespace whichfirst::cli {
namespace {

using nlohmann::json;
using record::put;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

/// Three quick orders, in a run folder named run.
Ended compare(const Scratch& folder, const std::vector<std::string>& more = {}) {
  return run(
      folder,
      joined({"compare", "network=unit(4, pool=2) flatten fc(classes)", "orders.a=conv bn relu",
              "orders.b=conv relu bn", "orders.c=bn conv relu", "data.train=200", "data.test=100",
              "data.size=8", "recipe.epochs=1", "plan.seeds=6", "--quiet", "--out", "run"},
             more));
}

TEST(Report, PrintsWhatCompareDid) {
  const Scratch folder;
  const Ended compared = compare(folder);
  ASSERT_EQ(compared.status, 0) << compared.err;
  const Ended text = run(folder, {"report", "run"});
  EXPECT_EQ(text.status, 0) << text.err;
  EXPECT_EQ(text.out, compared.out);
  EXPECT_THAT(text.out, AllOf(HasSubstr("\n  order  "), HasSubstr("\nRun folder: run\n")));
  EXPECT_THAT(run(folder, {"report", "run", "--details"}).out,
              AllOf(HasSubstr("\nRanking: "), HasSubstr("\nPlanned: test accuracy")));
  for (const char* format : {"json", "md", "latex", "csv"}) {
    const Ended again = compare(folder, {"--format", format});
    EXPECT_TRUE(run(folder, {"report", "run", "--format", format}).out == again.out) << format;
  }
  EXPECT_EQ(run(folder, {"report", "run", "--json"}).out,
            record::content_of(folder / "run/verdict.json"));
}

/// Long enough that the orders learn more than guessing: else every gate is undecided.
const std::vector<std::string> kLearning = {
    "network=unit(8, pool=2) unit(16, pool=2) flatten fc(classes)",
    "orders.b=conv bn elu",
    "orders.c=conv bn tanh",
    "data.train=1500",
    "data.test=200",
    "data.size=16",
    "recipe.epochs=2",
    "recipe.batch=16",
    "recipe.lr=0.03"};

TEST(Report, AsksWhatCompareMayAsk) {
  const Scratch folder;
  const auto codes = [&](const std::vector<std::string>& more) {
    return std::vector{compare(folder, joined(kLearning, more)).status,
                       run(folder, joined({"report", "run"}, more)).status};
  };
  EXPECT_EQ(codes({"--expect", "all:not-worse-by=100"}), (std::vector{0, 0}));
  EXPECT_EQ(codes({"--expect", "c:a:better-by=100"}), (std::vector{1, 1}));
  EXPECT_EQ(codes({"--expect", "a:x:better"}), (std::vector{2, 2}));
  EXPECT_EQ(codes({"--expect", "all:not-worse-by=100", "--junit", "t.xml"}), (std::vector{0, 0}));
  EXPECT_THAT(content_of(folder / "t.xml"), AllOf(HasSubstr("tests=\"3\" failures=\"0\""),
                                                  HasSubstr("name=\"a:c all:not-worse-by=100\"")));
}

TEST(Report, OfACampaignThatItsGateEndedSaysSoAndTheRunGoesOnWithoutIt) {
  const Scratch folder;
  const auto automatic = joined(kLearning, {"plan.seeds=auto", "plan.max-seeds=7"});
  const Ended gated =
      compare(folder, joined(automatic, {"--expect", "all:not-worse-by=100", "--json"}));
  ASSERT_EQ(gated.status, 0) << gated.err;
  EXPECT_EQ(json::parse(gated.out)["gates"], json({"all:not-worse-by=100"}));
  const Ended whole = compare(folder, joined(automatic, {"--json"}));
  EXPECT_EQ(json::parse(whole.out)["gates"], json::array());
  EXPECT_EQ(json::parse(whole.out)["study_hash"], json::parse(gated.out)["study_hash"]);
}

class ReportedValues : public ::testing::TestWithParam<const char*> {};

TEST_P(ReportedValues, GiveTheSameVerdict) {
  const Scratch folder;
  const bool is_automatic = std::string_view(GetParam()) == "plan.seeds=auto";
  ASSERT_EQ(compare(folder, {GetParam(), "plan.max-seeds=7"}).status, 0);
  const Ended values = run(folder, {"report", "run", "--format", "csv"});
  put(folder / "values.csv", values.out);
  EXPECT_EQ(values.err.find("--auto --max-pairs 7") != values.err.npos, is_automatic);
  std::vector<std::string> words = {"verdict",  "values.csv", "--metric", "test_accuracy",
                                    "--margin", "0.25",       "--json"};
  if (is_automatic) words.insert(words.end(), {"--auto", "--max-pairs", "7"});
  const Ended ended = run(folder, words);
  ASSERT_EQ(ended.status, 0) << ended.err;
  const json there = json::parse(record::content_of(folder / "run/verdict.json"))["comparisons"];
  const json here = json::parse(ended.out)["comparisons"];
  ASSERT_EQ(there.size(), 3);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(here[i]["p_t"], there[i]["p_t"]);
    EXPECT_EQ(here[i]["mean_diff"], there[i]["mean_diff"]);
    EXPECT_EQ(here[i]["interval"], there[i]["interval"]);
    EXPECT_EQ(here[i]["verdict"], there[i]["verdict"]);
  }
}

INSTANTIATE_TEST_SUITE_P(Program, ReportedValues,
                         ::testing::Values("plan.seeds=6", "plan.seeds=auto"));

TEST(Report, AFolderThatIsNoRunIsCodeTwo) {
  const Scratch folder;
  const Ended ended = run(folder, {"report", "nowhere"});
  EXPECT_EQ(ended.status, 2);
  EXPECT_THAT(ended.err, HasSubstr("nowhere: no verdict.json in it"));
}

TEST(VerdictVerb, AutomaticStoppingUsesTheFirstPairsThatDecide) {
  const Scratch folder;
  std::string text = "seed,order,accuracy\n";
  // V1 of the stopping rule: decided at the sixth pair, so the seventh is left out.
  const double differences[] = {.31, .12, .45, .22, .38, .27, -9};
  for (int i = 0; i < 7; ++i) {
    text += std::to_string(i) + ",a," + std::to_string(90 + differences[i]) + "\n" +
            std::to_string(i) + ",b,90\n";
  }
  put(folder / "r.csv", text);
  const json verdict = printed(
      folder, {"verdict", "r.csv", "--auto", "--max-pairs", "7", "--margin", "0.25", "--json"});
  EXPECT_EQ(verdict["stop"], "decided");
  EXPECT_EQ(verdict["plan"]["max_seeds"], 7);
  const json& comparison = verdict["comparisons"][0];
  EXPECT_EQ(comparison["pairs"], 6);
  EXPECT_EQ(comparison["verdict"], "better");
  EXPECT_NEAR(comparison["interval"][0].get<double>(), .080828569, 1e-9);
  EXPECT_NEAR(comparison["interval"][1].get<double>(), .502504765, 1e-9);
  // The seventh plays no part anywhere.
  EXPECT_EQ(verdict["orders"][0]["values"].size(), 6);
  EXPECT_EQ(verdict["pair_names"].size(), 6);
  EXPECT_EQ(verdict["timings"]["after_stop"], 1);
  EXPECT_THAT(run(folder, {"verdict", "r.csv", "--auto", "--max-pairs", "5"}).err,
              StartsWith("whichfirst: --max-pairs: expected 6 to 1000 pairs, found 5"));
}

TEST(VerdictVerb, ALossBehindTheStopIsNoLoss) {
  const Scratch folder;
  std::string text = "seed,order,accuracy\n";
  const double differences[] = {.31, .12, .45, .22, .38, .27, 0};
  for (int i = 0; i < 7; ++i) {
    text += std::to_string(i) + ",a," + std::to_string(90 + differences[i]) + "\n" +
            std::to_string(i) + ",b," + (i == 6 ? "nan" : "90") + "\n";
  }
  put(folder / "r.csv", text);
  const Ended ended = run(folder, {"verdict", "r.csv", "--auto", "--details"});
  EXPECT_THAT(unbroken(ended.out),
              AllOf(StartsWith("a is better than b by"),
                    HasSubstr("Done: decided after 6 complete pairs; 1 later pair left out."),
                    HasSubstr("no run failed")));
}

TEST(VerdictVerb, ATableThatEndsBeforeAVerdictSaysSo) {
  const Scratch folder;
  put(folder / "r.csv",
      "seed,order,accuracy\n1,a,1\n1,b,2\n2,a,2\n2,b,1\n3,a,3\n3,b,3.25\n4,a,4\n4,b,4\n");
  const Ended ended = run(folder, {"verdict", "r.csv", "--auto", "--details"});
  EXPECT_THAT(unbroken(ended.out),
              HasSubstr("6 to 30. Done: 4 complete pairs, then the table ends."));
}

TEST(VerdictVerb, SaysWhatAWantedDifferenceTakes) {
  const Scratch folder;
  put(folder / "r.csv",
      "seed,order,accuracy\n1,a,1\n1,b,2\n2,a,2\n2,b,2.5\n3,a,3\n3,b,3.25\n4,a,4\n4,b,4\n");
  const Ended ended =
      run(folder, {"verdict", "r.csv", "--difference", "0.5", "--power", "0.9", "--details"});
  EXPECT_THAT(
      unbroken(ended.out),
      HasSubstr("at this spread, detecting a difference of 0.5 with 90 % power takes 10 pairs"));
  EXPECT_THAT(run(folder, {"verdict", "r.csv", "--difference", "-1"}).err,
              HasSubstr("--difference: expected a number above 0, found -1"));
}

}  // namespace
}  // namespace whichfirst::cli
