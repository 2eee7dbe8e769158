// A network and what folding makes of it answer alike: in plain loops, and in the engine.
#include <gmock/gmock.h>

#include <cmath>
#include <string>

#include "engine/inference.h"
#include "engine/networks.h"
#include "fold/fold.h"
#include "network/lookup.h"
#include "reference/pass.h"

namespace whichfirst::fold {
namespace {

using engine::Case;

std::vector<double> reference_logits(const network::Network& network, const network::Values& values,
                                     const std::vector<float>& images, int batch) {
  const reference::Tensor tensor{.count = batch,
                                 .shape = network.input,
                                 .values = std::vector<double>(images.begin(), images.end())};
  return reference::run_forward(network, reference::widen(values), tensor,
                                reference::Mode::evaluation)
      .outputs.back()
      .values;
}

std::vector<double> engine_logits(const network::Network& network, const network::Values& values,
                                  const std::vector<float>& images, int batch,
                                  engine::Precision precision = engine::Precision::fp32) {
  engine::Inference inference(network, values, batch, precision);
  engine::copy(images, inference.images());
  inference.run();
  return {inference.logits().begin(), inference.logits().end()};
}

/// The largest difference, as a share of the largest of both.
double distance(const std::vector<double>& a, const std::vector<double>& b) {
  EXPECT_EQ(a.size(), b.size());
  double difference = 0;
  double largest = 1e-30;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    difference = std::max(difference, std::abs(a[i] - b[i]));
    largest = std::max({largest, std::abs(a[i]), std::abs(b[i])});
  }
  return difference / largest;
}

struct Distances {
  double engine = 0;            // folded, in any precision of fp32 - as trained
  double reference = 0;         // likewise, in plain loops
  double engine_reference = 0;  // as trained: engine - plain loops
};

Distances measure(const network::Network& network, const Folded& folded,
                  const network::Values& values, int batch, std::uint64_t seed) {
  const std::vector<float> images = engine::random_images(network.input, batch, seed);
  const auto trained = engine_logits(network, values, images, batch);
  const auto exact = reference_logits(network, values, images, batch);
  Distances found{
      .reference = distance(exact, reference_logits(folded.network, folded.values, images, batch)),
      .engine_reference = distance(trained, exact)};
  for (const engine::Precision precision : engine::fp32_precisions()) {
    const auto answers = engine_logits(folded.network, folded.values, images, batch, precision);
    found.engine = std::max(found.engine, distance(trained, answers));
  }
  return found;
}

int count(const Folded& folded, Fate fate) {
  return static_cast<int>(std::count_if(folded.fates.begin(), folded.fates.end(),
                                        [&](const BnFate& each) { return each.fate == fate; }));
}

// --- random networks ----------------------------------------------------------------------------

class Draw {
 public:
  explicit Draw(std::uint64_t seed) : random_({.seed = seed, .stream = Stream::split}) {}

  template <class Item>
  const Item& one_of(const std::vector<Item>& items) {
    return items[static_cast<std::size_t>(random_.below(items.size()))];
  }
  int from(int low, int high) {
    return low + static_cast<int>(random_.below(static_cast<std::uint64_t>(high - low + 1)));
  }
  std::string number(int low, int high) { return std::to_string(from(low, high)); }

  std::string convolution() {
    static const std::vector<std::string> kForms = {
        "",      ", p=0",      ", p=2",     ", k=1",      ", k=5",
        ", s=2", ", k=1, p=1", ", bias=on", ", k=2, p=1", ", k=5, p=2, s=2"};
    return "conv(" + number(1, 20) + one_of(kForms) + ")";
  }

  /// A part of a body on pictures. Sizes shrink by half at most three times.
  std::string part() {
    static const std::vector<std::string> kSmall = {
        "bn",   "bn",   "bn",        "bn",    "relu",          "relu",
        "tanh", "gelu", "drop(0.3)", "gn(1)", "bn(affine=off)"};
    static const std::vector<std::string> kPools = {
        "maxpool(2)",      "maxpool(3, s=2, p=1)", "avgpool(2)",          "avgpool(3, s=2, p=1)",
        "maxpool(2, s=1)", "avgpool(3, s=1, p=1)", "maxpool(3, s=1, p=1)"};
    switch (from(0, 9)) {
      case 0:
      case 1:
      case 2:
        return convolution();
      case 3:
        return one_of(kPools);
      case 4:
        return "res(bn relu conv(" + number(1, 12) + ") bn relu conv(" + number(1, 12) + "))";
      case 5:
        return "res(conv(" + number(1, 12) + ", s=2) bn relu conv(" + number(1, 20) + ") bn) relu";
      default:
        return one_of(kSmall);
    }
  }

