#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <set>

#include "cli/run_program.h"

namespace whichfirst::cli {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

json explain(const std::string& a, const std::string& b, const std::string& input = "3x32x32") {
  const Scratch folder;
  const Ended ended = run(folder, {"explain", a, b, "--input", input, "--json"});
  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_THAT(ended.err, IsEmpty());
  return json::parse(ended.out);
}

TEST(Explain, AnswersWithReasonsAndAChecksOfThem) {
  const json found = explain("conv bn relu", "conv relu bn");
  EXPECT_EQ(found["answer"], "same function class");
  EXPECT_EQ(found["contradicted"], false);
  EXPECT_EQ(found["unit"]["check"]["cases"], 1000);
  EXPECT_LT(found["unit"]["check"]["largest_difference"].get<double>(), 1e-9);
  EXPECT_TRUE(found["unit"]["check"]["witness"].is_object());
  EXPECT_EQ(found["stack"]["answer"], "different");
  EXPECT_EQ(found["answer_in_a_row"], "different");
  EXPECT_EQ(found["same_cycle"], false);
  std::vector<std::string> numbers;
  for (const json& reason : found["unit"]["reasons"]) numbers.push_back(reason["number"]);
  EXPECT_THAT(numbers, ::testing::ElementsAre("D9", "D2"));
  bool sees_border = false;
  for (const json& row : found["ledger"]) {
    sees_border |= row["what"] == "bn's that fold at inference" &&
                   row["values"][1].get<std::string>().find("12.1 %") != std::string::npos;
  }
  EXPECT_TRUE(sees_border);
}

TEST(Explain, ContradictsNoAnswerThatIsRight) {
  EXPECT_EQ(explain("conv bn sign", "conv sign bn")["answer"], "same function class");
  EXPECT_EQ(explain("conv gn(1) relu", "conv ln relu")["answer"], "same training");
  EXPECT_EQ(explain("conv relu in(affine=off)", "conv tanh in(affine=off)")["answer"], "different");
  EXPECT_EQ(
      explain("conv(bias=on) drop(0.5) bn relu", "conv(bias=off) drop(0.5) bn relu")["answer"],
      "same function class");
}

TEST(Explain, ReadsDialectsVectorsAndOtherSizes) {
  EXPECT_EQ(explain("cbrp", "conv-norm-pool-act", "8x8x8")["orders"][0], "conv bn relu maxpool(2)");
  EXPECT_EQ(explain("conv relu maxpool", "conv maxpool relu", "1x28x28")["answer"],
            "same training");
  EXPECT_EQ(explain("conv bn tanh", "conv tanh bn", "16")["stack"]["answer"],
            "same function class");
}

TEST(Explain, PrintsTheChainAndWhatElseDiffers) {
  const Scratch folder;
  const Ended ended = run(folder, {"explain", "bn relu conv", "conv bn relu"});
  EXPECT_EQ(ended.status, 0);
  EXPECT_THAT(ended.out, AllOf(StartsWith("bn relu conv  |  conv bn relu  on pictures of 3x32x32"),
                               HasSubstr("Answer: different"),
                               HasSubstr("Cycle: both are conv bn relu repeated, cut at different"),
                               HasSubstr("the first convolution reads")));
}

TEST(Explain, RefusesWhatIsNoOrderAndNoInputWithOneLine) {
  const Scratch folder;
  const auto refused = [&](const std::vector<std::string>& arguments, const std::string& why) {
    const Ended ended = run(folder, joined({"explain"}, arguments));
    EXPECT_EQ(ended.status, 2) << why;
    EXPECT_THAT(ended.out, IsEmpty());
    EXPECT_THAT(ended.err, HasSubstr(why));
  };
  refused({"conv bn", "conv batchnrm"}, "unknown stage 'batchnrm', did you mean 'bn'?");
  refused({"conv bn", ""}, "no stage is named");
  refused({"conv bn"}, "b is required");
  refused({"conv", "unit(16)"}, "a unit belongs in a network, not in an order");
  refused({"conv", "1000*(1000*relu)"}, "at most 2000 are allowed");
  refused({"conv", std::string(100, '2') + "*relu"}, "order '222");
  std::string deep;
  for (int i = 0; i < 4000; ++i) deep += "res(";
  refused({"conv", deep}, "nested deeper than 16");
  refused({"conv", std::string(20000, 'c')}, "at most 16384 are read");
  refused({"conv", "conv maxpool(255)"}, "a 255x255 kernel does not fit its input");
  for (const char* input : {"", "x", "3x", "3x32", "3x32x32x2", "0x8x8", "-3x8x8", "3x8x8 ",
                            "3x999999x8", "65536x65536x65536", "3X8X8", "1e3", "99999999999"}) {
    refused({"conv", "conv bn", "--input", input}, "--input");
  }
}

TEST(Explain, EndsWithCodeTwoWhereTheNumbersContradictTheAnswer) {
  const Scratch folder;
  // Equal, by a way that no rule knows: `different` finds no witness.
  const Ended ended =
      run(folder, {"explain", "conv sigmoid", "conv sigmoid relu", "--input", "8x4x4"});
  EXPECT_EQ(ended.status, 2);
  EXPECT_THAT(ended.out, HasSubstr("CONTRADICTED by the numbers: no output differed in any case"));
  EXPECT_THAT(ended.err, HasSubstr("unit(8) gap fc(10): the answer 'different' is contradicted"));
}

TEST(Explain, BytesOfAnArgumentReachNoTerminal) {
  const Scratch folder;
  const Ended ended = run(folder, {"explain", "conv", "conv \x1b[31mbn"});
  EXPECT_EQ(ended.status, 2);
  EXPECT_EQ(ended.err.find('\x1b'), std::string::npos);
  const Ended input = run(folder, {"explain", "conv", "bn", "--input", "\x1b[31m"});
  EXPECT_EQ(input.status, 2);
  EXPECT_EQ(input.err.find('\x1b'), std::string::npos);
}

TEST(Explain, EndsOnOrdersOfAbsurdSize) {
  const json longest = explain("300*relu 300*(maxpool(3, s=1, p=1))",
                               "300*(maxpool(3, s=1, p=1)) 300*relu", "1x4x4");
  EXPECT_EQ(longest["answer"], "same training");
  const json wide = explain("conv bn relu", "conv relu bn", "512");
  EXPECT_EQ(wide["answer"], "same function class");
}

TEST(Studies, TheFactorialCrossesOrderAffineAndBiasWithEndsThatAreAlike) {
  const Scratch folder;
  const Ended ended = run(
      folder, {"summary", (std::filesystem::path(WHICHFIRST_STUDIES) / "factorial.toml").string(),
               "data.train=400", "data.test=200", "--json"});
  ASSERT_EQ(ended.status, 0) << ended.err;
  std::set<std::string> cells;
  const json summary = json::parse(ended.out);
  for (const json& order : summary["orders"]) {
    std::string cell;
    for (const json& stage : order["stages"]) {
      const std::string path = stage["path"];
      if (path.starts_with("units.0.")) cell += stage["stage"].get<std::string>() + " ";
      if (path == "body.bn.0") cell += "| " + stage["stage"].get<std::string>();
    }
    cells.insert(cell);
  }
  EXPECT_THAT(cells,
              ::testing::ElementsAre("conv(16, bias=off) bn relu maxpool(2) | bn",
                                     "conv(16, bias=off) bn(affine=off) relu maxpool(2) | bn",
                                     "conv(16, bias=off) relu bn maxpool(2) ",
                                     "conv(16, bias=off) relu bn(affine=off) maxpool(2) ",
                                     "conv(16, bias=on) bn relu maxpool(2) | bn",
                                     "conv(16, bias=on) bn(affine=off) relu maxpool(2) | bn",
                                     "conv(16, bias=on) relu bn maxpool(2) ",
                                     "conv(16, bias=on) relu bn(affine=off) maxpool(2) "))
      << "the head reads what a bn made in all";
}

TEST(Compare, WarnsOfOrdersThatTrainTheSameThoughTheyAreWrittenOtherwise) {
  const Scratch folder;
  const Ended ended =
      run(folder, {"compare", "--dry-run", "network=unit(8) gap fc(classes)", "data.train=400",
                   "data.test=200", "orders.a=conv bn relu maxpool",
                   "orders.b=conv bn maxpool relu", "orders.c=conv relu bn"});
  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("warning: a and b train to the same numbers: the largest of"));
  EXPECT_THAT(ended.err, ::testing::Not(HasSubstr("and c train to the same")));
}

}  // namespace
}  // namespace whichfirst::cli
