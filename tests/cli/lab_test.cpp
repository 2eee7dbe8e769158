// `lab`: its numbers against NumPy's, its claims, its pages, what it refuses.
#include <gmock/gmock.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "cli/run_program.h"

namespace whichfirst::cli {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const std::filesystem::path kFixtures = std::filesystem::path(WHICHFIRST_FIXTURES) / "lab";

json inspect(const std::vector<std::string>& arguments) {
  const Scratch folder;
  return printed(folder, joined({"lab", "--json"}, arguments));
}

/// The claim of this kind about these orders (`b` empty: about one), or null.
json claim_of(const json& document, const std::string& about, const std::string& a,
              const std::string& b = "") {
  for (const json& claim : document["claims"]) {
    const bool is_b = b.empty() ? claim["b"].is_null() : claim["b"] == b;
    if (claim["about"] == about && claim["a"] == a && is_b) return claim;
  }
  return nullptr;
}

void expect_near(const json& actual, const json& expected, const std::string& what) {
  ASSERT_TRUE(actual.is_number()) << what;
  const double wanted = expected;
  EXPECT_NEAR(actual.get<double>(), wanted, 1e-5 * std::max(1.0, std::abs(wanted))) << what;
}

void expect_like_numpy(const json& stage, const json& expected) {
  const json& values = expected["values"];
  ASSERT_EQ(stage["values"].size(), values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    expect_near(stage["values"][i], values[i], "value");
  }
  if (expected["channels"].is_null()) return;
  ASSERT_EQ(stage["channels"].size(), expected["channels"].size());
  for (std::size_t c = 0; c < expected["channels"].size(); ++c) {
    const json& channel = stage["channels"][c];
    const json& wanted = expected["channels"][c];
    for (const char* what : {"mean", "sd", "min", "max", "zero_share"}) {
      expect_near(channel[what], wanted[what], what);
    }
    if (wanted["sd"] > 1e-9) {
      expect_near(channel["skewness"], wanted["skewness"], "skewness");
      expect_near(channel["kurtosis"], wanted["kurtosis"], "kurtosis");
    }
    std::size_t i = 0;
    for (const auto& [share, quantile] : channel["quantiles"].items()) {
      expect_near(quantile, wanted["quantiles"][i++], "quantile " + share);
    }
    std::int64_t counted = 0;
    for (const json& count : channel["histogram"]["counts"]) counted += count.get<std::int64_t>();
    EXPECT_EQ(counted, channel["count"]);
    if (stage["channels"].size() == 1) {
      EXPECT_EQ(channel["histogram"]["counts"], wanted["counts"]);
    }
  }
}

TEST(Lab, AgreesWithNumpyInEveryStage) {
  const json fixture = json::parse(std::ifstream(kFixtures / "lab.json"));
  for (const json& one : fixture["cases"]) {
    std::vector<std::string> arguments = {(kFixtures / one["file"]).string(), "--then",
                                          one["then"]};
    for (const json& option : one["options"]) arguments.push_back(option);
    arguments.emplace_back("--orders");
    for (const json& order : one["orders"]) arguments.push_back(order["order"]);
    const json document = inspect(arguments);
    ASSERT_EQ(document["orders"].size(), one["orders"].size());
    for (std::size_t i = 0; i < one["orders"].size(); ++i) {
      const json& stages = document["orders"][i]["stages"];
      ASSERT_EQ(stages.size(), one["orders"][i]["stages"].size());
      for (std::size_t s = 0; s < stages.size(); ++s) {
        SCOPED_TRACE(one["orders"][i]["order"].get<std::string>() + ", stage " + std::to_string(s));
        expect_like_numpy(stages[s], one["orders"][i]["stages"][s]);
      }
    }
  }
}

TEST(Lab, ShowsTheFourChainsOfTheArticleByDefault) {
  const json document = inspect({});
  EXPECT_EQ(document["input"]["shape"], json({1, 5, 5}));
  EXPECT_EQ(document["input"]["values"].size(), 25U);
  ASSERT_EQ(document["orders"].size(), 2U);
  std::vector<std::string> taps;
  for (const json& stage : document["orders"][0]["stages"]) taps.push_back(stage["tap"]);
  EXPECT_THAT(taps, ElementsAre("bn", "relu", "maxpool"));
  EXPECT_EQ(document["orders"][1]["name"], "relu bn");
  EXPECT_EQ(document["orders"][1]["stages"][2]["shape"], json({1, 2, 2}));

  const json scale = claim_of(document, "only-scale-differs", "bn relu", "relu bn");
  EXPECT_EQ(scale["answer"], "no");
  EXPECT_GT(scale["numbers"]["residual_share"], 0.05);
  const json cut = claim_of(document, "same-cut", "bn relu", "relu bn");
  EXPECT_EQ(cut["answer"], "no");
  EXPECT_NEAR(cut["numbers"]["threshold_a_least"].get<double>(), 1.36, 1e-12);  // the mean
  EXPECT_EQ(cut["numbers"]["threshold_b_least"], 0);
  EXPECT_EQ(cut["numbers"]["cut_by_one"], 7);
}

TEST(Lab, OfValuesWithoutAMeanFindsThatOnlyScaleAndOffsetDiffer) {
  const json document = inspect({"--values", "-3 1 2; 4 -1 -3; 0.5 -2 1.5"});
  EXPECT_EQ(claim_of(document, "only-scale-differs", "bn relu", "relu bn")["answer"], "yes");
  EXPECT_EQ(claim_of(document, "same-cut", "bn relu", "relu bn")["answer"], "yes");
  EXPECT_EQ(claim_of(document, "same-zeros", "bn relu", "relu bn")["answer"], "no");
}

TEST(Lab, FindsTheCutThatScaleAndOffsetMove) {
  // mean - offset x deviation / scale: 2 - 1 x sqrt(2 + eps) / 0.5
  const json document =
      inspect({"--values", "0 1 2 3 4", "--scale", "0.5", "--offset", "1", "--then", "none"});
  const json cut = claim_of(document, "same-cut", "bn relu", "relu bn");
  EXPECT_NEAR(cut["numbers"]["threshold_a_least"].get<double>(), 2 - 2 * std::sqrt(2 + 1e-5),
              1e-12);
  EXPECT_EQ(cut["numbers"]["cut_a"], 0);
  EXPECT_EQ(cut["numbers"]["cut_b"], 1);
}

TEST(Lab, ReproducesTheTheoryOfNormalValues) {
  for (const char* mean : {"-1", "0", "0.5"}) {
    const json document = inspect({"--normal", "64x8x28x28", "--mean", mean});
    for (const char* order : {"bn relu", "relu bn"}) {
      const json claim = claim_of(document, "as-in-theory", order);
      EXPECT_EQ(claim["answer"], "yes") << claim;
    }
    EXPECT_TRUE(document["input"]["values"].is_null());
    EXPECT_EQ(document["input"]["channels"].size(), 8U);
  }
  const json relu_bn = claim_of(inspect({"--normal", "64x8x28x28"}), "as-in-theory", "relu bn");
  EXPECT_NEAR(relu_bn["numbers"]["atom_theory"].get<double>(), -0.6833, 1e-4);
  EXPECT_NEAR(relu_bn["numbers"]["kurtosis"].get<double>(), 5.408, 0.1);
}

TEST(Lab, SaysWhenAMaxPoolMayStandFirst) {
  const json document =
      inspect({"--normal", "4x2x8x8", "--orders", "relu", "bn relu", "gelu", "--then", "maxpool"});
  EXPECT_EQ(claim_of(document, "pool-commutes", "relu")["answer"], "yes");
  EXPECT_EQ(claim_of(document, "pool-commutes", "gelu")["answer"], "no");
  const json bn = claim_of(document, "pool-commutes", "bn relu");
  EXPECT_EQ(bn["answer"], "no");
  EXPECT_NEAR(bn["numbers"]["largest_difference_same_statistics"].get<double>(), 0, 1e-12);
  const json negative = inspect({"--normal", "4x2x8x8", "--scale", "-1"});
  EXPECT_GT(claim_of(negative, "pool-commutes",
                     "bn relu")["numbers"]["largest_difference_same_statistics"],
            0.1);
}

TEST(Lab, LetsNanThroughAsPyTorchDoes) {
  const json document = inspect({"--values", "nan 1; 2 -3"});
  EXPECT_TRUE(document["input"]["values"][0].is_null());
  EXPECT_EQ(document["input"]["channels"][0]["nan_count"], 1);
  EXPECT_EQ(document["input"]["channels"][0]["mean"], 0);
  // One NaN makes the batch's mean NaN, relu and max-pool keep it.
  for (const json& stage : document["orders"][0]["stages"]) {
    for (const json& value : stage["values"]) EXPECT_TRUE(value.is_null());
    EXPECT_TRUE(stage["channels"][0]["mean"].is_null());
  }
  const json relu = document["orders"][1]["stages"][0];
  EXPECT_EQ(relu["values"], json({nullptr, 1, 2, 0}));
  EXPECT_TRUE(claim_of(document, "only-scale-differs", "bn relu", "relu bn")["answer"].is_null());
}

TEST(Lab, OfAConstantChannelDividesByTheRootOfEpsAndSaysThatThereIsNoShape) {
  const json document = inspect({"--values", "2 2; 2 2"});
  const json bn = document["orders"][0]["stages"][0];
  EXPECT_EQ(bn["values"], json({0, 0, 0, 0}));
  EXPECT_EQ(bn["channels"][0]["sd"], 0);
  EXPECT_TRUE(bn["channels"][0]["skewness"].is_null());
  EXPECT_TRUE(claim_of(document, "only-scale-differs", "bn relu", "relu bn")["answer"].is_null());
}

TEST(Lab, WritesAllValuesAsOneArray) {
  const Scratch folder;
  const json document =
      printed(folder, {"lab", "--normal", "2x3x32x32", "--values-out", "all.npy", "--json"});
  const json last = document["orders"][1]["stages"][2];
  EXPECT_EQ(last["shape"], json({2, 3, 16, 16}));
  const std::string bytes = content_of(folder / "all.npy");
  EXPECT_EQ(bytes.size() % 8, 0U);
  EXPECT_EQ(bytes.size(), 128 + 8 * (last["values_offset"].get<std::size_t>() + 2 * 3 * 16 * 16));
  // What was written is read: its single stage holds the input again, then everything else.
  const json again = json::parse(
      run(folder, {"lab", "all.npy", "--then", "none", "--orders", "relu", "--json"}).out);
  EXPECT_EQ(again["input"]["shape"],
            json({1, 1, last["values_offset"].get<std::size_t>() + 2 * 3 * 16 * 16}));
}

TEST(Lab, WritesAPageThatNeedsNothingElseAndEscapesNames) {
  const Scratch folder;
  std::filesystem::copy_file(kFixtures / "picture.npy", folder / "<img src=x>&\".npy");
  const Ended ended = run(folder, {"lab", "<img src=x>&\".npy", "--html", "page.html"});
  ASSERT_EQ(ended.status, 0) << ended.err;
  const std::string page = content_of(folder / "page.html");
  EXPECT_THAT(page, HasSubstr("&lt;img src=x&gt;&amp;&quot;.npy"));
  EXPECT_THAT(page, Not(HasSubstr("<img")));
  EXPECT_THAT(page, Not(HasSubstr("http:")));
  EXPECT_THAT(page, Not(HasSubstr("https:")));
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, HasSubstr("prefers-color-scheme: dark"));
  EXPECT_THAT(page, HasSubstr("<path class=\"curve\" d=\"M0.0 "));
  EXPECT_THAT(page, HasSubstr("class=\"low\""));
  EXPECT_THAT(page, HasSubstr("</html>"));
}

