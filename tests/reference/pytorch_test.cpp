// The same stages and networks as PyTorch has them: tests/fixtures/reference/make_reference.py.
#include <gmock/gmock.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "reference/optimizer.h"
#include "reference/sample.h"
#include "reference/stages.h"

namespace whichfirst::reference {
namespace {

using nlohmann::json;
using ::testing::DoubleNear;
using ::testing::Pointwise;

constexpr double kTolerance = 1e-10;

const json& fixture() {
  static const json document = [] {
    std::ifstream file(WHICHFIRST_FIXTURES "/reference/pytorch.json");
    return json::parse(file);
  }();
  return document;
}

std::vector<double> numbers(const json& array) { return array.get<std::vector<double>>(); }

class PyTorch : public ::testing::TestWithParam<int> {
 protected:
  PyTorch() {
    const json& shape = case_.at("input");
    const auto body = case_.at("body").get<std::string>();
    const auto order = case_.at("order").get<std::string>();
    network_ = make_network(Text{.body = body, .order = order},
                            picture(shape[0], shape[1], shape[2]), fixture().at("classes"));
    labels_ = case_.at("labels").get<std::vector<std::int32_t>>();
    images_ = {.count = static_cast<int>(labels_.size()),
               .shape = network_.input,
               .values = numbers(case_.at("images"))};
    for (const json& parameter : case_.at("parameters")) {
      values_.push_back(numbers(parameter.at("values")));
    }
  }

  Pass run_in(Mode mode) const { return run(network_, values_, images_, labels_, mode); }

  const json& case_ = fixture().at("cases").at(static_cast<std::size_t>(GetParam()));
  network::Network network_;
  std::vector<std::int32_t> labels_;
  Tensor images_;
  Arrays values_;
};

void expect_near(const std::vector<double>& ours, const json& theirs, const std::string& what) {
  EXPECT_THAT(ours, Pointwise(DoubleNear(kTolerance), numbers(theirs))) << what;
}

TEST_P(PyTorch, HasTheSameParameters) {
  ASSERT_EQ(network_.parameters.size(), case_.at("parameters").size());
  for (std::size_t i = 0; i < values_.size(); ++i) {
    EXPECT_EQ(network_.parameters[i].name, case_.at("parameters")[i].at("name"));
  }
}

TEST_P(PyTorch, HasTheSameLossAndGradients) {
  const Pass pass = run_in(Mode::training);
  EXPECT_NEAR(pass.loss, case_.at("losses").at(0).get<double>(), kTolerance);
  expect_near(pass.dinput.values, case_.at("dinput"), "images");
  for (std::size_t i = 0; i < values_.size(); ++i) {
    expect_near(pass.gradients[i], case_.at("gradients").at(i), network_.parameters[i].name);
  }
}

TEST_P(PyTorch, IsAtTheSamePlaceAfterAllSteps) {
  const json& optimizer = case_.at("optimizer");
  const bool is_sgd = optimizer.at("kind") == "sgd";
  const Sgd sgd{.lr = optimizer.at("lr"),
                .momentum = optimizer.at("momentum"),
                .decay = optimizer.at("decay"),
                .nesterov = optimizer.at("nesterov"),
                .decays_all = optimizer.at("decays_all")};
  const AdamW adamw{.lr = sgd.lr, .decay = sgd.decay, .decays_all = sgd.decays_all};
  ASSERT_EQ(case_.at("losses").size(), optimizer.at("steps").get<std::size_t>());
  Arrays velocity;
  AdamWMoments moments;
  for (const json& loss : case_.at("losses")) {
    const Pass pass = run_in(Mode::training);
    EXPECT_NEAR(pass.loss, loss.get<double>(), kTolerance);
    if (is_sgd) {
      sgd_step(values_, velocity, pass.gradients, sgd, network_);
    } else {
      adamw_step(values_, moments, pass.gradients, adamw, network_);
    }
    for (std::size_t i = 0; i < values_.size(); ++i) {
      if (!network_.parameters[i].is_trained()) values_[i] = pass.running_statistics[i];
    }
  }
  for (std::size_t i = 0; i < values_.size(); ++i) {
    expect_near(values_[i], case_.at("after").at(i), network_.parameters[i].name);
  }
  const json& evaluation = case_.at("evaluation");
  const Pass pass = run_in(Mode::evaluation);
  expect_near(pass.outputs.back().values, evaluation.at("logits"), "logits");
  expect_near(pass.dinput.values, evaluation.at("dinput"), "images in evaluation");
  EXPECT_NEAR(pass.loss, evaluation.at("loss").get<double>(), kTolerance);
  EXPECT_EQ(pass.right, evaluation.at("right").get<int>());
}

INSTANTIATE_TEST_SUITE_P(Cases, PyTorch, ::testing::Range(0, 13));

TEST(PyTorchFixture, HasNoCaseThatIsNotCompared) { EXPECT_EQ(fixture().at("cases").size(), 13U); }

TEST(PyTorchFixture, HasTheSameActivationsAndSlopes) {
  const json& activations = fixture().at("activations");
  EXPECT_EQ(activations.size(), 14U);
  for (const json& theirs : activations) {
    const auto text = theirs.at("text").get<std::string>();
    const auto parsed = notation::parse(text, notation::Context::order);
    const auto activation = std::get<network::Activation>(parsed.items.at(0).stage);
    const std::vector<double> x = numbers(theirs.at("x"));
    const Tensor src = one_picture(1, static_cast<int>(x.size()), x);
    const Tensor ones = one_picture(1, src.shape.width, std::vector<double>(x.size(), 1.0));
    expect_near(activation_forward(activation, src).values, theirs.at("y"), text);
    expect_near(activation_backward(activation, src, ones).values, theirs.at("slope"), text);
  }
}

TEST(PyTorchFixture, HasTheSameLossWithLabelSmoothing) {
  for (const json& theirs : fixture().at("smoothed_losses")) {
    const auto labels = theirs.at("labels").get<std::vector<std::int32_t>>();
    const auto count = static_cast<int>(labels.size());
    const std::vector<double> logits = numbers(theirs.at("logits"));
    const auto ours =
        softmax_cross_entropy({.count = count,
                               .shape = vector_of(static_cast<int>(logits.size()) / count),
                               .values = logits},
                              labels, theirs.at("label_smoothing"));
    EXPECT_NEAR(ours.loss, theirs.at("loss").get<double>(), kTolerance);
    expect_near(ours.dlogits.values, theirs.at("dlogits"), "logits");
  }
}

}  // namespace
}  // namespace whichfirst::reference
