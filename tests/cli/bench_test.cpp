// `whichfirst bench` as a user runs it, on networks that take milliseconds.
#include <gmock/gmock.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <set>

#include "cli/run_program.h"

namespace whichfirst::cli {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::vector<std::string> bench(const std::vector<std::string>& more) {
  std::vector<std::string> arguments = {"bench",     "network=unit(8, pool=2) gap fc(classes)",
                                        "--input",   "3x16x16",
                                        "--seconds", "0.05",
                                        "--rounds",  "1"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

/// A script of our own in Scratch, which Python runs.
std::string write_script(const Scratch& folder, const std::string& text) {
  const std::string path = folder / "peer.py";
  std::ofstream(path) << text;
  return path;
}

bool has_python() { return std::system("python3 -c '' 2>/dev/null") == 0; }

constexpr const char* kFakePeer = R"(
import json, sys
for line in sys.stdin:
    word, rest = line.strip().split(" ", 1)
    if word == "task":
        task = json.loads(rest)
        kinds = [s["kind"] for s in task["networks"][0]["stages"]]
        assert kinds == ["conv", "bn", "activation", "maxpool", "gap", "fc"], kinds
        answer = {"torch": "0.0", "configurations": ["eager", "other"],
                  "missing": [{"configuration": "compile", "reason": "a fake has none"}]}
    else:
        network, configuration, layout, seconds = rest.split()
        answer = {"images_per_second": 100 if configuration == "eager" else 1e9}
    print(json.dumps(answer), flush=True)
)";

TEST(Bench, StageTimesSumToTheStepAndSharesToOne) {
  const Scratch folder;
  const Ended ended = run(folder, bench({"--pin", "--json"}));
  ASSERT_EQ(ended.status, 0) << ended.err;
  const json document = json::parse(ended.out);
  EXPECT_GT(document["peak_gb_per_second"], 0);
  EXPECT_TRUE(document["peers"].is_null());
  ASSERT_EQ(document["orders"].size(), 2U);
  for (const json& order : document["orders"]) {
    double seconds = 0;
    double share = 0;
    std::set<std::string> kinds;
    for (const json& stage : order["stages"]) {
      seconds += stage["seconds"].get<double>();
      share += stage["share"].get<double>();
      kinds.insert(stage["kind"]);
    }
    EXPECT_NEAR(seconds, order["step_seconds"], 1e-12);
    EXPECT_NEAR(share, 1, 1e-9);
    double kind_share = 0;
    for (const json& kind : order["kinds"]) {
      kind_share += kind["share"].get<double>();
      EXPECT_TRUE(kinds.contains(kind["kind"]));
    }
    EXPECT_NEAR(kind_share, 1, 1e-9);
    EXPECT_EQ(order["kinds"].size(), kinds.size());
    for (const char* kind : {"batch assembly", "conv forward", "conv backward weights", "bn", "fc",
                             "pools", "loss", "running statistics", "update"}) {
      EXPECT_TRUE(kinds.contains(kind)) << kind;
    }
    EXPECT_EQ(
        order["planned_bytes"].get<std::int64_t>(),
        order["arena_bytes"].get<std::int64_t>() + order["parameter_bytes"].get<std::int64_t>());
    EXPECT_GT(order["pinned_ratio"], 0);
    EXPECT_THAT(order["reference_kernels"], IsEmpty());
  }
}

TEST(Bench, TextNamesKindsOrStages) {
  const Scratch folder;
  const Ended kinds = run(folder, bench({}));
  ASSERT_EQ(kinds.status, 0) << kinds.err;
  EXPECT_THAT(kinds.out, HasSubstr("conv backward weights"));
  EXPECT_THAT(kinds.out, HasSubstr("GB/s to and from memory"));
  EXPECT_THAT(kinds.out, Not(HasSubstr("units.0.conv")));
  EXPECT_THAT(run(folder, bench({"--stages"})).out, HasSubstr("units.0.conv"));
}

TEST(BenchPeers, AreAskedForEachOrderAndConfiguration) {
  if (!has_python()) GTEST_SKIP() << "SKIPPED: no python3 runs here";
  const Scratch folder;
  const std::string script = write_script(folder, kFakePeer);
  const Ended ended = run(folder, bench({"--peers", "--peer-script", script, "--json",
                                         "orders.a=conv bn relu", "orders.b=conv bn tanh"}));
  ASSERT_EQ(ended.status, 0) << ended.err;
  const json document = json::parse(ended.out);
  const json& peers = document["peers"];
  EXPECT_EQ(peers["library"], "PyTorch 0.0");
  EXPECT_EQ(peers["missing"][0]["reason"], "a fake has none");
  const std::size_t layouts = document["threads"] == 1 ? 1 : 2;
  ASSERT_EQ(peers["runs"].size(), 2 * 2 * layouts);
  for (const json& peer : peers["runs"]) {
    EXPECT_EQ(peer["processes"].get<int>() * peer["threads"].get<int>(), document["threads"]);
    const std::size_t place = peer["order"] == "a" ? 0 : 1;
    const double ours = document["orders"][place]["together_images_per_second"];
    const double theirs = peer["configuration"] == "eager" ? 100 : 1e9;
    EXPECT_EQ(peer["images_per_second"], theirs);
    EXPECT_DOUBLE_EQ(peer["ratio"], ours / theirs);
  }
  const Ended text = run(folder, bench({"--peers", "--peer-script", script, "orders.a=conv bn relu",
                                        "orders.b=conv bn tanh"}));
  EXPECT_THAT(text.out, HasSubstr("not measured: compile: a fake has none"));
}

TEST(BenchPeers, RefusalsSayWhatToDo) {
  const Scratch folder;
  const auto refusal = [&](const std::string& script, const std::string& python = "python3") {
    const Ended ended =
        run(folder, bench({"--peers", "--peer-script", script, "--python", python}));
    EXPECT_EQ(ended.status, 2);
    EXPECT_THAT(ended.out, IsEmpty());
    return ended.err;
  };
  EXPECT_THAT(
      refusal("any.py", "no-such-python"),
      HasSubstr("no-such-python: does not start: No such file or directory; --peers needs a "
                "Python with PyTorch: name one with --python"));
  EXPECT_EQ(run(folder, {"bench", "--python", "python3"}).status, 2) << "without --peers";
  if (!has_python()) GTEST_SKIP() << "SKIPPED: no python3 runs here";
  EXPECT_THAT(refusal(write_script(folder, "pass\n")),
              HasSubstr("python3: has ended without an answer; --peers needs a Python with "
                        "PyTorch: name one with --python"));
  EXPECT_THAT(refusal(write_script(folder, "print('{\"error\": \"no torch\"}', flush=True)\n")),
              HasSubstr("--peers: no torch; --peers needs"));
  EXPECT_THAT(refusal(write_script(folder, "print('hello', flush=True)\n")),
              HasSubstr("--peers: expected JSON"));
  EXPECT_THAT(refusal(write_script(folder, "import sys\nsys.stdout.write('1' * (1 << 21))\n")),
              HasSubstr("answers a line of more than 1048576 bytes"));
}

}  // namespace
}  // namespace whichfirst::cli