TEST(Lab, KeepsTheControlCharactersOfANameFromTheTerminal) {
  const Scratch folder;
  std::filesystem::copy_file(kFixtures / "picture.npy", folder / "a\x1b[31m.npy");
  EXPECT_THAT(run(folder, {"lab", "a\x1b[31m.npy"}).out, HasSubstr("input: a\\x1b[31m.npy"));
  EXPECT_THAT(run(folder, {"lab", "b\x1b[31m.npy"}).err, Not(HasSubstr("\x1b")));
}

TEST(Lab, TakesEveryKindOfStageAndKeepsTheWidthOfConvolutions) {
  const json document =
      inspect({"--normal", "2x3x8x8", "--then", "none", "--orders", "conv bn relu pool",
               "res(bn relu conv) gap fc(4)", "cbr", "2*(conv(k=1) drop(0.5)) flatten ln"});
  EXPECT_EQ(document["orders"][0]["stages"][0]["shape"], json({2, 3, 8, 8}));
  EXPECT_EQ(document["orders"][1]["stages"].back()["shape"], json({2, 4}));
  EXPECT_EQ(document["orders"][2]["name"], "conv bn relu");
  EXPECT_EQ(document["orders"][3]["stages"][2]["tap"], "conv.1");
  // The same weights for the same place among the convolutions.
  EXPECT_EQ(document["orders"][0]["stages"][0]["values"],
            document["orders"][2]["stages"][0]["values"]);
}

