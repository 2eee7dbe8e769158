// The same networks, trained by PyTorch: tests/fixtures/reference/make_reference.py.
#include <gmock/gmock.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "reference/sample.h"
#include "reference/sgd.h"

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
    network_ = make_network(case_.at("body").get<std::string>(),
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

TEST_P(PyTorch, IsAtTheSamePlaceAfterThreeSteps) {
  const Sgd sgd{.lr = fixture().at("lr"),
                .momentum = fixture().at("momentum"),
                .decay = fixture().at("decay")};
  Arrays velocity;
  for (const json& loss : case_.at("losses")) {
    const Pass pass = run_in(Mode::training);
    EXPECT_NEAR(pass.loss, loss.get<double>(), kTolerance);
    sgd_step(values_, velocity, pass.gradients, sgd, network_);
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

INSTANTIATE_TEST_SUITE_P(Cases, PyTorch, ::testing::Range(0, 4));

TEST(PyTorchFixture, HasNoCaseThatIsNotCompared) { EXPECT_EQ(fixture().at("cases").size(), 4U); }

}  // namespace
}  // namespace whichfirst::reference
