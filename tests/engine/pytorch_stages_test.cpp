// Every stage and optimizer in a small network against PyTorch; the numbers are those of
// tests/fixtures/pytorch/make_stages.py: losses and logits in float32, gradients in float64.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>

#include "engine/networks.h"
#include "engine/pytorch_gradients.h"
#include "engine/trainer.h"

namespace whichfirst::engine {
namespace {

class PyTorchStages : public ::testing::Test {
 protected:
  PyTorchStages()
      : expected(read_pytorch_json("stages.json")),
        shape{.channels = expected["input"][0],
              .height = expected["input"][1],
              .width = expected["input"][2]},
        batch(expected["batch"]),
        images(random_images(shape, batch, 1)),
        labels(random_labels(expected["classes"], batch, 2)) {}

  network::Network make(const nlohmann::json& item) const {
    return build({item["body"], item["order"], shape, batch, expected["classes"]});
  }

  Trainer trainer_of(const network::Network& network, Options options) const {
    options.batch = options.evaluation_batch = batch;
    options.replicate = kReplicate;  // of make_stages.py
    return {network, network::initial_values(network, 0, kReplicate), options};
  }

  StepResult step(Trainer& trainer, double lr) const {
    copy(images, trainer.images());
    copy(labels, trainer.labels());
    return trainer.step(lr);
  }

  /// Takes free steps; returns the largest relative difference of a loss.
  double follow(Trainer& trainer, double lr, const std::vector<double>& losses) const {
    EXPECT_EQ(losses.size(), 10);
    double farthest = 0;
    for (std::size_t i = 0; i < losses.size(); ++i) {
      const double difference = std::abs(step(trainer, lr).loss - losses[i]) / losses[i];
      EXPECT_LE(difference, 1e-4) << "step " << i + 1;
      farthest = std::max(farthest, difference);
    }
    return farthest;
  }

  void record_farthest(const std::string& what, double farthest) const {
    RecordProperty(what, fmt::format("{:.2g}", farthest));
  }

  static constexpr std::uint64_t kReplicate = 1;
  nlohmann::json expected;
  Shape shape;
  int batch;
  std::vector<float> images;
  std::vector<std::int32_t> labels;
};

TEST_F(PyTorchStages, OneStepHasItsLossAndGradients) {
  const ByName scaled = read_pytorch_tensors("gradients-stages.safetensors");
  std::map<bool, double> farthest;
  double farthest_loss = 0;
  for (const auto& item : expected["stages"]) {
    const std::string name =
        fmt::format("{}: {}", std::string(item["body"]), std::string(item["order"]));
    SCOPED_TRACE(name);
    const network::Network network = make(item);
    Trainer trainer = trainer_of(network, {});
    const double wanted = item["losses"][0];
    const double difference = std::abs(step(trainer, 0).loss - wanted) / wanted;
    EXPECT_LE(difference, 1e-5);
    farthest_loss = std::max(farthest_loss, difference);
    // Kinks: where a sum near 0 rounds to the other side, relu lets another gradient through.
    const bool is_smooth = item["smooth"];
    const double distance =
        expect_gradients(network, trainer.gradients(), scaled, item["gradient_rms"], name + ": ",
                         is_smooth ? 2e-3 : 5e-2);
    farthest[is_smooth] = std::max(farthest[is_smooth], distance);
  }
  record_farthest("loss", farthest_loss);
  record_farthest("gradient_smooth", farthest[true]);
  record_farthest("gradient_kinked", farthest[false]);
}

TEST_F(PyTorchStages, TenFreeStepsHaveItsLossesAndTheLogitsAfterThem) {
  double farthest_loss = 0;
  double farthest_logit = 0;
  for (const auto& item : expected["stages"]) {
    SCOPED_TRACE(item["body"].dump() + item["order"].dump());
    const network::Network network = make(item);
    Trainer trainer = trainer_of(network, {});
    farthest_loss = std::max(farthest_loss, follow(trainer, 0.01, item["losses"]));
    copy(images, trainer.evaluation_images());
    trainer.evaluate(labels);
    const std::vector<float> found(trainer.logits().begin(), trainer.logits().end());
    const double distance = relative_distance(found, item["logits"]);
    EXPECT_LE(distance, 1e-4);
    farthest_logit = std::max(farthest_logit, distance);
  }
  record_farthest("loss", farthest_loss);
  record_farthest("logits", farthest_logit);
}

TEST_F(PyTorchStages, TenFreeStepsOfEveryOptimizerHaveItsLossesAndWeights) {
  const ByName weights = read_pytorch_tensors("weights-optimizers.safetensors");
  double farthest_loss = 0;
  double farthest_weight = 0;
  int number = 0;
  for (const auto& item : expected["optimizers"]) {
    const nlohmann::json& recipe = item["recipe"];
    SCOPED_TRACE(recipe.dump());
    const network::Network network = make(item);
    Trainer trainer = trainer_of(
        network, {.optimizer = recipe["optimizer"] == "adamw" ? Optimizer::adamw : Optimizer::sgd,
                  .momentum = recipe.value("momentum", 0.0),
                  .nesterov = recipe.value("nesterov", false),
                  .decay = recipe["decay"],
                  .decays_all = recipe.value("decay-all", false),
                  .label_smoothing = recipe.value("label-smoothing", 0.0)});
    farthest_loss = std::max(farthest_loss, follow(trainer, recipe["lr"], item["losses"]));
    const network::Values values = trainer.values();
    for (std::size_t i = 0; i < values.size(); ++i) {
      const network::Parameter& parameter = network.parameters[i];
      if (!parameter.is_trained()) continue;
      const double distance =
          relative_distance(values[i], weights.at(fmt::format("{}: {}", number, parameter.name)));
      EXPECT_LE(distance, 1e-4) << parameter.name;
      farthest_weight = std::max(farthest_weight, distance);
    }
    ++number;
  }
  EXPECT_EQ(number, 9);
  record_farthest("loss", farthest_loss);
  record_farthest("weights", farthest_weight);
}

}  // namespace
}  // namespace whichfirst::engine