struct Refused {
  const char* name;
  std::vector<std::string> arguments;
  const char* message;
};
void PrintTo(const Refused& refused, std::ostream* out) { *out << refused.name; }

class LabRefuses : public ::testing::TestWithParam<Refused> {};

TEST_P(LabRefuses, WithAMessageAndStatusTwo) {
  const Scratch folder;
  const Ended ended = run(folder, joined({"lab"}, GetParam().arguments));
  EXPECT_EQ(ended.status, 2);
  EXPECT_EQ(ended.out, "");
  EXPECT_THAT(ended.err, HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    Program, LabRefuses,
    ::testing::Values(
        Refused{"UnknownStage", {"--orders", "batchnrm relu"}, "unknown stage 'batchnrm'"},
        Refused{"NoSuchFile", {"none.png"}, "none.png: there is no such file"},
        Refused{"TwoInputs", {"--values", "1 2", "--normal", "3x3"}, "choose one"},
        Refused{"AbsurdSize", {"--normal", "100000x100000"}, "expected 1 to 16777216 numbers"},
        Refused{"TooMuchWork",
                {"--normal", "16x16x256x256", "--orders", "20*conv(k=99)"},
                "take fewer or smaller images"},
        Refused{"TooManyOrders",
                {"--normal", "64x16x128x128", "--orders", "4*bn", "4*relu"},
                "give fewer orders"},
        Refused{"PoolTooLarge", {"--then", "maxpool(9)"}, "order 'bn relu': body.maxpool.0"},
        Refused{"SingleValue", {"--values", "3", "--then", "none"}, "more than one value"},
        Refused{
            "WrongCount", {"--scale", "1,2"}, "--scale: expected 1 number for body.bn.0, found 2"},
        Refused{"UnusedScale", {"--scale", "2", "--orders", "relu"}, "no order has a stage"},
        Refused{"MeanWithoutNormal", {"--mean", "1"}, "give --normal NxCxHxW"},
        Refused{"NegativeVariance", {"--given-variance", "-1"}, "from 0 on"},
        Refused{"EpsOfZero", {"--eps", "0"}, "--eps: expected a number from 1e-12 to 1"}),
    [](const auto& tested) { return tested.param.name; });

TEST(LabText, FitsItsWidthAndShowsNumbersCurvesAndAnswers) {
  const Scratch folder;
  const Ended ended = run(folder, {"lab"});
  ASSERT_EQ(ended.status, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("== bn relu =="));
  EXPECT_THAT(ended.out, HasSubstr("█"));
  EXPECT_THAT(ended.out, HasSubstr("Do bn relu and relu bn differ in scale and offset only? no:"));
  EXPECT_THAT(ended.out, HasSubstr("bn relu cuts 14 of 25 values"));
}

}  // namespace
}  // namespace whichfirst::cli
