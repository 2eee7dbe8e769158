// `whichfirst bench` as a user runs it, on networks that take milliseconds.
#include <gmock/gmock.h>
#include <sched.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <set>

#include "cli/run_program.h"

namespace whichfirst::bench {
namespace {

using cli::Ended;
using cli::printed;
using cli::run;
using cli::Scratch;
using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

std::vector<std::string> on_small(const std::vector<std::string>& more) {
  return cli::joined({"bench", "network=unit(8, pool=2) gap fc(classes)", "--input", "3x16x16",
                      "--seconds", "0.05", "--rounds", "1"},
                     more);
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
  const json document = printed(folder, on_small({"--json"}));
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
    std::int64_t flops = 0;
    for (const json& stage : order["stages"]) {
      if (!stage["flops"].is_null()) flops += stage["flops"].get<std::int64_t>();
    }
    EXPECT_NEAR(order["gflops"].get<double>(),
                order["images_per_second"].get<double>() * static_cast<double>(flops) / 32 / 1e9,
                1e-9);
    EXPECT_DOUBLE_EQ(order["primitives_images_per_second"].get<double>() *
                         order["primitives_share"].get<double>(),
                     order["images_per_second"].get<double>());
    EXPECT_THAT(order["reference_kernels"], IsEmpty());
  }
}

TEST(Bench, TextNamesKindsOrStages) {
  const Scratch folder;
  const Ended kinds = run(folder, on_small({}));
  ASSERT_EQ(kinds.status, 0) << kinds.err;
  EXPECT_THAT(kinds.out, HasSubstr("conv backward weights"));
  EXPECT_THAT(kinds.out, HasSubstr("GB/s to and from memory"));
  EXPECT_THAT(kinds.out, Not(HasSubstr("units.0.conv")));
  EXPECT_THAT(run(folder, on_small({"--stages"})).out, HasSubstr("units.0.conv"));
}

TEST(Bench, RefusesOnceWhatTheFirstStepMeets) {
  const Scratch folder;
  const auto refusal = [&](const std::vector<std::string>& arguments) {
    const Ended ended = run(folder, arguments);
    EXPECT_EQ(ended.status, 2);
    EXPECT_THAT(ended.out, IsEmpty());
    EXPECT_THAT(ended.err, Not(HasSubstr("please report this")));
    return ended.err;
  };
  const std::string single = refusal({"bench", "network=conv(8) relu flatten fc(16) bn fc(classes)",
                                      "--input", "1x4x4", "recipe.batch=1"});
  EXPECT_EQ(std::count(single.begin(), single.end(), '\n'), 1) << single;
  EXPECT_THAT(refusal({"bench", "network=conv(8) 60*unit(8) gap fc(classes)",
                       "orders.a=res(conv relu conv)", "orders.b=res(conv conv)", "--input",
                       "3x8x8", "recipe.batch=4", "--seconds", "0.05", "--rounds", "1"}),
              AllOf(HasSubstr("order "), HasSubstr("leave the range of fp32")));
}

TEST(Bench, RunsAsManyTrialsAsTheProcessWasLeftCores) {
  cpu_set_t before;
  ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  cpu_set_t one;
  CPU_ZERO(&one);
  for (int core = 0; core < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++core) {
    if (CPU_ISSET(core, &before)) CPU_SET(core, &one);
  }
  ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
  const Scratch folder;
  const Ended ended = run(folder, on_small({"--json"}));
  ASSERT_EQ(sched_setaffinity(0, sizeof before, &before), 0);
  ASSERT_EQ(ended.status, 0) << ended.err;
  const json document = json::parse(ended.out);
  EXPECT_EQ(document["threads"], 1);
}

TEST(BenchPeers, AreAskedForEachOrderAndConfiguration) {
  if (!has_python()) GTEST_SKIP() << "SKIPPED: no python3 runs here";
  const Scratch folder;
  const std::string script = write_script(folder, kFakePeer);
  const json document =
      printed(folder, on_small({"--peers", "--peer-script", script, "--json",
                                "orders.a=conv bn relu", "orders.b=conv bn tanh"}));
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
  const Ended text = run(folder, on_small({"--peers", "--peer-script", script,
                                           "orders.a=conv bn relu", "orders.b=conv bn tanh"}));
  EXPECT_THAT(text.out, HasSubstr("not measured: compile: a fake has none"));
}

TEST(BenchPeers, ThatFailAreMissingAndTheOthersStay) {
  if (!has_python()) GTEST_SKIP() << "SKIPPED: no python3 runs here";
  const Scratch folder;
  const auto peers_of = [&](const std::string& failure) {
    const std::string script = write_script(folder, R"(
import json, sys
for line in sys.stdin:
    answer = {"torch": "0.0", "configurations": ["eager", "other"], "missing": []}
    if line.startswith("run"):
        answer = {"images_per_second": 100}
        if "other" in line:
            )" + failure + R"(
    print(json.dumps(answer), flush=True)
)");
    const Ended ended = run(folder, on_small({"--peers", "--peer-script", script, "--json"}));
    EXPECT_EQ(ended.status, 0) << ended.err;
    return json::parse(ended.out)["peers"];
  };
  const json failing = peers_of(R"(answer = {"error": "no memory"})");
  ASSERT_EQ(failing["runs"].size(), failing["missing"].size());
  for (const json& peer : failing["runs"]) EXPECT_EQ(peer["configuration"], "eager");
  for (const json& missing : failing["missing"]) {
    EXPECT_THAT(missing["configuration"].get<std::string>(), StartsWith("other, "));
    EXPECT_EQ(missing["reason"], "--peers: no memory");
  }
  const json lost = peers_of("break");
  EXPECT_THAT(lost["missing"].back()["reason"].get<std::string>(),
              HasSubstr("has ended without an answer"));
}

TEST(BenchPeers, RefusalsSayWhatToDo) {
  const Scratch folder;
  const auto refusal = [&](const std::string& script, const std::string& python = "python3") {
    const Ended ended =
        run(folder, on_small({"--peers", "--peer-script", script, "--python", python}));
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
}  // namespace whichfirst::bench
