// Our direct convolutions against the plain loops of src/reference, alone and in networks.
#include "engine/kernels/direct.h"

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
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;

#define SKIP_WITHOUT_AVX2()                                         \
  if (!own_processor().has_avx2 || !own_processor().has_fma) {      \
    GTEST_SKIP() << "SKIPPED: this processor has no AVX2 with FMA"; \
  }

constexpr std::size_t kBlock = 8;

/// Where number (n, c, y, x) lies: plain, or in blocks of 8 channels.
struct NumberPlaces {
  std::size_t padded() const {
    return is_plain ? channels : (channels + kBlock - 1) / kBlock * kBlock;
  }
  std::size_t size(std::size_t count) const { return count * padded() * pixels; }
  std::size_t at(std::size_t n, std::size_t c, std::size_t pixel) const {
    if (is_plain) return (n * channels + c) * pixels + pixel;
    return ((n * padded() + c / kBlock * kBlock) * pixels) + pixel * kBlock + c % kBlock;
  }

  bool is_plain;
  std::size_t channels;
  std::size_t pixels;
};

std::size_t as_size(std::int64_t number) { return static_cast<std::size_t>(number); }

NumberPlaces places_of(const reference::Tensor& tensor, bool plain) {
  return {plain, as_size(tensor.shape.channels), as_size(tensor.shape.pixels())};
}

template <class Visit>
void for_each_number(const reference::Tensor& tensor, const NumberPlaces& places, Visit visit) {
  std::size_t number = 0;  // NCHW
  for (std::size_t n = 0; n < as_size(tensor.count); ++n) {
    for (std::size_t c = 0; c < places.channels; ++c) {
      for (std::size_t pixel = 0; pixel < places.pixels; ++pixel) {
        visit(number++, places.at(n, c, pixel));
      }
    }
  }
}

std::vector<float> placed(const reference::Tensor& tensor, const NumberPlaces& places) {
  std::vector<float> floats(places.size(as_size(tensor.count)));
  for_each_number(tensor, places, [&](std::size_t from, std::size_t to) {
    floats[to] = static_cast<float>(tensor.values[from]);
  });
  return floats;
}

/// Takes the tensor's numbers out of `floats`, in which zeros remain: the padding.
std::vector<double> take_out(std::vector<float>& floats, const reference::Tensor& like,
                             const NumberPlaces& places) {
  std::vector<double> values(like.values.size());
  for_each_number(like, places, [&](std::size_t to, std::size_t from) {
    values[to] = static_cast<double>(std::exchange(floats[from], 0.0F));
  });
  return values;
}

/// |found - wanted|.
double distance(const std::vector<double>& found, const std::vector<double>& wanted) {
  std::vector<double> difference(found.size());
  for (std::size_t i = 0; i < found.size(); ++i) difference[i] = found[i] - wanted[i];
  return norm(difference);
}

/// A convolution with its numbers, and what the three passes made of them.
struct Trial {
  Trial(const DirectShape& of, std::uint64_t seed)
      : shape(of),
        conv{.kernel = of.kernel, .stride = of.stride, .padding = of.padding, .bias = true},
        src(reference::zeros(of.images, {of.channels, of.height, of.width})),
        ddst(reference::zeros(of.images,
                              {of.outputs, result_side(of.height), result_side(of.width)})),
        weights(as_size(of.outputs * of.channels * of.kernel * of.kernel)),
        bias(as_size(of.outputs)) {
    RandomSequence random({.seed = seed, .stream = Stream::drawing});
    for (auto* values : {&src.values, &ddst.values, &weights, &bias}) {
      for (double& value : *values) value = static_cast<float>(random.normal());
    }
  }

  int result_side(int side) const {
    return (side + 2 * shape.padding - shape.kernel) / shape.stride + 1;
  }
  NumberPlaces source_places() const { return places_of(src, is_plain(shape)); }
  NumberPlaces result_places() const { return places_of(ddst, false); }

  /// Scratch memory begins as no number: nothing may depend on it.
  float* clean() {
    scratch.assign(direct_scratch(shape), std::numeric_limits<float>::quiet_NaN());
    return scratch.data();
  }

