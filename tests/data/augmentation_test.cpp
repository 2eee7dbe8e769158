#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "data/batches.h"
#include "data/test_files.h"

namespace whichfirst::data {
namespace {

using ::testing::ElementsAreArray;

const EpochKey kKey = {.seed = 1, .replicate = 2, .epoch = 3};
constexpr Augmentation kAll = {.crop = 2, .flip = true, .cutout = 3};

/// `count` pictures of `shape` holding 1, 2, 3, ... so that 0 is never a pixel.
Images counting(const Shape& shape, std::uint32_t count) {
  Images images{.shape = shape, .pixels = {}, .labels = std::vector<std::int32_t>(count)};
  std::vector<float> pixels(count * static_cast<std::size_t>(shape.size()));
  std::iota(pixels.begin(), pixels.end(), 1.0F);
  images.pixels = pixels;
  return images;
}

Normalisation identity(const Shape& shape) {
  const auto channels = static_cast<std::size_t>(shape.channels);
  return {.mean = std::vector<double>(channels), .deviation = std::vector<double>(channels, 1.0)};
}

std::vector<float> batch_of(const Images& images, std::vector<std::uint32_t> picks,
                            const EpochAugmentation& epoch) {
  std::vector<float> batch(picks.size() * static_cast<std::size_t>(images.shape.size()));
  std::vector<std::int32_t> labels(picks.size());
  assemble(images, picks, identity(images.shape), batch, labels, epoch);
  return batch;
}

/// The slow twin: pad, take the window, mirror, erase, pixel by pixel as the words say.
std::vector<float> altered(const Images& images, std::uint32_t pick,
                           const Augmentation& augmentation, const Alteration& alteration) {
  const auto& [channels, height, width, is_vector] = images.shape;
  const int pad = augmentation.crop;
  const auto& pixels = std::get<std::vector<float>>(images.pixels);
  std::vector<float> result;
  for (int c = 0; c < channels; ++c) {
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        const int window_x = alteration.is_mirrored ? width - 1 - x : x;
        // In the padded picture, whose corner is (-pad, -pad).
        const int padded_y = y + alteration.down + pad,
                  padded_x = window_x + alteration.right + pad;
        const bool inside =
            padded_y >= pad && padded_y < pad + height && padded_x >= pad && padded_x < pad + width;
        const bool erased = y >= alteration.hole_top && y < alteration.hole_bottom &&
                            x >= alteration.hole_left && x < alteration.hole_end;
        const auto place = (static_cast<int>(pick) * channels + c) * height * width +
                           (padded_y - pad) * width + padded_x - pad;
        result.push_back(inside && !erased ? pixels[static_cast<std::size_t>(place)] : 0.0F);
      }
    }
  }
  return result;
}

TEST(Augmentation, IsThePlainLoop) {
  for (const Shape& shape : {Shape{.channels = 1, .height = 4, .width = 4},
                             Shape{.channels = 3, .height = 5, .width = 7},
                             Shape{.channels = 2, .height = 9, .width = 4}}) {
    const Images images = counting(shape, 50);
    for (const Augmentation& augmentation :
         {Augmentation{}, Augmentation{.crop = 3}, Augmentation{.flip = true},
          Augmentation{.cutout = 2}, Augmentation{.cutout = 3}, kAll}) {
      for (std::uint32_t pick = 0; pick < 50; ++pick) {
        const Alteration alteration = draw_alteration(augmentation, kKey, shape, pick);
        ASSERT_THAT(batch_of(images, {pick}, {augmentation, kKey}),
                    ElementsAreArray(altered(images, pick, augmentation, alteration)));
      }
    }
  }
}

/// The first picture from `from` on whose alteration is the wanted one.
template <typename Wanted>
std::uint32_t find_pick(const Augmentation& augmentation, const Shape& shape, Wanted&& wanted) {
  std::uint32_t pick = 0;
  while (!wanted(draw_alteration(augmentation, kKey, shape, pick))) ++pick;
  return pick;
}

