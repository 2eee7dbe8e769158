// The engine against PyTorch; tests/fixtures/pytorch/make_pytorch.py made the numbers.
#include <gmock/gmock.h>

#include "data/batches.h"
#include "data/dataset.h"
#include "engine/networks.h"
#include "engine/pytorch_gradients.h"
#include "engine/trainer.h"
#include "network/preset.h"

namespace whichfirst::engine {
namespace {

constexpr int kBatch = 32;
const std::map<std::string, std::string> kOrders = {{"bn-relu", "conv bn relu"},
                                                    {"relu-bn", "conv relu bn"},
                                                    {"bn-tanh", "conv bn tanh"},
                                                    {"tanh-bn", "conv tanh bn"}};

class PyTorch : public ::testing::Test {
 protected:
  PyTorch()
      : dataset(data::load_path(pytorch_fixture("batch.npz"))),
        expected(read_pytorch_json("losses.json")) {
    for (std::uint32_t i = 0; i < kBatch; ++i) all.push_back(i);
    normalisation = data::measure_normalisation(dataset.train, all);
  }

  network::Network make(const std::string& body, const std::string& order) const {
    return build({body, kOrders.at(order), dataset.train.shape, kBatch});
  }
  std::string article_15() const { return std::string(network::find_preset("article-15")->body); }

  void fill(const data::Images& images, std::span<float> pictures,
            std::span<std::int32_t> labels) const {
    data::assemble(images, all, normalisation, pictures, labels);
  }

  data::Dataset dataset;
  data::Normalisation normalisation;
  std::vector<std::uint32_t> all;
  nlohmann::json expected;
};

TEST_F(PyTorch, OneStepOfArticle15HasItsLossAndGradients) {
  for (const auto& [name, order] : kOrders) {
    const network::Network network = make(article_15(), name);
    // The weights of `train --save-init`, from which the fixtures were made.
    Trainer trainer(network, network::initial_values(network, 0, 1), {.batch = kBatch});
    fill(dataset.train, trainer.images(), trainer.labels());
    const double loss = trainer.step(0).loss;
    const double wanted = expected["one_step"][name];
    EXPECT_NEAR(loss, wanted, 1e-5 * wanted) << order;

    // Kinks: where a sum near 0 rounds to the other side, relu lets another gradient through.
    const double tolerance = order.find("tanh") != std::string::npos ? 2e-3 : 5e-2;
    const network::Values gradients = trainer.gradients();
    const ByName by_name = read_pytorch_tensors("gradients-" + name + ".safetensors");
    for (std::size_t i = 0; i < gradients.size(); ++i) {
      const network::Parameter& parameter = network.parameters[i];
      if (parameter.kind != network::ParameterKind::weight) continue;
      const double rms = expected["gradient_rms"][name][parameter.name];
      const std::vector<float>& scaled = by_name.at(parameter.name);
      ASSERT_EQ(scaled.size(), gradients[i].size());
      EXPECT_LE(relative_distance(gradients[i], scaled, rms), tolerance)
          << order << ": " << parameter.name;
    }
  }
}

TEST_F(PyTorch, EvaluationWithItsWeightsAndStatisticsHasItsLogits) {
  for (const std::string name : {"bn-relu", "relu-bn"}) {
    const network::Network network = make(article_15(), name);
    const ByName by_name = read_pytorch_tensors("trained-" + name + ".safetensors");
    network::Values values;
    for (const auto& parameter : network.parameters) values.push_back(by_name.at(parameter.name));
    Trainer trainer(network, values, {.batch = kBatch, .evaluation_batch = kBatch});
    std::vector<std::int32_t> labels(kBatch);
    fill(dataset.test, trainer.evaluation_images(), labels);
    trainer.evaluate(labels);
    const std::vector<double> wanted = expected["logits"][name];
    double largest = 0;
    for (const double logit : wanted) largest = std::max(largest, std::abs(logit));
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      EXPECT_NEAR(trainer.logits()[i], wanted[i], 1e-4 * std::max(1.0, largest)) << name;
    }
  }
}

TEST_F(PyTorch, TenFreeStepsOfThreeUnitsHaveItsLosses) {
  for (const std::string name : {"bn-relu", "relu-bn"}) {
    const network::Network network =
        make("unit(16) unit(16, pool=2) unit(32) gap fc(classes)", name);
    Trainer trainer(network, network::initial_values(network, 0, 1), {.batch = kBatch});
    const std::vector<double> wanted = expected["ten_steps"][name];
    for (std::size_t step = 0; step < wanted.size(); ++step) {
      fill(dataset.train, trainer.images(), trainer.labels());
      EXPECT_NEAR(trainer.step(0.01).loss, wanted[step], 1e-4 * wanted[step])
          << name << ", step " << step + 1;
    }
  }
}

}  // namespace
}  // namespace whichfirst::engine
