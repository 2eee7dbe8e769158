// Winograd's algorithm against the plain loops of src/reference, alone and in networks.
#include "engine/kernels/winograd.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "engine/networks.h"
#include "engine/own_kernels.h"
#include "engine/platform.h"
#include "network/preset.h"
#include "reference/convolution.h"
#include "reference/pass.h"

namespace whichfirst::engine {
namespace {

using ::testing::Contains;
using ::testing::ContainsRegex;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::ThrowsMessage;

bool has_kernels() {
  const Processor processor = own_processor();
  return processor.has_avx2 && processor.has_fma;
}

#define SKIP_WITHOUT_KERNELS() \
  if (!has_kernels()) GTEST_SKIP() << "SKIPPED: this processor has no AVX2 with FMA"

constexpr int kBlock = 8;

std::size_t rounded_up(int channels) {
  return static_cast<std::size_t>((channels + kBlock - 1) / kBlock * kBlock);
}

/// Where a number of a tensor lies in nChw8c.
std::size_t blocked_index(const Shape& shape, int n, int c, int h, int w) {
  const std::size_t block = static_cast<std::size_t>(n) * rounded_up(shape.channels) / kBlock +
                            static_cast<std::size_t>(c / kBlock);
  const auto pixel = static_cast<std::size_t>(h * shape.width + w);
  return (block * static_cast<std::size_t>(shape.pixels()) + pixel) * kBlock +
         static_cast<std::size_t>(c % kBlock);
}

/// Where weight (k, c, r, s) of K x C x 3 x 3 lies in OIhw8i8o.
std::size_t blocked_weight(int channels, int k, int c, int pixel) {
  const std::size_t block = static_cast<std::size_t>(k / kBlock) * rounded_up(channels) / kBlock +
                            static_cast<std::size_t>(c / kBlock);
  return ((block * 9 + static_cast<std::size_t>(pixel)) * kBlock +
          static_cast<std::size_t>(c % kBlock)) *
             kBlock +
         static_cast<std::size_t>(k % kBlock);
}

template <class Visit>
void for_each_number(const reference::Tensor& tensor, Visit visit) {
  for (int n = 0; n < tensor.count; ++n) {
    for (int c = 0; c < tensor.shape.channels; ++c) {
      for (int h = 0; h < tensor.shape.height; ++h) {
        for (int w = 0; w < tensor.shape.width; ++w) {
          visit(tensor.index(n, c, h, w), blocked_index(tensor.shape, n, c, h, w));
        }
      }
    }
  }
}

std::size_t blocked_size(const reference::Tensor& tensor) {
  return static_cast<std::size_t>(tensor.count) * rounded_up(tensor.shape.channels) *
         static_cast<std::size_t>(tensor.shape.pixels());
}

std::vector<float> to_blocks(const reference::Tensor& tensor) {
  std::vector<float> blocks(blocked_size(tensor));
  for_each_number(tensor, [&](std::size_t from, std::size_t to) {
    blocks[to] = static_cast<float>(tensor.values[from]);
  });
  return blocks;
}

/// Takes the tensor's numbers out of `blocks`, in which zeros remain: the padding.
std::vector<double> take_out(std::vector<float>& blocks, const reference::Tensor& like) {
  std::vector<double> values(like.values.size());
  for_each_number(like, [&](std::size_t to, std::size_t from) {
    values[to] = static_cast<double>(std::exchange(blocks[from], 0.0F));
  });
  return values;
}

/// |found - wanted| / |wanted|.
double distance(const std::vector<double>& found, const std::vector<double>& wanted) {
  std::vector<double> difference(found.size());
  for (std::size_t i = 0; i < found.size(); ++i) difference[i] = found[i] - wanted[i];
  return norm(difference) / norm(wanted);
}

/// Random numbers that float holds exactly.
void fill(std::vector<double>& values, double deviation, RandomSequence& random) {
  for (double& value : values) value = static_cast<float>(deviation * random.normal());
}

/// A convolution with its numbers, and what the three passes made of them.
struct Trial {
  Trial(const WinogradShape& of, std::uint64_t seed)
      : shape(of),
        conv{.padding = of.padding, .bias = true},
        src(reference::zeros(of.images, {of.channels, of.height, of.width})),
        ddst(reference::zeros(of.images, {of.outputs, of.height + 2 * of.padding - 2,
                                          of.width + 2 * of.padding - 2})),
        weights(static_cast<std::size_t>(of.outputs * of.channels * 9)),
        bias(static_cast<std::size_t>(of.outputs)) {
    RandomSequence random({.seed = seed, .stream = Stream::drawing});
    fill(src.values, 1, random);
    fill(ddst.values, 1, random);
    fill(weights, std::sqrt(2.0 / (9 * of.channels)), random);
    fill(bias, 0.3, random);
  }

