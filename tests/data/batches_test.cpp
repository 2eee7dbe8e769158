#include "data/batches.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "data/test_files.h"

namespace whichfirst::data {
namespace {

using ::testing::DoubleEq;
using ::testing::DoubleNear;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;

const EpochKey kKey = {.seed = 1, .replicate = 2, .epoch = 3};

TEST(EpochOrder, SameKeySameBatch) {
  const EpochOrder a(kKey, 100), b(kKey, 100);
  EXPECT_THAT(a.batch(2, 32), ElementsAreArray(b.batch(2, 32)));
}

TEST(EpochOrder, EveryPartOfTheKeyMatters) {
  const EpochOrder base(kKey, 100);
  for (const EpochKey& key : {EpochKey{.seed = 9, .replicate = 2, .epoch = 3},
                              EpochKey{.seed = 1, .replicate = 9, .epoch = 3},
                              EpochKey{.seed = 1, .replicate = 2, .epoch = 9}}) {
    EXPECT_FALSE(std::ranges::equal(base.all(), EpochOrder(key, 100).all()));
  }
}

TEST(EpochOrder, BatchesAreTheOrderCutInPieces) {
  const EpochOrder order(kKey, 10);
  ASSERT_EQ(order.batches(3), 3) << "the tenth image is dropped";
  std::vector<std::uint32_t> joined;
  for (int b = 0; b < 3; ++b) {
    const auto batch = order.batch(b, 3);
    joined.insert(joined.end(), batch.begin(), batch.end());
  }
  EXPECT_THAT(joined, ElementsAreArray(order.all().first(9)));
  std::vector<std::uint32_t> sorted(order.all().begin(), order.all().end());
  std::sort(sorted.begin(), sorted.end());
  EXPECT_THAT(sorted, ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
}

TEST(EpochOrder, HasNoPartialBatch) {
  EXPECT_EQ(EpochOrder(kKey, 0).batches(4), 0);
  EXPECT_EQ(EpochOrder(kKey, 3).batches(4), 0);
  EXPECT_EQ(EpochOrder(kKey, 4).batches(4), 1);
  EXPECT_THROW(EpochOrder(kKey, 10).batch(3, 3), std::logic_error);
  EXPECT_THROW(EpochOrder(kKey, 10).batch(-1, 3), std::logic_error);
  EXPECT_THROW(EpochOrder(kKey, 10).batches(0), std::logic_error);
}

/// Four pictures of 2 channels, 1 row, 3 columns.
Images bytes() {
  Images images;
  images.shape = Shape{.channels = 2, .height = 1, .width = 3};
  images.labels = {0, 1, 2, 3};
  images.pixels = std::vector<std::uint8_t>{0,   1,   2, 10, 10, 10, 3, 4, 5, 10, 10, 10,  //
                                            255, 255, 0, 10, 10, 10, 9, 9, 9, 77, 78, 79};
  return images;
}

Images as_floats(const Images& images, float offset) {
  Images floats = images;
  std::vector<float> pixels;
  for (const std::uint8_t pixel : std::get<std::vector<std::uint8_t>>(images.pixels)) {
    pixels.push_back(static_cast<float>(pixel) + offset);
  }
  floats.pixels = pixels;
  return floats;
}

TEST(Normalisation, IsMeanAndPopulationDeviationByHand) {
  // Channel 0 of the pictures 0 and 1 holds 0 .. 5: mean 2.5, variance 35/12. Channel 1 is
  // constant.
  const std::vector<std::uint32_t> picks = {0, 1};
  for (const Images& images : {bytes(), as_floats(bytes(), 0)}) {
    const Normalisation normalisation = measure_normalisation(images, picks);
    EXPECT_THAT(normalisation.mean, ElementsAre(DoubleEq(2.5), DoubleEq(10)));
    EXPECT_THAT(normalisation.deviation, ElementsAre(DoubleEq(std::sqrt(35.0 / 12)), DoubleEq(1)));
  }
}

TEST(Normalisation, KeepsTheDigitsOfAHugeMean) {
  // 2^23: floats there are whole numbers.
  const Normalisation far =
      measure_normalisation(as_floats(bytes(), 8388608), std::vector<std::uint32_t>{0, 1});
  EXPECT_EQ(far.mean[0], 8388610.5);
  EXPECT_DOUBLE_EQ(far.deviation[0], std::sqrt(35.0 / 12));
}

TEST(Normalisation, OfAConstantThatIsNoBinaryFractionHasDeviationOne) {
  Images images = bytes();
  images.pixels = std::vector<float>(24, 0.1F);
  const Normalisation normalisation =
      measure_normalisation(images, std::vector<std::uint32_t>{0, 1, 2});
  EXPECT_THAT(normalisation.deviation, Each(1.0));
  EXPECT_THAT(normalisation.mean, Each(double{0.1F}));
}

TEST(Normalisation, OfNothingIsAMistakeOfOurs) {
  EXPECT_THROW(measure_normalisation(bytes(), {}), std::logic_error);
}

TEST(Assemble, IsThePlainLoop) {
  const std::vector<std::uint32_t> picks = {3, 0, 3, 2};
  for (const Images& images : {bytes(), as_floats(bytes(), 0.25F)}) {
    const Normalisation normalisation = measure_normalisation(images, picks);
    std::vector<float> batch(24);
    std::vector<std::int32_t> labels(4);
    assemble(images, picks, normalisation, batch, labels);
    EXPECT_THAT(labels, ElementsAre(3, 0, 3, 2));
    for (std::size_t i = 0; i < picks.size(); ++i) {
      for (std::size_t c = 0; c < 2; ++c) {
        for (std::size_t p = 0; p < 3; ++p) {
          const double pixel = std::visit(
              [&](const auto& pixels) { return double(pixels[(picks[i] * 2 + c) * 3 + p]); },
              images.pixels);
          EXPECT_EQ(batch[(i * 2 + c) * 3 + p], static_cast<float>((pixel - normalisation.mean[c]) /
                                                                   normalisation.deviation[c]));
        }
      }
    }
  }
}

TEST(Assemble, GivesMeanZeroAndDeviationOne) {
  const std::vector<std::uint32_t> all = {0, 1, 2, 3};
  std::vector<float> batch(24);
  std::vector<std::int32_t> labels(4);
  assemble(bytes(), all, measure_normalisation(bytes(), all), batch, labels);
  Images normalised = bytes();
  normalised.pixels = batch;
  const Normalisation again = measure_normalisation(normalised, all);
  EXPECT_THAT(again.mean, Each(DoubleNear(0, 1e-7)));
  EXPECT_THAT(again.deviation, Each(DoubleNear(1, 1e-7)));
}

TEST(Assemble, ChecksItsRoomAndItsPicks) {
  std::vector<float> batch(6);
  std::vector<std::int32_t> labels(1);
  const Normalisation normalisation = {.mean = {0, 0}, .deviation = {1, 1}};
  const auto attempt = [&](std::uint32_t pick) {
    assemble(bytes(), std::vector<std::uint32_t>{pick}, normalisation, batch, labels);
  };
  EXPECT_NO_THROW(attempt(3));
  EXPECT_THROW(attempt(4), std::logic_error);
  batch.resize(7);
  EXPECT_THROW(attempt(3), std::logic_error);
}

TEST(Assemble, OfNoPicksIsNothing) {
  const Normalisation normalisation = {.mean = {0, 0}, .deviation = {1, 1}};
  EXPECT_NO_THROW(assemble(bytes(), {}, normalisation, {}, {}));
}

}  // namespace
}  // namespace whichfirst::data
