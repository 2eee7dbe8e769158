#include "stats/images.h"

#include <gmock/gmock.h>

#include <cmath>
#include <stdexcept>
#include <vector>

#include "base/random.h"

namespace whichfirst::stats {
namespace {

using ::testing::DoubleNear;
using ::testing::Optional;

using Flags = std::vector<std::uint8_t>;

struct Answers {
  std::vector<Flags> a, b;

  std::vector<PairBits> pairs() const {
    std::vector<PairBits> views;
    for (std::size_t i = 0; i < a.size(); ++i) views.push_back({.a = a[i], .b = b[i]});
    return views;
  }
};

TEST(Images, StandardErrorOfOnePairIsThatOfItsDifferences) {
  // e = 1 0 -1 1: mean 0.25, sd sqrt(11/12), error of the mean half of that.
  const Answers answers{.a = {{1, 1, 0, 1}}, .b = {{0, 1, 1, 0}}};
  EXPECT_THAT(images_standard_error(answers.pairs()),
              Optional(DoubleNear(100 * std::sqrt(11.0 / 12) / 2, 1e-11)));
}

TEST(Images, NeedTwoImagesAPairAndASpread) {
  EXPECT_EQ(images_interval({}, Rule{}), std::nullopt);
  EXPECT_EQ(images_standard_error({}), std::nullopt);
  const Answers empty{.a = {6, Flags{}}, .b = {6, Flags{}}};
  EXPECT_EQ(images_interval(empty.pairs(), Rule{}), std::nullopt);
  const Answers one_image{.a = {6, Flags{1}}, .b = {6, Flags{0}}};
  EXPECT_EQ(images_interval(one_image.pairs(), Rule{}), std::nullopt);
  EXPECT_EQ(images_standard_error(one_image.pairs()), std::nullopt);
  const Answers alike{.a = {6, Flags{1, 0, 1}}, .b = {6, Flags{1, 0, 1}}};
  EXPECT_EQ(images_interval(alike.pairs(), Rule{}), std::nullopt);
  EXPECT_THAT(images_standard_error(alike.pairs()), Optional(0.0));
}

TEST(Images, IntervalNeedsAsManyPairsAsTheVerdict) {
  const Answers five{.a = {5, Flags{1, 0, 1}}, .b = {5, Flags{1, 1, 0}}};
  EXPECT_EQ(images_interval(five.pairs(), Rule{}), std::nullopt);
  EXPECT_TRUE(images_interval(five.pairs(), Rule{.confidence = 0.9}));
}

TEST(Images, DoNotShrinkWithMoreSeedsOfTheSameAnswers) {
  const Answers six{.a = {6, Flags{1, 0, 1, 1}}, .b = {6, Flags{1, 1, 0, 1}}};
  const Answers sixty{.a = {60, Flags{1, 0, 1, 1}}, .b = {60, Flags{1, 1, 0, 1}}};
  EXPECT_EQ(images_interval(six.pairs(), Rule{}), images_interval(sixty.pairs(), Rule{}));
  EXPECT_EQ(images_standard_error(six.pairs()), images_standard_error(sixty.pairs()));
}

TEST(Images, SwappingTheOrdersMirrorsTheInterval) {
  const Answers answers{.a = {6, Flags{1, 0, 1, 1, 1}}, .b = {6, Flags{0, 1, 0, 1, 1}}};
  const Answers swapped{.a = answers.b, .b = answers.a};
  const auto interval = images_interval(answers.pairs(), Rule{});
  const auto mirrored = images_interval(swapped.pairs(), Rule{});
  EXPECT_EQ(interval->lower, -mirrored->upper);
  EXPECT_EQ(interval->upper, -mirrored->lower);
}

TEST(Images, RefuseUnequalLengthsAndFlagsThatAreNone) {
  const Answers shorter{.a = {{1, 0, 1}}, .b = {{1, 0}}};
  EXPECT_THROW(images_standard_error(shorter.pairs()), std::logic_error);
  const Answers no_flag{.a = {{1, 0, 2}}, .b = {{1, 0, 1}}};
  EXPECT_THROW(images_standard_error(no_flag.pairs()), std::logic_error);
}

// Each image has its own chance of a right answer in either order, each seed its own shift; the
// true mean difference is 0. Where images carry the noise, seeds do, or both.
TEST(Images, IntervalCoversTheMeanOverNewSeedsAndImages) {
  struct Noise {
    int pairs, images;
    double image, seed;
  };
  constexpr int kStudies = 2000;
  for (const Noise& noise : {Noise{6, 100, 0.4, 0.0}, Noise{6, 100, 0.0, 0.2},
                             Noise{6, 100, 0.3, 0.1}, Noise{12, 60, 0.3, 0.1}}) {
    RandomSequence random(RandomKey{.seed = 20251});
    const auto draw = [&](double width) { return random.uniform(-width, width); };
    int missed = 0;
    for (int study = 0; study < kStudies; ++study) {
      std::vector<double> images_gain;
      for (int i = 0; i < noise.images; ++i) images_gain.push_back(draw(noise.image));
      Answers answers;
      for (int s = 0; s < noise.pairs; ++s) {
        const double seed_gain = draw(noise.seed);
        Flags a, b;
        for (const double image_gain : images_gain) {
          const double gain = (image_gain + seed_gain) / 2;
          a.push_back(random.uniform() < 0.5 + gain ? 1 : 0);
          b.push_back(random.uniform() < 0.5 - gain ? 1 : 0);
        }
        answers.a.push_back(a);
        answers.b.push_back(b);
      }
      const auto interval = images_interval(answers.pairs(), Rule{});
      if (interval->lower > 0 || interval->upper < 0) ++missed;
    }
    const double share = static_cast<double>(missed) / kStudies;
    EXPECT_LE(share, 0.05 + 4 * std::sqrt(0.05 * 0.95 / kStudies))
        << noise.pairs << " pairs, image " << noise.image << ", seed " << noise.seed;
  }
}

/// `seeds` pairs over `images` test images; is_right(seed, image) of order a, b is always wrong.
template <class IsRight>
std::optional<double> floor_of(int seeds, int images, IsRight is_right) {
  std::vector<std::vector<std::uint8_t>> a(static_cast<std::size_t>(seeds));
  const std::vector<std::uint8_t> b(static_cast<std::size_t>(images), 0);
  std::vector<PairBits> pairs;
  for (int seed = 0; seed < seeds; ++seed) {
    auto& bits = a[static_cast<std::size_t>(seed)];
    for (int image = 0; image < images; ++image) {
      bits.push_back(is_right(seed, image) ? 1 : 0);
    }
  }
  for (const auto& bits : a) pairs.push_back({.a = bits, .b = b});
  return images_floor(pairs, {});
}

// The same answers for every seed: sd of the images sqrt(0.25 T / (T - 1)), by sqrt(T), times 1.96.
TEST(ImagesFloor, IsTheImagesOwnNoiseWhateverTheSeeds) {
  const auto is_right = [](int, int image) { return image % 2 == 0; };
  const double expected = 100 * 1.959964 * std::sqrt(0.25 / 399);
  EXPECT_NEAR(*floor_of(6, 400, is_right), expected, 1e-3);
  EXPECT_NEAR(*floor_of(24, 400, is_right), expected, 1e-3);
}

TEST(ImagesFloor, IsNearZeroWhereImagesHaveNothingInCommon) {
  RandomSequence random({.seed = 3});
  const auto toss = [&](int, int) { return random.below(2) == 0; };
  EXPECT_LT(*floor_of(40, 400, toss), 0.4);
  EXPECT_FALSE(floor_of(1, 400, toss));
}

}  // namespace
}  // namespace whichfirst::stats