  std::string body() {
    std::string text = from(0, 2) == 0 ? "bn " : "";
    for (int parts = from(1, 9); parts > 0; --parts) text += part() + " ";
    static const std::vector<std::string> kEnds = {"gap fc(3)",
                                                   "flatten fc(3)",
                                                   "flatten bn fc(3)",
                                                   "gap bn fc(3) bn",
                                                   "bn flatten fc(3)",
                                                   "bn gap drop(0.5) fc(5) bn relu fc(3, bias=off)",
                                                   "bn maxpool(2) gap fc(4) relu bn fc(3)",
                                                   "flatten fc(7) tanh bn bn drop(0.1) fc(3)"};
    return text + one_of(kEnds);
  }

 private:
  RandomSequence random_;
};

/// A body that can be built for pictures of this size, and the network.
network::Network random_network(std::uint64_t seed, std::string& body) {
  for (std::uint64_t attempt = 0;; ++attempt) {
    Draw draw(seed * 1000 + attempt);
    body = draw.body();
    const Shape input{
        .channels = draw.from(1, 12), .height = draw.from(5, 11), .width = draw.from(5, 11)};
    try {
      return engine::build({body, "conv bn relu", input, 1, 3});
    } catch (const Error&) {
      // The picture became too small for what follows.
    }
  }
}

TEST(Fold, LeavesEveryRandomNetworksAnswersAlike) {
  constexpr std::uint64_t kNetworks = 400;
  int backward = 0;
  int forward = 0;
  int kept = 0;
  int maps = 0;
  for (std::uint64_t seed = 1; seed <= kNetworks; ++seed) {
    std::string body;
    const network::Network network = random_network(seed, body);
    const network::Values values = engine::lively_values(network, seed);
    const Folded folded = fold(network, values);
    SCOPED_TRACE(body + " on " + std::to_string(network.input.channels) + "x" +
                 std::to_string(network.input.height) + "x" + std::to_string(network.input.width));
    const Distances found = measure(network, folded, values, 3, seed);
    EXPECT_LT(found.engine, 1e-4);
    EXPECT_LT(found.reference, 1e-4);
    EXPECT_LT(found.engine_reference, 1e-4);
    backward += count(folded, Fate::backward);
    forward += count(folded, Fate::forward);
    kept += count(folded, Fate::kept);
    for (const BnFate& fate : folded.fates) maps += fate.needs_bias_map ? 1 : 0;
  }
  // Nothing that is said above is said of cases that never came up.
  EXPECT_GT(backward, 200);
  EXPECT_GT(forward, 200);
  EXPECT_GT(kept, 200);
  EXPECT_GT(maps, 70);
}

/// Where a channel's mean is far larger than its spread, its bn takes a small difference of large
/// numbers and enlarges what rounding left of it. So a large difference between the network as
/// trained and the folded one is no mistake of folding: here, where the mean is a bias that folding
/// takes away in double, the folded one is the exact one.
TEST(Fold, MovesLogitsByTheRoundingThatABnEnlarges) {
  network::Network network = engine::build({"unit(8) gap fc(3)",
                                            "conv(bias=on) bn relu",
                                            {.channels = 1, .height = 6, .width = 6},
                                            1,
                                            3});
  network::Values values = engine::lively_values(network, 1);
  constexpr double kMean = 100;
  for (const network::Stage& stage : network.stages) {
    for (const auto& [kind, value] : {std::pair{network::ParameterKind::bias, kMean},
                                      std::pair{network::ParameterKind::running_mean, kMean},
                                      std::pair{network::ParameterKind::running_variance, 1e-8}}) {
      auto* array = find_array(network, values, stage, kind);
      if (array == nullptr || stage.path == "body.fc.0") continue;
      std::fill(array->begin(), array->end(), static_cast<float>(value));
    }
    if (!network::is<network::Conv>(stage)) continue;
    for (float& weight : *find_array(network, values, stage, network::ParameterKind::weight))
      weight *= 1e-3F;
  }
  const Folded folded = fold(network, values);
  const auto images = engine::random_images(network.input, 3, 1);
  const auto exact = reference_logits(network, values, images, 3);
  const double trained = distance(exact, engine_logits(network, values, images, 3));
  const double after = distance(exact, engine_logits(folded.network, folded.values, images, 3));
  // Half a unit in the last place of a float, times mean / sqrt(variance + eps).
  const double enlarged = std::ldexp(1, -24) * kMean / std::sqrt(1e-8 + 1e-5);
  EXPECT_GT(trained, enlarged / 30);
  EXPECT_LT(trained, 3 * enlarged);
  EXPECT_LT(after, 1e-5);
}

}  // namespace
}  // namespace whichfirst::fold
