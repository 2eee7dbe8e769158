#include "bench/bench_record.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "bench/peers.h"
#include "complaint.h"
#include "notation/parse.h"

namespace whichfirst::bench {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

BenchPart part(const char* stage, const char* kind, double seconds) {
  return {.stage = stage,
          .what = "forward",
          .kind = kind,
          .implementation = "jit:avx2",
          .seconds = seconds,
          .flops = {},
          .bytes = 1'000'000'000};
}

BenchOrder order() {
  BenchOrder order;
  order.name = "a";
  order.parts = {part("units.0.conv", "conv forward", 2), part("units.0.bn", "bn", 1),
                 part("units.1.conv", "conv forward", 4), part("", "update", 1)};
  order.parts[0].flops = 6'000'000'000;
  order.parts[2].flops = 6'000'000'000;
  order.parts[3].bytes = std::nullopt;
  return order;
}

TEST(BenchKinds, AddUpTheirPartsSlowestFirst) {
  const std::vector<BenchKind> kinds = by_kind(order().parts);
  ASSERT_EQ(kinds.size(), 3U);
  EXPECT_EQ(kinds[0].sum.kind, "conv forward");
  EXPECT_EQ(kinds[0].count, 2);
  EXPECT_EQ(kinds[0].sum.seconds, 6);
  EXPECT_EQ(kinds[0].sum.gflops(), 2);
  EXPECT_NEAR(*kinds[0].sum.gb_per_second(), 2.0 / 6, 1e-12);
  ASSERT_EQ(kinds[0].implementations.size(), 1U);
  EXPECT_EQ(kinds[0].implementations[0].count, 2);
  EXPECT_EQ(kinds[1].sum.kind, "bn") << "as slow as the update, and before it";
  EXPECT_EQ(kinds[1].sum.gflops(), std::nullopt);
  EXPECT_EQ(kinds[2].sum.gb_per_second(), std::nullopt);
}

TEST(BenchKinds, OfNothingAreNone) {
  EXPECT_THAT(by_kind({}), IsEmpty());
  EXPECT_EQ(BenchOrder().step_seconds(), 0);
  EXPECT_EQ(BenchOrder().conv_share(), 0);
  EXPECT_EQ(BenchOrder().flops(), 0);
  EXPECT_EQ(order().flops(), 12'000'000'000);
}

TEST(BenchJson, SharesAreThoseOfTheStepAndMissingIsNull) {
  BenchRecord bench;
  bench.network = "n";
  bench.orders = {order()};
  const json document = json::parse(to_json(bench));
  EXPECT_EQ(document["precision"], "fp32");
  EXPECT_TRUE(document["peak_gflops"].is_null());
  EXPECT_TRUE(document["peak_gb_per_second"].is_null());
  EXPECT_TRUE(document["peers"].is_null());
  const json& written = document["orders"][0];
  EXPECT_EQ(written["step_seconds"], 8);
  EXPECT_EQ(written["conv_share"], 0.75);
  EXPECT_THAT(written["reference_kernels"], IsEmpty());
  EXPECT_EQ(written["stages"][0]["stage"], "units.0.conv");
  EXPECT_EQ(written["stages"][0]["share"], 0.25);
  EXPECT_EQ(written["stages"][0]["gflops"], 3);
  EXPECT_TRUE(written["stages"][1]["flops"].is_null());
  EXPECT_TRUE(written["stages"][3]["stage"].is_null());
  EXPECT_TRUE(written["stages"][3]["bytes"].is_null());
}

TEST(BenchJson, NamesEveryReferenceKernel) {
  BenchRecord bench;
  bench.orders = {order()};
  bench.orders[0].parts[1].implementation = "ref:any";
  const json document = json::parse(to_json(bench));
  EXPECT_THAT(document["orders"][0]["reference_kernels"].get<std::vector<std::string>>(),
              ElementsAre("units.0.bn forward"));
}

TEST(BenchJson, HoldsThePeersAndWhatIsMissingOfThem) {
  BenchRecord bench;
  bench.peers = BenchPeers{.library = "PyTorch 9",
                           .runs = {{"a", "channels_last", 2, 1, 500.0, 1.5}},
                           .missing = {{"bf16", "no"}}};
  const json peers = json::parse(to_json(bench))["peers"];
  EXPECT_EQ(peers["library"], "PyTorch 9");
  EXPECT_EQ(peers["runs"][0], (json{{"order", "a"},
                                    {"configuration", "channels_last"},
                                    {"processes", 2},
                                    {"threads", 1},
                                    {"images_per_second", 500.0},
                                    {"ratio", 1.5}}));
  EXPECT_EQ(peers["missing"][0]["reason"], "no");
}

// --- what is said to the script, and heard ------------------------------------------------------

TEST(PeerTask, IsOneLine) {
  const network::Network network = network::build(
      {.body = notation::parse("res(conv(3)) gap fc(classes)", notation::Context::body),
       .order = {},
       .input = {3, 8, 8},
       .classes = 10});
  const std::string line = task_line({network}, record::Recipe{.batch = 32}, 2);
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  ASSERT_TRUE(line.starts_with("task "));
  const json document = json::parse(line.substr(5));
  EXPECT_EQ(document["batch"], 32);
  EXPECT_EQ(document["networks"][0]["input"], (json{3, 8, 8}));
  EXPECT_EQ(document["networks"][0]["stages"][0]["bias"], 1.0);
  EXPECT_EQ(document["networks"][0]["stages"][1],
            (json{{"kind", "add"}, {"source", 0}, {"shortcut", -1}}));
}

TEST(PeerAnswers, AreReadAndRefused) {
  const PeerOffer offer =
      read_offer(R"({"torch": "2.1", "configurations": ["eager", "channels_last"],
                     "missing": [{"configuration": "bf16", "reason": "too old"}]})",
                 "peer");
  EXPECT_EQ(offer.library, "PyTorch 2.1");
  EXPECT_THAT(offer.configurations, ElementsAre("eager", "channels_last"));
  EXPECT_EQ(offer.missing.at(0).reason, "too old");
  EXPECT_EQ(read_speed(R"({"images_per_second": 12.5})", "peer"), 12.5);

  EXPECT_EQ(complaint_of([] { read_speed(R"({"error": "no module 'torch'"})", "peer"); }),
            "peer: no module 'torch'");
  EXPECT_EQ(complaint_of([] { read_speed("{}", "peer"); }), "peer: images_per_second is missing");
  EXPECT_EQ(complaint_of([] { read_speed(R"({"error": "\u001b[2J"})", "peer"); }),
            "peer: \\x1b[2J");
  for (const char* line :
       {"", "12", "[]", "{", R"({"images_per_second": 0})", R"({"images_per_second": -1})",
        R"({"images_per_second": 1.1e12})", R"({"images_per_second": 1e308})",
        R"({"images_per_second": "1"})", R"({"images_per_second": null})", R"({"error": 1})"}) {
    EXPECT_THAT(complaint_of([&] { read_speed(line, "peer"); }), HasSubstr("peer: ")) << line;
  }
  // It would become two words of a request.
  EXPECT_THAT(complaint_of([] {
                read_offer(R"({"torch": "2", "configurations": ["a b"], "missing": []})", "peer");
              }),
              HasSubstr("small letters"));
}

}  // namespace
}  // namespace whichfirst::bench