  /// Scratch memory begins as no number: nothing may depend on it.
  float* clean() {
    scratch.assign(winograd_scratch(shape), std::numeric_limits<float>::quiet_NaN());
    return scratch.data();
  }

  void run() {
    std::vector<float> blocked_weights(rounded_up(shape.outputs) * rounded_up(shape.channels) * 9);
    for_each_weight([&](std::size_t plain, std::size_t blocked) {
      blocked_weights[blocked] = static_cast<float>(weights[plain]);
    });
    const std::vector<float> source = to_blocks(src);
    const std::vector<float> gradient = to_blocks(ddst);
    const std::vector<float> terms(bias.begin(), bias.end());
    dst.resize(blocked_size(ddst));
    dsrc.resize(blocked_size(src));
    dweights.resize(blocked_weights.size());
    dbias.resize(bias.size());
    winograd_forward(shape, {.src = source.data(),
                             .weights = blocked_weights.data(),
                             .bias = terms.data(),
                             .dst = dst.data(),
                             .scratch = clean()});
    cut.resize(dst.size());
    winograd_forward(shape, {.src = source.data(),
                             .weights = blocked_weights.data(),
                             .bias = terms.data(),
                             .dst = cut.data(),
                             .scratch = clean(),
                             .cuts = true});
    winograd_backward_data(shape, {.ddst = gradient.data(),
                                   .weights = blocked_weights.data(),
                                   .dsrc = dsrc.data(),
                                   .scratch = clean()});
    winograd_backward_weights(shape, {.src = source.data(),
                                      .ddst = gradient.data(),
                                      .dweights = dweights.data(),
                                      .dbias = dbias.data(),
                                      .scratch = clean()});
  }

  template <class Visit>
  void for_each_weight(Visit visit) const {
    std::size_t plain = 0;
    for (int k = 0; k < shape.outputs; ++k) {
      for (int c = 0; c < shape.channels; ++c) {
        for (int pixel = 0; pixel < 9; ++pixel) {
          visit(plain++, blocked_weight(shape.channels, k, c, pixel));
        }
      }
    }
  }

