// recipe.precision bf16: whole networks against the slow twins, where the processor can. A program
// of its own, because a process that has computed in fp32 is limited to AVX2 (engine/platform.h).
#include "engine/networks.h"

#include <gmock/gmock.h>

#include <cmath>

#include "engine/twin_cases.h"
#include "engine_bf16/skip.h"
#include "network/preset.h"
#include "reference/pass.h"

namespace whichfirst::engine {
namespace {

/// |found - wanted| against |wanted|, or against `floor` where that is larger.
double distance(const std::vector<double>& wanted, std::span<const float> found, double floor) {
  std::vector<double> difference = wanted;
  for (std::size_t i = 0; i < wanted.size(); ++i) difference[i] -= found[i];
  return norm(difference) / std::max(norm(wanted), floor);
}

/// A network with a batch of pictures.
struct Subject {
  explicit Subject(const Case& of)
      : network(build(of)),
        images(random_images(network.input, of.batch, 1)),
        labels(random_labels(network.classes, of.batch, 2)),
        values(lively_values(network, 3)),
        pictures{
            .count = of.batch, .shape = network.input, .values = {images.begin(), images.end()}},
        options{.batch = of.batch,
                .evaluation_batch = of.batch + 2,
                .precision = Precision::bf16,
                .seed = 11,
                .replicate = 3} {}

  network::Network network;
  std::vector<float> images;
  std::vector<std::int32_t> labels;
  network::Values values;
  reference::Tensor pictures;
  Options options;
};

// Numbers of 8 binary digits cost up to 0.4 % at each of a few stages, and gradients more, where a
// relu changes sides; a sign makes 2 of that.
double logits_tolerance(const Case& each) {
  return each.order.find("sign") == std::string::npos ? 0.03 : 0.3;
}
constexpr double kGradientTolerance = 0.35;

TEST(Bf16Twin, OneStepComesNearTheReference) {
  SKIP_WITHOUT_BF16();
  for (const Case& each : kTwinCases) {
    SCOPED_TRACE(each.body + ", " + each.order);
    const Subject subject(each);
    Trainer trainer(subject.network, subject.values, subject.options);
    copy(subject.images, trainer.images());
    copy(subject.labels, trainer.labels());
    const StepResult step = trainer.step(0);
    ASSERT_FALSE(step.non_finite) << step.non_finite->stage;
    const reference::Pass pass =
        reference::run(subject.network, reference::widen(subject.values), subject.pictures,
                       subject.labels, reference::Mode::training,
                       {.seed = subject.options.seed, .replicate = subject.options.replicate});
    EXPECT_NEAR(step.loss, pass.loss, logits_tolerance(each) * std::max(pass.loss, 1.0));
    double largest = 0;
    for (const auto& gradient : pass.gradients) largest = std::max(largest, norm(gradient));
    const network::Values gradients = trainer.gradients();
    const network::Values after = trainer.values();
    for (std::size_t i = 0; i < subject.network.parameters.size(); ++i) {
      const network::Parameter& parameter = subject.network.parameters[i];
      if (parameter.is_trained()) {
        ASSERT_EQ(gradients[i].size(), pass.gradients[i].size());
        EXPECT_LE(distance(pass.gradients[i], gradients[i], 0.1 * largest), kGradientTolerance)
            << parameter.name;
        EXPECT_EQ(after[i], subject.values[i])
            << "a rate of 0 changes nothing, nor rounds the weights that are kept";
      } else {
        EXPECT_LE(distance(pass.running_statistics[i], after[i], 0), 0.03) << parameter.name;
      }
    }
  }
}

TEST(Bf16Twin, EvaluationComesNearTheReference) {
  SKIP_WITHOUT_BF16();
  for (const Case& each : kTwinCases) {
    SCOPED_TRACE(each.body + ", " + each.order);
    const Subject subject(each);
    Trainer trainer(subject.network, subject.values, subject.options);
    copy(subject.images, trainer.evaluation_images());
    trainer.evaluate(subject.labels);
    const reference::ForwardPass pass =
        reference::run_forward(subject.network, reference::widen(subject.values), subject.pictures,
                               reference::Mode::evaluation);
    EXPECT_LE(distance(pass.outputs.back().values, trainer.logits(), 0), logits_tolerance(each));
  }
}

TEST(Bf16Twin, TrainsToTheSameBitsTwice) {
  SKIP_WITHOUT_BF16();
  for (const Case& each : kTwinCases) {
    const Subject subject(each);
    const auto train = [&] {
      Trainer trainer(subject.network, subject.values, subject.options);
      for (int step = 0; step < 3; ++step) {
        copy(subject.images, trainer.images());
        copy(subject.labels, trainer.labels());
        EXPECT_FALSE(trainer.step(0.01).non_finite);
      }
      return trainer.values();
    };
    EXPECT_EQ(train(), train()) << each.body << ", " << each.order;
  }
}

TEST(Bf16Precision, RunsNoReferenceImplementation) {
  SKIP_WITHOUT_BF16();
  for (const char* preset : {"article-15", "resnet-20"}) {
    for (const Shape& input : {Shape{3, 32, 32}, Shape{1, 28, 28}}) {
      const network::Network network = build(
          {std::string(network::find_preset(preset)->body),
           preset == std::string("article-15") ? "conv bn relu" : "res(conv bn relu conv bn) relu",
           input, 8});
      const Plan made = plan(network, {.batch = 8, .precision = Precision::bf16});
      for (const auto& list : {made.training, made.evaluation}) {
        for (const PlannedPrimitive& primitive : list) {
          EXPECT_FALSE(primitive.implementation.starts_with("ref"))
              << preset << " " << primitive.stage << " " << primitive.what << " "
              << primitive.implementation;
        }
      }
    }
  }
}

}  // namespace
}  // namespace whichfirst::engine
