// resnet-20 with its two orders against PyTorch in float64; tests/fixtures/pytorch/make_resnet.py
// made the numbers.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "engine/networks.h"
#include "engine/pytorch_gradients.h"
#include "engine/trainer.h"
#include "network/preset.h"

namespace whichfirst::engine {
namespace {

class PyTorchResNet : public ::testing::TestWithParam<const char*> {};

TEST_P(PyTorchResNet, OneStepHasItsLossAndGradients) {
  const nlohmann::json expected = read_pytorch_json("resnet.json")["orders"][GetParam()];
  constexpr int kBatch = 8;
  const Shape shape{.channels = 3, .height = 32, .width = 32};
  const network::Network network = build(
      {std::string(network::find_preset("resnet-20")->body), expected["order"], shape, kBatch});
  Trainer trainer(network, network::initial_values(network, 0, 1), {.batch = kBatch});
  copy(random_images(shape, kBatch, 1), trainer.images());
  copy(random_labels(10, kBatch, 2), trainer.labels());
  const double wanted = expected["loss"];
  const double difference = std::abs(trainer.step(0).loss - wanted) / wanted;
  EXPECT_LE(difference, 1e-5);
  const ByName scaled =
      read_pytorch_tensors(fmt::format("gradients-resnet-{}.safetensors", GetParam()));
  const double farthest =
      expect_gradients(network, trainer.gradients(), scaled, expected["gradient_rms"], "", 5e-2);
  RecordProperty("loss", fmt::format("{:.2g}", difference));
  RecordProperty("gradient", fmt::format("{:.2g}", farthest));
}

INSTANTIATE_TEST_SUITE_P(Orders, PyTorchResNet, ::testing::Values("post-act", "pre-act"));

}  // namespace
}  // namespace whichfirst::engine