  WinogradShape shape;
  network::Conv conv;
  reference::Tensor src;
  reference::Tensor ddst;
  std::vector<double> weights;  // KCRS
  std::vector<double> bias;
  std::vector<float> scratch;
  std::vector<float> dst, dsrc, dweights, dbias;  // blocked
  std::vector<float> cut;                         // dst with a relu behind the convolution
};

/// Relative distances, measured below 2.5e-6 over these shapes; up to 1.6e-6 at 256 channels.
constexpr double kTolerance = 5e-6;

void expect_the_reference(const WinogradShape& shape, std::uint64_t seed) {
  SCOPED_TRACE(::testing::Message()
               << shape.images << " x " << shape.channels << " x " << shape.height << " x "
               << shape.width << " -> " << shape.outputs << ", padding " << shape.padding);
  Trial trial(shape, seed);
  trial.run();
  EXPECT_EQ(trial.cut, cut_below_zero(trial.dst));
  const auto forward =
      reference::convolution_forward(trial.conv, trial.src, trial.weights, trial.bias);
  const auto backward =
      reference::convolution_backward(trial.conv, trial.src, trial.weights, trial.ddst);
  EXPECT_LE(distance(take_out(trial.dst, forward), forward.values), kTolerance);
  EXPECT_LE(distance(take_out(trial.dsrc, backward.dsrc), backward.dsrc.values), kTolerance);
  std::vector<double> dweights(trial.weights.size());
  trial.for_each_weight([&](std::size_t plain, std::size_t blocked) {
    dweights[plain] = static_cast<double>(std::exchange(trial.dweights[blocked], 0.0F));
  });
  EXPECT_LE(distance(dweights, backward.dweights), kTolerance);
  EXPECT_LE(distance({trial.dbias.begin(), trial.dbias.end()}, backward.dbias), kTolerance);
  for (const auto* padding : {&trial.dst, &trial.dsrc, &trial.dweights}) {
    EXPECT_THAT(*padding, Each(0.0F)) << "channels of padding hold zeros";
  }
}

TEST(Winograd, IsTheConvolutionAndItsGradientsOnRandomShapes) {
  SKIP_WITHOUT_KERNELS();
  RandomSequence random({.seed = 5, .stream = Stream::split});
  const auto draw = [&](int least, int most) {
    return least + static_cast<int>(random.below(static_cast<std::uint64_t>(most - least + 1)));
  };
  for (std::uint64_t i = 0; i < 200;) {
    const WinogradShape shape{.images = draw(1, 5),
                              .channels = draw(1, 40),
                              .outputs = draw(1, 40),
                              .height = draw(3, 33),
                              .width = draw(3, 33),
                              .padding = draw(0, 2)};
    // The reference is slow.
    if (shape.images * shape.channels * shape.outputs * shape.height * shape.width > 300'000) {
      continue;
    }
    expect_the_reference(shape, i++);
  }
}

TEST(Winograd, IsTheConvolutionOnTheShapesOfNetworksAndAtTheEnds) {
  SKIP_WITHOUT_KERNELS();
  std::uint64_t seed = 1000;
  for (const WinogradShape& shape : {WinogradShape{2, 16, 16, 32, 32, 1},
                                     WinogradShape{7, 64, 64, 4, 4, 1},   // one tile a picture
                                     WinogradShape{3, 64, 32, 3, 3, 1},   // less than a tile
                                     WinogradShape{1, 1, 1, 3, 3, 0},     // one number
                                     WinogradShape{1, 8, 8, 1, 1, 1},     // border everywhere
                                     WinogradShape{2, 3, 5, 1, 40, 2},    // a line
                                     WinogradShape{1, 256, 24, 5, 6, 1},  // many channels
                                     WinogradShape{1, 24, 200, 6, 5, 1},
                                     WinogradShape{40, 40, 8, 8, 8, 1}}) {  // groups of tiles
    expect_the_reference(shape, seed++);
  }
}

TEST(Winograd, GivesTheSameBitsTwice) {
  SKIP_WITHOUT_KERNELS();
  const WinogradShape shape{3, 24, 40, 13, 9, 1};
  Trial first(shape, 1);
  Trial second(shape, 1);
  first.run();
  second.run();
  EXPECT_EQ(first.dst, second.dst);
  EXPECT_EQ(first.dsrc, second.dsrc);
  EXPECT_EQ(first.dweights, second.dweights);
  EXPECT_EQ(first.dbias, second.dbias);
}

TEST(Winograd, AnImageDoesNotMeetAnother) {
  SKIP_WITHOUT_KERNELS();
  Trial trial({2, 16, 16, 9, 9, 1}, 1);
  trial.run();
  const std::vector<float> before = trial.dst;
  const auto half = static_cast<std::ptrdiff_t>(before.size() / 2);
  std::fill(trial.src.values.begin(),
            trial.src.values.begin() + static_cast<std::ptrdiff_t>(trial.src.values.size() / 2),
            std::numeric_limits<double>::infinity());
  trial.run();
  EXPECT_TRUE(std::equal(before.begin() + half, before.end(), trial.dst.begin() + half));
  EXPECT_TRUE(std::none_of(trial.dst.begin(), trial.dst.begin() + half,
                           [](float value) { return std::isfinite(value); }));
}

// --- in networks ---

const Case kCases[] = {
    {"conv(10) conv(12) gap fc(classes)", "conv", {3, 7, 5}, 3},
    {"conv(9) conv(17, p=0) conv(8, p=2) flatten fc(classes)", "conv", {8, 9, 6}, 3},
    {"2*unit(10) gap fc(classes)", "conv bn relu", {3, 7, 5}, 4},
    {"2*unit(10) gap fc(classes)", "conv relu bn", {10, 7, 5}, 4},
    {"2*unit(16, pool=2) unit(24) gap fc(classes)", "bn relu conv", {3, 13, 12}, 4},
    {"2*unit(24) gap fc(classes)", "conv gn(3) gelu drop(0.2)", {3, 11, 9}, 4},
    {"conv(10) unit(10) unit(12, s=2) unit(12) gap fc(classes)",
     "res(conv bn relu conv bn) relu",
     {3, 9, 7},
     4},
    {"conv(10) unit(10) unit(12, s=2) unit(12) bn relu gap fc(classes)",
     "res(bn relu conv bn relu conv)",
     {3, 9, 7},
     4},
    {"unit(8) avgpool(2) conv(16, k=1) conv(16, k=5, p=2) conv(16) gap fc(classes)",
     "conv bn tanh",
     {1, 12, 12},
     4},
};

class FastTwin : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override { SKIP_WITHOUT_KERNELS(); }