TEST(Augmentation, ByHand) {
  //   1  2  3  4      one down, one to the left      mirrored        a hole of 2x2 at the corner
  //   5  6  7  8      0  5  6  7                     7  6  5  0      0  6  5  0
  //   9 10 11 12      0  9 10 11                    11 10  9  0     11 10  9  0
  //  13 14 15 16      0 13 14 15                    15 14 13  0     15 14 13  0
  //                   0  0  0  0                     0  0  0  0      0  0  0  0
  const Shape shape = {.channels = 1, .height = 4, .width = 4};
  const Augmentation augmentation = {.crop = 1, .flip = true, .cutout = 2};
  const std::uint32_t pick = find_pick(augmentation, shape, [](const Alteration& a) {
    return a.down == 1 && a.right == -1 && a.is_mirrored && a.hole_bottom == 1 && a.hole_end == 1;
  });
  Images images = counting(shape, pick + 1);
  auto& pixels = std::get<std::vector<float>>(images.pixels);
  std::iota(pixels.end() - 16, pixels.end(), 1.0F);
  EXPECT_THAT(batch_of(images, {pick}, {augmentation, kKey}),
              ElementsAreArray({0, 6, 5, 0, 11, 10, 9, 0, 15, 14, 13, 0, 0, 0, 0, 0}));
}

TEST(Augmentation, LeavesBytesAndFloatsAlike) {
  const Shape shape = {.channels = 3, .height = 5, .width = 4};
  Images floats = counting(shape, 4), bytes = floats;
  const auto& numbers = std::get<std::vector<float>>(floats.pixels);
  bytes.pixels = std::vector<std::uint8_t>(numbers.begin(), numbers.end());
  EXPECT_EQ(batch_of(floats, {2, 0, 3}, {kAll, kKey}), batch_of(bytes, {2, 0, 3}, {kAll, kKey}));
}

TEST(Augmentation, OutsideIsTheTrainingMean) {
  const Shape shape = {.channels = 1, .height = 4, .width = 4};
  const Images images = counting(shape, 1);
  const Normalisation normalisation = {.mean = {100}, .deviation = {7}};
  std::vector<float> batch(16);
  std::vector<std::int32_t> labels(1);
  for (std::uint64_t epoch = 0; epoch < 20; ++epoch) {
    const EpochKey key = {.seed = 1, .replicate = 1, .epoch = epoch};
    assemble(images, std::vector<std::uint32_t>{0}, normalisation, batch, labels,
             {Augmentation{.crop = 3}, key});
    const Alteration alteration = draw_alteration({.crop = 3}, key, shape, 0);
    // Every pixel of the picture is far below the mean.
    EXPECT_EQ(std::ranges::count(batch, 0.0F),
              16 - (4 - std::abs(alteration.down)) * (4 - std::abs(alteration.right)));
  }
}

TEST(Augmentation, OfAPictureDoesNotDependOnItsBatch) {
  const Shape shape = {.channels = 2, .height = 6, .width = 5};
  const Images images = counting(shape, 9);
  const auto alone = batch_of(images, {7}, {kAll, kKey});
  const auto together = batch_of(images, {3, 7, 8}, {kAll, kKey});
  EXPECT_THAT(std::span(together).subspan(60, 60), ElementsAreArray(alone));
}

TEST(Augmentation, EveryPartOfTheKeyMatters) {
  const Shape shape = {.channels = 1, .height = 32, .width = 32};
  const Images images = counting(shape, 8);
  const std::vector<std::uint32_t> all = {0, 1, 2, 3, 4, 5, 6, 7};
  const auto base = batch_of(images, all, {kAll, kKey});
  EXPECT_EQ(base, batch_of(images, all, {kAll, kKey}));
  for (const EpochKey& key : {EpochKey{.seed = 9, .replicate = 2, .epoch = 3},
                              EpochKey{.seed = 1, .replicate = 9, .epoch = 3},
                              EpochKey{.seed = 1, .replicate = 2, .epoch = 9}}) {
    EXPECT_NE(base, batch_of(images, all, {kAll, key}));
  }
}