  void run() {
    const auto pixels = as_size(shape.kernel * shape.kernel);
    const NumberPlaces source = source_places();
    std::vector<float> kept(result_places().padded() * source.padded() * pixels);
    for_each_weight(
        [&](std::size_t from, std::size_t to) { kept[to] = static_cast<float>(weights[from]); });
    const std::vector<float> source_floats = placed(src, source);
    const std::vector<float> gradient = placed(ddst, result_places());
    const std::vector<float> terms(bias.begin(), bias.end());
    const auto nan = std::numeric_limits<float>::quiet_NaN();
    dst.assign(gradient.size(), nan);
    dweights.assign(kept.size(), nan);
    dbias.assign(terms.size(), nan);
    dsrc.assign(source_floats.size(), 0.0F);
    direct_forward(shape, {.src = source_floats.data(),
                           .weights = kept.data(),
                           .bias = terms.data(),
                           .dst = dst.data(),
                           .scratch = clean()});
    cut.assign(gradient.size(), nan);
    direct_forward(shape, {.src = source_floats.data(),
                           .weights = kept.data(),
                           .bias = terms.data(),
                           .dst = cut.data(),
                           .scratch = clean(),
                           .cuts = true});
    direct_backward_weights(shape, {.src = source_floats.data(),
                                    .ddst = gradient.data(),
                                    .dweights = dweights.data(),
                                    .dbias = dbias.data(),
                                    .scratch = clean()});
    if (is_plain(shape)) return;
    dsrc.assign(source_floats.size(), nan);
    direct_backward_data(
        shape,
        {.ddst = gradient.data(), .weights = kept.data(), .dsrc = dsrc.data(), .scratch = clean()});
  }

  /// visit(its place in KCRS, in OIhw8i8o or Ohwi8o).
  template <class Visit>
  void for_each_weight(Visit visit) const {
    const auto pixels = as_size(shape.kernel * shape.kernel);
    const bool plain = is_plain(shape);
    const std::size_t inputs = source_places().padded();
    const std::size_t lane = plain ? inputs : kBlock;  // channels at a pixel that lie together
    std::size_t number = 0;
    for (std::size_t k = 0; k < as_size(shape.outputs); ++k) {
      for (std::size_t c = 0; c < as_size(shape.channels); ++c) {
        for (std::size_t pixel = 0; pixel < pixels; ++pixel) {
          const std::size_t block = k / kBlock * (inputs / lane) + c / lane;
          visit(number++, ((block * pixels + pixel) * lane + c % lane) * kBlock + k % kBlock);
        }
      }
    }
  }

  DirectShape shape;
  network::Conv conv;
  reference::Tensor src;
  reference::Tensor ddst;
  std::vector<double> weights;  // KCRS
  std::vector<double> bias;
  std::vector<float> scratch;
  std::vector<float> dst, dsrc, dweights, dbias;
  std::vector<float> cut;  // dst with a relu behind the convolution
};

/// Relative distances; sums of up to 40,000 products in fp32 stay below a quarter of this.
constexpr double kTolerance = 5e-6;

void expect_the_reference(const DirectShape& shape, std::uint64_t seed) {
  SCOPED_TRACE(::testing::Message()
               << shape.images << " x " << shape.channels << " x " << shape.height << " x "
               << shape.width << " -> " << shape.outputs << ", kernel " << shape.kernel
               << ", stride " << shape.stride << ", padding " << shape.padding);
  Trial trial(shape, seed);
  trial.run();
  EXPECT_EQ(trial.cut, cut_below_zero(trial.dst));
  const auto forward =
      reference::convolution_forward(trial.conv, trial.src, trial.weights, trial.bias);
  const auto backward =
      reference::convolution_backward(trial.conv, trial.src, trial.weights, trial.ddst);
  EXPECT_LE(distance(take_out(trial.dst, forward, trial.result_places()), forward.values),
            kTolerance * norm(forward.values));
  if (!is_plain(shape)) {
    EXPECT_LE(
        distance(take_out(trial.dsrc, backward.dsrc, trial.source_places()), backward.dsrc.values),
        kTolerance * norm(backward.dsrc.values));
  }
  std::vector<double> dweights(trial.weights.size());
  trial.for_each_weight([&](std::size_t plain, std::size_t kept) {
    dweights[plain] = static_cast<double>(std::exchange(trial.dweights[kept], 0.0F));
  });
  EXPECT_LE(distance(dweights, backward.dweights), kTolerance * norm(backward.dweights));
  // The sum of few numbers may come out small.
  EXPECT_LE(distance({trial.dbias.begin(), trial.dbias.end()}, backward.dbias),
            kTolerance * norm(trial.ddst.values));
  for (const auto* padding : {&trial.dst, &trial.dsrc, &trial.dweights}) {
    EXPECT_THAT(*padding, Each(0.0F)) << "channels of padding hold zeros";
  }
}