  Options options() const {
    return {.batch = GetParam().batch,
            .evaluation_batch = GetParam().batch + 1,
            .precision = Precision::fp32_fast,
            .seed = 11};
  }

  network::Network network = build(GetParam());
  std::vector<float> images = random_images(network.input, GetParam().batch, 1);
  std::vector<std::int32_t> labels = random_labels(network.classes, GetParam().batch, 2);
  network::Values values = lively_values(network, 3);
  reference::Tensor pictures{
      .count = GetParam().batch, .shape = network.input, .values = {images.begin(), images.end()}};
};

std::vector<double> wide(std::span<const float> values) { return {values.begin(), values.end()}; }

TEST_P(FastTwin, OneStepHasTheLossAndGradientsOfTheReference) {
  Trainer trainer(network, values, options());
  copy(images, trainer.images());
  copy(labels, trainer.labels());
  const StepResult step = trainer.step(0);
  ASSERT_FALSE(step.non_finite) << step.non_finite->stage;
  const reference::Pass pass = reference::run(network, reference::widen(values), pictures, labels,
                                              reference::Mode::training, {.seed = 11});
  EXPECT_NEAR(step.loss, pass.loss, 1e-5 * pass.loss);
  expect_gradients(network, trainer.gradients(), pass);
  EXPECT_EQ(trainer.values()[0], values[0]) << "a rate of 0 changes nothing";
}

TEST_P(FastTwin, EvaluationHasTheLogitsOfTheReference) {
  Trainer trainer(network, values, options());
  copy(images, trainer.evaluation_images());
  trainer.evaluate(labels);
  const reference::ForwardPass pass = reference::run_forward(network, reference::widen(values),
                                                             pictures, reference::Mode::evaluation);
  EXPECT_LE(distance(wide(trainer.logits()), pass.outputs.back().values), 1e-5);
}

TEST_P(FastTwin, TrainsToTheSameBitsTwice) {
  const auto train = [&] {
    Trainer trainer(network, values, options());
    for (int step = 0; step < 3; ++step) {
      copy(images, trainer.images());
      copy(labels, trainer.labels());
      EXPECT_FALSE(trainer.step(0.01).non_finite);
    }
    return trainer.values();
  };
  EXPECT_EQ(train(), train());
}

INSTANTIATE_TEST_SUITE_P(Engine, FastTwin, ::testing::ValuesIn(kCases));

// --- what runs ---

TEST(FastPrecision, RunsWinogradWhereTheRuleSaysSoAndNowhereElse) {
  SKIP_WITHOUT_KERNELS();
  const struct {
    const char* conv;
    Shape input;
    bool is_winograd;
  } cases[] = {{"conv(16)", {8, 3, 3}, true},          {"conv(16)", {8, 2, 2}, false},
               {"conv(16, p=0)", {8, 4, 4}, false},    {"conv(16, p=0)", {8, 5, 5}, true},
               {"conv(256, p=0)", {256, 3, 3}, false}, {"conv(32, p=2)", {32, 3, 3}, false},
               {"conv(32, p=2)", {32, 4, 4}, true},    {"conv(32, p=2)", {32, 1, 32}, false},
               {"conv(16, p=0)", {8, 9, 9}, true},     {"conv(16)", {3, 32, 32}, false},
               {"conv(4)", {8, 32, 32}, false},        {"conv(16)", {8, 1, 32}, false},
               {"conv(16)", {8, 5, 5}, false},         {"conv(32)", {32, 5, 5}, true},
               {"conv(16, s=2)", {8, 32, 32}, false},  {"conv(16, k=5, p=2)", {8, 9, 9}, false},
               {"conv(16, k=1)", {8, 9, 9}, false}};
  const auto is_winograd = HasSubstr("own:winograd");
  for (const auto& c : cases) {
    SCOPED_TRACE(c.conv);
    const network::Network network =
        build({std::string(c.conv) + " gap fc(classes)", "conv", c.input, 4});
    const Plan fast = plan(network, {.batch = 4, .precision = Precision::fp32_fast});
    const std::size_t count = c.is_winograd ? 1 : 0;
    EXPECT_THAT(lines_of(fast.training),
                Contains(is_winograd).Times(2 * count));  // nothing trained stands before it
    EXPECT_THAT(lines_of(fast.evaluation), Contains(is_winograd).Times(count));
    const Plan direct = plan(network, {.batch = 4});
    EXPECT_THAT(lines_of(direct.training), Not(Contains(is_winograd)));
    EXPECT_THAT(lines_of(direct.evaluation), Not(Contains(is_winograd)));
  }
}

TEST(FastPrecision, AllButTheFirstConvolutionOfArticle15AreWinogradAndNothingIsReordered) {
  SKIP_WITHOUT_KERNELS();
  const network::Network network = build(
      {std::string(network::find_preset("article-15")->body), "conv bn relu", {3, 32, 32}, 8});
  const Plan fast = plan(network, {.batch = 8, .precision = Precision::fp32_fast});
  const auto lines = lines_of(fast.training);
  EXPECT_THAT(lines, Contains(HasSubstr("own:winograd")).Times(3 * 14));
  EXPECT_THAT(lines, Not(Contains(ContainsRegex("conv reorder"))));
}

TEST(FastPrecision, ShowsANumberThatIsNotFinite) {
  SKIP_WITHOUT_KERNELS();
  const network::Network network =
      build({"2*unit(16) gap fc(classes)", "conv relu bn", {8, 9, 9}, 4});
  Trainer trainer(network, network::initial_values(network, 1, 1),
                  {.batch = 4, .precision = Precision::fp32_fast});
  copy(random_images(network.input, 4, 1), trainer.images());
  copy(random_labels(network.classes, 4, 1), trainer.labels());
  trainer.images()[100] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(trainer.step(0.01).non_finite);
}

TEST(Precision, IsRefusedWithWhatItNeedsWhatIsThereAndWhatToUse) {
  const Processor old{.isa = "sse41"};
  const Processor usual{.has_avx2 = true, .has_fma = true, .isa = "avx2"};
  EXPECT_NO_THROW(require_precision(Precision::fp32, old));
  EXPECT_NO_THROW(require_precision(Precision::fp32_fast, usual));
  EXPECT_NO_THROW(
      require_precision(Precision::bf16, {.has_bf16 = true, .isa = "avx512_core_bf16"}));
  EXPECT_THAT([&] { require_precision(Precision::fp32_fast, old); },
              ThrowsMessage<Error>("recipe.precision fp32-fast needs AVX2 with FMA; this processor "
                                   "has sse41; use fp32"));
  EXPECT_THAT([&] { require_precision(Precision::bf16, usual); },
              ThrowsMessage<Error>("recipe.precision bf16 needs AVX-512 with bf16 "
                                   "(avx512_core_bf16 or better); this processor has avx2; use "
                                   "fp32-fast or fp32"));
  EXPECT_THAT([&] { require_precision(Precision::bf16, old); },
              ThrowsMessage<Error>(::testing::EndsWith("this processor has sse41; use fp32")));
}

}  // namespace
}  // namespace whichfirst::engine