TEST(Augmentation, DrawsTheSameWhateverElseIsOn) {
  const Shape shape = {.channels = 1, .height = 12, .width = 10};
  for (std::uint32_t pick = 0; pick < 100; ++pick) {
    const Alteration all = draw_alteration(kAll, kKey, shape, pick);
    EXPECT_EQ(all.down, draw_alteration({.crop = 2}, kKey, shape, pick).down);
    EXPECT_EQ(all.is_mirrored, draw_alteration({.flip = true}, kKey, shape, pick).is_mirrored);
    EXPECT_EQ(all.hole_left, draw_alteration({.cutout = 3}, kKey, shape, pick).hole_left);
  }
}

/// Pearson's statistic of `counts` against equal shares.
template <typename Counts>
double chi_squared(const Counts& counts, double draws) {
  double sum = 0;
  for (const auto& [value, count] : counts) {
    const double expected = draws / static_cast<double>(counts.size());
    sum += (count - expected) * (count - expected) / expected;
  }
  return sum;
}

TEST(Augmentation, DrawsUniformly) {
  const Shape shape = {.channels = 1, .height = 8, .width = 6};
  constexpr int kDraws = 40'000;
  std::map<std::pair<int, int>, int> windows, centres;
  std::map<bool, int> mirrored;
  for (std::uint32_t pick = 0; pick < kDraws; ++pick) {
    // A hole of one pixel is never clipped.
    const auto alteration =
        draw_alteration({.crop = 2, .flip = true, .cutout = 1}, kKey, shape, pick);
    ++windows[{alteration.down, alteration.right}];
    ++mirrored[alteration.is_mirrored];
    ++centres[{alteration.hole_top, alteration.hole_left}];
    EXPECT_EQ(alteration.hole_bottom - alteration.hole_top, 1);
  }
  EXPECT_EQ(windows.size(), 25U);
  EXPECT_EQ(centres.size(), 48U);
  // Quantiles at 1 - 1e-4 of chi squared with 24, 47 and 1 degrees of freedom.
  EXPECT_LT(chi_squared(windows, kDraws), 58.6);
  EXPECT_LT(chi_squared(centres, kDraws), 91.8);
  EXPECT_LT(chi_squared(mirrored, kDraws), 15.2);
}

TEST(Augmentation, ErasesAWholeSquareInTheMiddleAndAClippedOneAtTheBorder) {
  const Shape shape = {.channels = 1, .height = 20, .width = 20};
  for (std::uint32_t pick = 0; pick < 500; ++pick) {
    const auto a = draw_alteration({.cutout = 5}, kKey, shape, pick);
    EXPECT_GE(a.hole_top, 0);
    EXPECT_LE(a.hole_bottom, 20);
    const int height = a.hole_bottom - a.hole_top;
    EXPECT_EQ(height, a.hole_top == 0       ? std::min(a.hole_bottom, 5)
                      : a.hole_bottom == 20 ? std::min(20 - a.hole_top, 5)
                                            : 5);
    EXPECT_GE(height, 3) << "the centre is inside";
  }
}

TEST(Augmentation, MustFitThePicture) {
  const Shape shape = {.channels = 1, .height = 28, .width = 20};
  EXPECT_NO_THROW(require_fits({.crop = 19, .flip = true, .cutout = 19}, shape));
  EXPECT_EQ(complaint_of([&] { require_fits({.crop = 20}, shape); }),
            "recipe.augment: expected crop of at most 19 pixels for pictures of 28x20, found 20");
  EXPECT_EQ(complaint_of([&] { require_fits({.cutout = -1}, shape); }),
            "recipe.augment: expected cutout of at most 19 pixels for pictures of 28x20, found -1");
}

}  // namespace
}  // namespace whichfirst::data
