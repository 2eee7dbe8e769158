// recipe.precision from the command line to the verdict.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "cli/run_program.h"

namespace whichfirst::cli {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

Ended compare(const Scratch& folder, const std::string& precision, const std::string& out) {
  return run(folder, {"compare", "network=conv(8) unit(16, pool=2) unit(16) gap fc(classes)",
                      "data.train=300", "data.test=100", "recipe.epochs=1", "plan.seeds=2",
                      "recipe.precision=" + precision, "--quiet", "--json", "--out", out});
}

TEST(Precision, FastTrialsEndNearThoseInFp32AndSayWhatTheyAre) {
  const Scratch folder;
  const Ended fast = compare(folder, "fp32-fast", "fast");
  if (fast.status == 2) {
    ASSERT_THAT(fast.err, HasSubstr("needs AVX2 with FMA"));
    GTEST_SKIP() << "SKIPPED: " << fast.err;
  }
  ASSERT_EQ(fast.status, 0) << fast.err;
  const Ended plain = compare(folder, "fp32", "plain");
  ASSERT_EQ(plain.status, 0) << plain.err;
  EXPECT_EQ(json::parse(fast.out)["condition"]["precision"], "fp32-fast");
  EXPECT_EQ(json::parse(plain.out)["condition"]["precision"], "fp32");
  EXPECT_THAT(content_of(folder / "fast/study.toml"), HasSubstr("precision = \"fp32-fast\""));
  const auto loss = [&](const char* run) {
    const json trial = json::parse(content_of(folder / run / "trials/bn-first/1.json"));
    return trial["epochs"][0]["train_loss"].get<double>();
  };
  EXPECT_NE(loss("fast"), loss("plain"));
  EXPECT_NEAR(loss("fast"), loss("plain"), 1e-2);
}

TEST(Precision, AnotherOneIsAnotherStudy) {
  const Scratch folder;
  ASSERT_EQ(compare(folder, "fp32", "run").status, 0);
  const Ended other = compare(folder, "fp32-fast", "run");
  EXPECT_EQ(other.status, 2);
  EXPECT_THAT(other.err, HasSubstr("recipe.precision"));
}

/// On a processor without bf16, or with oneDNN limited to less.
TEST(Precision, Bf16IsRefusedBeforeAnythingIsTrained) {
  const Scratch folder;
  setenv("DNNL_MAX_CPU_ISA", "AVX2", 1);  // for the program that is run
  for (const char* verb : {"compare", "train"}) {
    std::vector<std::string> arguments = {verb, "recipe.precision=bf16"};
    if (arguments[0] == "compare") {
      arguments.push_back("--dry-run");
    } else {
      arguments.insert(arguments.end(), {"--order", "bn-first", "--replicate", "1"});
    }
    const Ended ended = run(folder, arguments);
    EXPECT_EQ(ended.status, 2) << verb;
    EXPECT_THAT(ended.err, HasSubstr("recipe.precision bf16 needs AVX-512")) << verb;
  }
  unsetenv("DNNL_MAX_CPU_ISA");
}

}  // namespace
}  // namespace whichfirst::cli
