// Our own convolutions, direct and by Winograd's algorithm, against the plain loops of
// src/reference, alone and in networks.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <limits>
#include <map>
#include <tuple>
#include <utility>

#include "engine/kernels/convolution.h"
#include "engine/networks.h"
#include "engine/platform.h"
#include "network/preset.h"
#include "reference/stages.h"

namespace whichfirst::engine {
namespace {

using ::testing::Contains;
using ::testing::ContainsRegex;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::ThrowsMessage;

#define SKIP_WITHOUT_AVX2()                                         \
  if (!own_processor().has_own_convolutions()) {                    \
    GTEST_SKIP() << "SKIPPED: this processor has no AVX2 with FMA"; \
  }
/// "units.1.conv forward own:direct".
std::vector<std::string> lines_of(const std::vector<PlannedPrimitive>& primitives) {
  std::vector<std::string> lines;
  for (const PlannedPrimitive& primitive : primitives) {
    lines.push_back(primitive.stage + " " + primitive.what + " " + primitive.implementation);
  }
  return lines;
}

/// What a relu makes of numbers.
std::vector<float> relu_of(std::vector<float> numbers) {
  for (float& number : numbers) number = std::max(number, 0.0F);
  return numbers;
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
  Trial(const ConvolutionKernels& by, const ConvolutionShape& of, std::uint64_t seed)
      : kernels(by),
        shape(of),
        conv{.kernel = of.kernel, .stride = of.stride, .padding = of.padding, .bias = true},
        src(reference::zeros(of.images, {of.channels, of.height, of.width})),
        ddst(reference::zeros(of.images,
                              {of.outputs, of.result_side(of.height), of.result_side(of.width)})),
        weights(as_size(of.outputs * of.channels * of.kernel * of.kernel)),
        bias(as_size(of.outputs)) {
    RandomSequence random({.seed = seed, .stream = Stream::drawing});
    for (auto* values : {&src.values, &ddst.values, &weights, &bias}) {
      for (double& value : *values) value = static_cast<float>(random.normal());
    }
  }

  bool is_plain() const { return &kernels == &kDirect && engine::is_plain(shape); }
  NumberPlaces source_places() const { return places_of(src, is_plain()); }
  NumberPlaces result_places() const { return places_of(ddst, false); }

  /// Scratch memory begins as no number: nothing may depend on it.
  float* clean() {
    scratch.assign(kernels.scratch(shape), std::numeric_limits<float>::quiet_NaN());
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
    kernels.forward(shape, {.src = source_floats.data(),
                            .weights = kept.data(),
                            .bias = terms.data(),
                            .dst = dst.data(),
                            .scratch = clean()});
    with_relu.assign(gradient.size(), nan);
    kernels.forward(shape, {.src = source_floats.data(),
                            .weights = kept.data(),
                            .bias = terms.data(),
                            .dst = with_relu.data(),
                            .scratch = clean(),
                            .is_with_relu = true});
    kernels.backward_weights(shape, {.src = source_floats.data(),
                                     .ddst = gradient.data(),
                                     .dweights = dweights.data(),
                                     .dbias = dbias.data(),
                                     .scratch = clean()});
    if (is_plain()) return;
    dsrc.assign(source_floats.size(), nan);
    kernels.backward_data(
        shape,
        {.ddst = gradient.data(), .weights = kept.data(), .dsrc = dsrc.data(), .scratch = clean()});
  }

  /// visit(its place in KCRS, in OIhw8i8o or Ohwi8o).
  template <class Visit>
  void for_each_weight(Visit visit) const {
    const auto pixels = as_size(shape.kernel * shape.kernel);
    const bool plain = is_plain();
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

  const ConvolutionKernels& kernels;
  ConvolutionShape shape;
  network::Conv conv;
  reference::Tensor src;
  reference::Tensor ddst;
  std::vector<double> weights;  // KCRS
  std::vector<double> bias;
  std::vector<float> scratch;
  std::vector<float> dst, dsrc, dweights, dbias;
  std::vector<float> with_relu;  // dst with a relu after the convolution
};

/// Relative distances. Direct sums of up to 40,000 products in fp32 stay below a quarter of this;
/// Winograd's were measured below half of it.
constexpr double kTolerance = 5e-6;

void expect_the_reference(const ConvolutionKernels& kernels, const ConvolutionShape& shape,
                          std::uint64_t seed) {
  SCOPED_TRACE(::testing::Message()
               << shape.images << " x " << shape.channels << " x " << shape.height << " x "
               << shape.width << " -> " << shape.outputs << ", kernel " << shape.kernel
               << ", stride " << shape.stride << ", padding " << shape.padding);
  Trial trial(kernels, shape, seed);
  trial.run();
  EXPECT_EQ(trial.with_relu, relu_of(trial.dst));
  const auto forward =
      reference::convolution_forward(trial.conv, trial.src, trial.weights, trial.bias);
  const auto backward =
      reference::convolution_backward(trial.conv, trial.src, trial.weights, trial.ddst);
  EXPECT_LE(distance(take_out(trial.dst, forward, trial.result_places()), forward.values),
            kTolerance * norm(forward.values));
  if (!trial.is_plain()) {
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

class OwnConvolution : public ::testing::TestWithParam<const ConvolutionKernels*> {
 protected:
  void SetUp() override { SKIP_WITHOUT_AVX2(); }

  bool is_winograd() const { return GetParam() == &kWinograd; }
  Trial trial(const ConvolutionShape& shape, std::uint64_t seed) const {
    return {*GetParam(), shape, seed};
  }
};

TEST_P(OwnConvolution, IsTheConvolutionAndItsGradientsOnRandomShapes) {
  RandomSequence random({.seed = 5, .stream = Stream::split});
  const auto draw = [&](int least, int most) {
    return least + static_cast<int>(random.below(static_cast<std::uint64_t>(most - least + 1)));
  };
  for (std::uint64_t i = 0; i < 200;) {
    const int fewest = is_winograd() || i % 5 == 0 ? 1 : 8;  // direct: fewer than 8 lie plain
    ConvolutionShape shape{.images = draw(1, 5),
                           .channels = draw(fewest, !is_winograd() && i % 5 == 0 ? 7 : 40),
                           .outputs = draw(1, 40),
                           .height = draw(is_winograd() ? 3 : 1, 33),
                           .width = draw(is_winograd() ? 3 : 1, 33)};
    if (!is_winograd() && i % 2 == 0) {
      shape.kernel = draw(1, 7);
      shape.stride = draw(1, 3);
    }
    shape.padding = draw(0, is_winograd() ? 2 : shape.kernel + 1);
    // The reference is slow.
    if (std::min(shape.height, shape.width) + 2 * shape.padding < shape.kernel ||
        shape.images * shape.channels * shape.outputs * shape.height * shape.width * shape.kernel *
                shape.kernel >
            2'700'000) {
      continue;
    }
    expect_the_reference(*GetParam(), shape, i++);
  }
}

TEST_P(OwnConvolution, IsTheConvolutionOnTheShapesOfNetworksAndAtTheEnds) {
  std::uint64_t seed = 1000;
  for (const ConvolutionShape& shape :
       {ConvolutionShape{2, 16, 16, 32, 32, 3, 1, 1}, ConvolutionShape{2, 3, 16, 32, 32, 3, 1, 1},
        ConvolutionShape{9, 64, 64, 4, 4, 3, 1, 1},   // one tile per picture
        ConvolutionShape{3, 64, 32, 3, 3, 3, 1, 1},   // less than a tile
        ConvolutionShape{1, 1, 1, 3, 3, 3, 1, 0},     // one number
        ConvolutionShape{1, 8, 8, 1, 1, 3, 1, 1},     // border everywhere
        ConvolutionShape{2, 3, 5, 1, 40, 3, 1, 2},    // a line
        ConvolutionShape{1, 256, 24, 5, 6, 3, 1, 1},  // many channels
        ConvolutionShape{1, 24, 200, 6, 5, 3, 1, 1},
        ConvolutionShape{40, 40, 8, 8, 8, 3, 1, 1}}) {  // groups of tiles, blocks of pictures
    expect_the_reference(*GetParam(), shape, seed++);
  }
  if (is_winograd()) return;
  for (const ConvolutionShape& shape :
       {ConvolutionShape{3, 16, 32, 32, 32, 3, 2, 1},
        ConvolutionShape{1, 1, 1, 1, 1, 1, 1, 0},     // one number
        ConvolutionShape{1, 8, 8, 2, 1500, 3, 1, 1},  // wider than a row block
        ConvolutionShape{1, 2, 8, 3, 3000, 3, 1, 0},
        ConvolutionShape{1, 16, 8, 9, 9, 1, 3, 0},  // pixels never read
        ConvolutionShape{1, 8, 16, 9, 9, 2, 3, 1},
        ConvolutionShape{2, 16, 9, 12, 11, 9, 1, 4},  // kernels that oneDNN leaves to gemm
        ConvolutionShape{1, 3, 16, 23, 23, 11, 4, 2}, ConvolutionShape{1, 8, 8, 9, 9, 31, 2, 16},
        ConvolutionShape{2, 3, 9, 8, 7, 5, 2, 2, true}}) {
    expect_the_reference(*GetParam(), shape, seed++);
  }
}

TEST_P(OwnConvolution, GivesTheSameBitsTwice) {
  Trial first = trial({3, 24, 40, 13, 9, 3, 1, 1}, 1);
  Trial second = trial({3, 24, 40, 13, 9, 3, 1, 1}, 1);
  first.run();
  second.run();
  EXPECT_EQ(first.dst, second.dst);
  EXPECT_EQ(first.dsrc, second.dsrc);
  EXPECT_EQ(first.dweights, second.dweights);
  EXPECT_EQ(first.dbias, second.dbias);
}

TEST_P(OwnConvolution, AnImageHasTheSameBitsAloneAndAmongOthers) {
  for (const ConvolutionShape& shape :
       {ConvolutionShape{30, 16, 24, 7, 7, 3, 1, 1}, ConvolutionShape{3, 72, 16, 32, 33, 3, 1, 1},
        ConvolutionShape{5, 16, 16, 9, 9, 3, 2, 1}}) {
    if (is_winograd() && shape.stride > 1) continue;
    Trial all = trial(shape, 1);
    all.run();
    ConvolutionShape one = shape;
    one.images = 1;
    Trial alone = trial(one, 2);
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

TEST_P(OwnConvolution, AnImageDoesNotMeetAnother) {
  Trial one = trial({2, 16, 16, 9, 9, 3, 1, 1}, 1);
  one.run();
  const std::vector<float> before = one.dst;
  const auto half = static_cast<std::ptrdiff_t>(before.size() / 2);
  std::fill(one.src.values.begin(),
            one.src.values.begin() + static_cast<std::ptrdiff_t>(one.src.values.size() / 2),
            std::numeric_limits<double>::infinity());
  one.run();
  EXPECT_TRUE(std::equal(before.begin() + half, before.end(), one.dst.begin() + half));
  EXPECT_TRUE(std::none_of(one.dst.begin(), one.dst.begin() + half,
                           [](float value) { return std::isfinite(value); }));
}

INSTANTIATE_TEST_SUITE_P(Engine, OwnConvolution, ::testing::Values(&kDirect, &kWinograd),
                         [](const auto& kernels) {
                           return std::string(kernels.param == &kDirect ? "Direct" : "Winograd");
                         });

// --- what runs ---

TEST(OwnConvolutionPlan, HasOurKernelsWhereTheRulesSaySoAndNowhereElse) {
  SKIP_WITHOUT_AVX2();
  constexpr const char* kFast = "own:winograd";
  constexpr const char* kSums = "own:direct";
  constexpr const char* kNone = "";
  const struct {
    const char* conv;
    Shape input;
    const char* fast;   // in fp32-fast
    const char* exact;  // in fp32
  } cases[] = {
      {"conv(16)", {8, 3, 3}, kFast, kSums},
      {"conv(16)", {8, 2, 2}, kSums, kSums},
      {"conv(16, p=0)", {8, 4, 4}, kSums, kSums},
      {"conv(16, p=0)", {8, 5, 5}, kFast, kSums},
      {"conv(256, p=0)", {256, 3, 3}, kSums, kSums},
      {"conv(32, p=2)", {32, 3, 3}, kSums, kSums},
      {"conv(32, p=2)", {32, 4, 4}, kFast, kSums},
      {"conv(32, p=2)", {32, 1, 32}, kSums, kSums},
      {"conv(16, p=0)", {8, 9, 9}, kFast, kSums},
      {"conv(16)", {3, 32, 32}, kNone, kNone},
      {"conv(4)", {8, 32, 32}, kNone, kNone},
      {"conv(16)", {8, 1, 32}, kSums, kSums},
      {"conv(16)", {8, 5, 5}, kSums, kSums},
      {"conv(32)", {32, 5, 5}, kFast, kSums},
      {"conv(16, s=2)", {8, 32, 32}, kSums, kSums},
      {"conv(16, k=5, p=2)", {8, 9, 9}, kSums, kSums},
      {"conv(16, k=1)", {8, 9, 9}, kNone, kNone},
      {"conv(16)", {8, 9, 9}, kFast, kSums},
      {"conv(16)", {16, 1, 1}, kSums, kSums},
      {"conv(16, s=2)", {16, 9, 9}, kSums, kSums},
      {"conv(16, k=5, p=2)", {16, 9, 9}, kSums, kSums},
      {"conv(16, k=5, p=2)", {3, 9, 9}, kSums, kSums},
      {"conv(4)", {1, 9, 9}, kSums, kSums},
      {"conv(8)", {8, 9, 9}, kFast, kNone},
      {"conv(16, k=1, p=0)", {16, 9, 9}, kNone, kNone},
      {"conv(16, s=3)", {16, 9, 9}, kNone, kNone},
      {"conv(16)", {3, 9, 9}, kNone, kNone},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.conv);
    const network::Network network =
        build({std::string(c.conv) + " gap fc(classes)", "conv", c.input, 4});
    for (const Precision precision : {Precision::fp32, Precision::fp32_fast}) {
      const std::string wanted = precision == Precision::fp32 ? c.exact : c.fast;
      const Plan made = plan(network, {.batch = 4, .precision = precision});
      for (const char* own : {"own:winograd", "own:direct"}) {
        const std::size_t count = wanted == own ? 1 : 0;
        EXPECT_THAT(lines_of(made.training),
                    Contains(HasSubstr(own)).Times(2 * count));  // nothing trained stands before it
        EXPECT_THAT(lines_of(made.evaluation), Contains(HasSubstr(own)).Times(count));
      }
    }
  }
}

TEST(OwnConvolutionPlan, PlainPicturesAreOursOnlyWhereTheyNeedNoGradient) {
  SKIP_WITHOUT_AVX2();
  const Plan made = plan(
      build({"conv(5) conv(16, k=5, p=2) gap fc(classes)", "conv", {8, 9, 9}, 4}), {.batch = 4});
  EXPECT_THAT(lines_of(made.training), Not(Contains(HasSubstr("own:direct"))));
}

TEST(OwnConvolutionPlan, Article15IsOursFromItsSecondConvolutionOnAndNothingIsReordered) {
  SKIP_WITHOUT_AVX2();
  const network::Network network = build(
      {std::string(network::find_preset("article-15")->body), "conv bn relu", {3, 32, 32}, 8});
  for (const auto& [precision, own] : {std::pair(Precision::fp32, "own:direct"),
                                       std::pair(Precision::fp32_fast, "own:winograd")}) {
    const auto lines = lines_of(plan(network, {.batch = 8, .precision = precision}).training);
    EXPECT_THAT(lines, Contains(HasSubstr(own)).Times(3 * 14));
    EXPECT_THAT(lines, Not(Contains(ContainsRegex("conv reorder"))));
  }
}

// --- in networks; twin_test.cpp has their steps and evaluations ---

TEST(FastPrecision, ShowsANumberThatIsNotFinite) {
  SKIP_WITHOUT_AVX2();
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

/// The sums of a gemm depend on the size of the processor's caches. The batch, which differs
/// between training and evaluation, decides on nothing, because both read the same weights.
TEST(OwnConvolutionPlan, NoConvolutionRunsByGemmAndEvaluationRunsOursWhereTrainingDoes) {
  SKIP_WITHOUT_AVX2();
  const auto is_ours = [](const PlannedPrimitive& primitive) {
    return primitive.implementation.starts_with("own");
  };
  for (const int channels : {1, 3, 8, 20}) {
    for (const int outputs : {4, 12}) {
      for (const int kernel : {1, 2, 3, 5, 8, 11}) {
        for (const int stride : {1, 3}) {
          for (const int padding : {0, 2, 5}) {
            const std::string options = fmt::format("k={}, s={}, p={}", kernel, stride, padding);
            SCOPED_TRACE(fmt::format("{} to {} channels, {}", channels, outputs, options));
            const network::Network network =
                build({fmt::format("conv({0}, {1}) conv(8, {1}) gap fc(classes)", outputs, options),
                       "conv",
                       {channels, 60, 60},
                       2});
            for (const int batch : {1, 2}) {
              const Plan made = plan(network, {.batch = batch, .evaluation_batch = 3 - batch});
              std::map<std::string, bool> ours;
              for (const auto& list : {made.training, made.evaluation}) {
                for (const PlannedPrimitive& primitive : list) {
                  if (!primitive.kind.starts_with("conv")) continue;
                  EXPECT_THAT(primitive.implementation, Not(HasSubstr("gemm"))) << primitive.what;
                  const auto first = ours.emplace(primitive.stage, is_ours(primitive)).first;
                  EXPECT_EQ(is_ours(primitive), first->second) << primitive.stage;
                }
              }
            }
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace whichfirst::engine