TEST(Direct, IsTheConvolutionAndItsGradientsOnRandomShapes) {
  SKIP_WITHOUT_AVX2();
  RandomSequence random({.seed = 5, .stream = Stream::split});
  const auto draw = [&](int least, int most) {
    return least + static_cast<int>(random.below(static_cast<std::uint64_t>(most - least + 1)));
  };
  for (std::uint64_t i = 0; i < 200;) {
    DirectShape shape{.images = draw(1, 5),
                      .channels = i % 5 == 0 ? draw(1, 7) : draw(8, 40),
                      .outputs = draw(1, 40),
                      .height = draw(1, 33),
                      .width = draw(1, 33)};
    if (i % 2 == 0) {
      shape.kernel = draw(1, 7);
      shape.stride = draw(1, 3);
    }
    shape.padding = draw(0, shape.kernel + 1);
    // The reference is slow.
    if (std::min(shape.height, shape.width) + 2 * shape.padding < shape.kernel ||
        shape.images * shape.channels * shape.outputs * shape.height * shape.width * shape.kernel *
                shape.kernel >
            2'700'000) {
      continue;
    }
    expect_the_reference(shape, i++);
  }
}

TEST(Direct, IsTheConvolutionOnTheShapesOfNetworksAndAtTheEnds) {
  SKIP_WITHOUT_AVX2();
  std::uint64_t seed = 1000;
  for (const DirectShape& shape :
       {DirectShape{2, 16, 16, 32, 32, 3, 1, 1}, DirectShape{2, 3, 16, 32, 32, 3, 1, 1},
        DirectShape{9, 64, 64, 4, 4, 3, 1, 1}, DirectShape{3, 16, 32, 32, 32, 3, 2, 1},
        DirectShape{1, 1, 1, 1, 1, 1, 1, 0},     // one number
        DirectShape{1, 8, 8, 1, 1, 3, 1, 1},     // border everywhere
        DirectShape{2, 3, 5, 1, 40, 3, 1, 2},    // a line
        DirectShape{1, 8, 8, 2, 1500, 3, 1, 1},  // wider than a band
        DirectShape{1, 2, 8, 3, 3000, 3, 1, 0},
        DirectShape{1, 16, 8, 9, 9, 1, 3, 0},  // pixels never read
        DirectShape{1, 8, 16, 9, 9, 2, 3, 1},
        DirectShape{1, 256, 24, 5, 6, 3, 1, 1},  // many channels
        DirectShape{1, 24, 200, 6, 5, 3, 1, 1},
        DirectShape{40, 40, 8, 8, 8, 3, 1, 1}}) {  // bands of pictures
    expect_the_reference(shape, seed++);
  }
}

TEST(Direct, GivesTheSameBitsTwice) {
  SKIP_WITHOUT_AVX2();
  const DirectShape shape{3, 24, 40, 13, 9, 3, 1, 1};
  Trial first(shape, 1);
  Trial second(shape, 1);
  first.run();
  second.run();
  EXPECT_EQ(first.dst, second.dst);
  EXPECT_EQ(first.dsrc, second.dsrc);
  EXPECT_EQ(first.dweights, second.dweights);
  EXPECT_EQ(first.dbias, second.dbias);
}

TEST(Direct, AnImageHasTheSameBitsAloneAndAmongOthers) {
  SKIP_WITHOUT_AVX2();
  for (const DirectShape& shape :
       {DirectShape{30, 16, 24, 7, 7, 3, 1, 1}, DirectShape{3, 72, 16, 32, 33, 3, 1, 1},
        DirectShape{5, 16, 16, 9, 9, 3, 2, 1}}) {
    Trial all(shape, 1);
    all.run();
    DirectShape one = shape;
    one.images = 1;
    Trial alone(one, 2);
    const auto copy_last = [](const reference::Tensor& from, reference::Tensor& to) {
      std::copy(from.values.end() - static_cast<std::ptrdiff_t>(to.values.size()),
                from.values.end(), to.values.begin());
    };
    copy_last(all.src, alone.src);
    copy_last(all.ddst, alone.ddst);
    alone.weights = all.weights;
    alone.bias = all.bias;
    alone.run();
    EXPECT_TRUE(std::equal(alone.dst.rbegin(), alone.dst.rend(), all.dst.rbegin()));
    EXPECT_TRUE(std::equal(alone.dsrc.rbegin(), alone.dsrc.rend(), all.dsrc.rbegin()));
  }
}

TEST(Direct, AnImageDoesNotMeetAnother) {
  SKIP_WITHOUT_AVX2();
  Trial trial({2, 16, 16, 9, 9, 3, 1, 1}, 1);
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

// --- what runs ---

TEST(DirectPlan, HasOurKernelsWhereTheRuleSaysSoAndNowhereElse) {
  SKIP_WITHOUT_AVX2();
  const struct {
    const char* conv;
    Shape input;
    bool is_own;
  } cases[] = {{"conv(16)", {8, 9, 9}, true},           {"conv(16)", {16, 1, 1}, true},
               {"conv(16, s=2)", {16, 9, 9}, true},     {"conv(16, k=5, p=2)", {16, 9, 9}, true},
               {"conv(16, k=5, p=2)", {3, 9, 9}, true}, {"conv(4)", {1, 9, 9}, true},
               {"conv(8)", {8, 9, 9}, false},           {"conv(16, k=1, p=0)", {16, 9, 9}, false},
               {"conv(16, s=3)", {16, 9, 9}, false},    {"conv(16)", {3, 9, 9}, false}};
  const auto is_own = HasSubstr("own:direct");
  for (const auto& c : cases) {
    SCOPED_TRACE(c.conv);
    const network::Network network =
        build({std::string(c.conv) + " gap fc(classes)", "conv", c.input, 4});
    const Plan made = plan(network, {.batch = 4});
    const std::size_t count = c.is_own ? 1 : 0;
    EXPECT_THAT(lines_of(made.training),
                Contains(is_own).Times(2 * count));  // nothing trained stands before it
    EXPECT_THAT(lines_of(made.evaluation), Contains(is_own).Times(count));
  }
}

TEST(DirectPlan, PlainPicturesAreOursOnlyWhereTheyNeedNoGradient) {
  SKIP_WITHOUT_AVX2();
  const Plan made = plan(
      build({"conv(5) conv(16, k=5, p=2) gap fc(classes)", "conv", {8, 9, 9}, 4}), {.batch = 4});
  EXPECT_THAT(lines_of(made.training), Not(Contains(HasSubstr("own:direct"))));
}

TEST(DirectPlan, Article15IsOursFromItsSecondConvolutionOnAndNothingIsReordered) {
  SKIP_WITHOUT_AVX2();
  const network::Network network = build(
      {std::string(network::find_preset("article-15")->body), "conv bn relu", {3, 32, 32}, 8});
  const auto lines = lines_of(plan(network, {.batch = 8}).training);
  EXPECT_THAT(lines, Contains(HasSubstr("own:direct")).Times(3 * 14));
  EXPECT_THAT(lines, Not(Contains(::testing::ContainsRegex("conv reorder"))));
}

// --- in networks ---

TEST(DirectPlan, AStepAndAnEvaluationAreThoseOfTheReference) {
  const Case wide{"conv(16) conv(24, s=2) 2*unit(24, k=5, p=2) unit(16) gap fc(classes)",
                  "conv bn relu",
                  {1, 13, 12},
                  4};
  const network::Network network = build(wide);
  const std::vector<float> images = random_images(network.input, wide.batch, 1);
  const std::vector<std::int32_t> labels = random_labels(network.classes, wide.batch, 2);
  const network::Values values = lively_values(network, 3);
  const reference::Tensor pictures{
      .count = wide.batch, .shape = network.input, .values = {images.begin(), images.end()}};
  if (own_processor().has_avx2 && own_processor().has_fma) {
    const auto lines = lines_of(plan(network, {.batch = wide.batch}).training);
    EXPECT_THAT(lines, Contains(HasSubstr("own:direct")).Times(2 + 4 * 3));
  }
  Trainer trainer(network, values,
                  {.batch = wide.batch, .evaluation_batch = wide.batch, .seed = 11});
  copy(images, trainer.images());
  copy(labels, trainer.labels());
  const StepResult step = trainer.step(0);
  ASSERT_FALSE(step.non_finite) << step.non_finite->stage;
  const reference::Pass pass = reference::run(network, reference::widen(values), pictures, labels,
                                              reference::Mode::training, {.seed = 11});
  EXPECT_NEAR(step.loss, pass.loss, 1e-5 * pass.loss);
  expect_gradients(network, trainer.gradients(), pass);
  copy(images, trainer.evaluation_images());
  trainer.evaluate(labels);
  const auto logits = trainer.logits();
  const reference::ForwardPass evaluation = reference::run_forward(
      network, reference::widen(trainer.values()), pictures, reference::Mode::evaluation);
  EXPECT_LE(distance({logits.begin(), logits.end()}, evaluation.outputs.back().values),
            1e-5 * norm(evaluation.outputs.back().values));
}

}  // namespace
}  // namespace whichfirst::engine
