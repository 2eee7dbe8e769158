#include "data/resize.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <numeric>

#include "base/random.h"
#include "data/picture.h"
#include "data/test_files.h"

namespace whichfirst::data {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;

template <typename Pixel>
std::vector<Pixel> resized(const std::vector<Pixel>& from, PictureSize from_size, PictureSize to) {
  std::vector<Pixel> result(static_cast<std::size_t>(to.height * to.width));
  Resizer(from_size, to).run(std::span<const Pixel>(from), 1, std::span<Pixel>(result));
  return result;
}

using Bytes = std::vector<std::uint8_t>;

TEST(Resizer, ByHandHalvesByTheMeanOfFour) {
  //  1  2 |  3  4
  //  5  6 |  7  8      14/4  22/4       4  6
  //  -----+------  ->  46/4  54/4  ->  12 14   (halves go up)
  //  9 10 | 11 12
  // 13 14 | 15 16
  Bytes four(16);
  std::iota(four.begin(), four.end(), std::uint8_t{1});
  EXPECT_THAT(resized(four, {4, 4}, {2, 2}), ElementsAre(4, 6, 12, 14));
  EXPECT_THAT(resized(std::vector<float>(four.begin(), four.end()), {4, 4}, {2, 2}),
              ElementsAre(3.5F, 5.5F, 11.5F, 13.5F));
}

TEST(Resizer, ByHandSharesAPixelBetweenItsNeighbours) {
  // Three pixels to two: each new one is a whole pixel and half of the middle one.
  //   0  30  90   ->   (0 * 2 + 30) / 3   (30 + 90 * 2) / 3
  EXPECT_THAT(resized(Bytes{0, 30, 90, 0, 30, 90, 0, 30, 90}, {3, 3}, {2, 2}),
              ElementsAre(10, 70, 10, 70));
}

TEST(Resizer, ByHandCutsTheMiddleOut) {
  // 2 x 5 to 2 x 2 is no scaling: columns 1 and 2 stay, as (5 - 2) / 2 is 1.
  EXPECT_THAT(resized(Bytes{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, {2, 5}, {2, 2}),
              ElementsAre(2, 3, 7, 8));
  EXPECT_THAT(resized(Bytes{1, 2, 3, 4, 5, 6, 7, 8}, {4, 2}, {2, 2}), ElementsAre(3, 4, 5, 6));
}

TEST(Resizer, ByHandEnlargesToBlocks) {
  EXPECT_THAT(resized(Bytes{1, 2, 3, 4}, {2, 2}, {4, 4}),
              ElementsAre(1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4));
}

TEST(Resizer, LeavesAPictureOfTheRightSizeAsItIs) {
  std::vector<float> floats(5 * 7);
  for (std::size_t i = 0; i < floats.size(); ++i) {
    floats[i] = static_cast<float>(normal(RandomKey{}, i)) * 1e30F;
  }
  EXPECT_THAT(resized(floats, {5, 7}, {5, 7}), ElementsAreArray(floats));
  Bytes bytes(35);
  std::iota(bytes.begin(), bytes.end(), std::uint8_t{200});
  EXPECT_THAT(resized(bytes, {5, 7}, {5, 7}), ElementsAreArray(bytes));
}

/// The slow twin: every new pixel is the integral over its area, both steps one after the other.
std::vector<double> integrated(const Bytes& from, PictureSize size, PictureSize to) {
  const double factor = std::max(double(to.height) / size.height, double(to.width) / size.width);
  const int rows = std::max(to.height, static_cast<int>(std::floor(size.height * factor + 0.5)));
  const int columns = std::max(to.width, static_cast<int>(std::floor(size.width * factor + 0.5)));
  const auto overlap = [](double begin, double end, int pixel) {
    return std::max(0.0, std::min(end, pixel + 1.0) - std::max(begin, double(pixel)));
  };
  std::vector<double> result;
  for (int y = (rows - to.height) / 2; y < (rows - to.height) / 2 + to.height; ++y) {
    for (int x = (columns - to.width) / 2; x < (columns - to.width) / 2 + to.width; ++x) {
      double sum = 0, area = 0;
      for (int v = 0; v < size.height; ++v) {
        for (int u = 0; u < size.width; ++u) {
          const double share =
              overlap(double(y) * size.height / rows, (y + 1.0) * size.height / rows, v) *
              overlap(double(x) * size.width / columns, (x + 1.0) * size.width / columns, u);
          sum += share * from[static_cast<std::size_t>(v * size.width + u)];
          area += share;
        }
      }
      result.push_back(sum / area);
    }
  }
  return result;
}

TEST(Resizer, IsTheIntegralOverEachNewPixel) {
  for (const PictureSize from : {PictureSize{1, 1}, PictureSize{2, 9}, PictureSize{13, 7},
                                 PictureSize{10, 10}, PictureSize{1, 12}}) {
    Bytes bytes;
    for (int i = 0; i < from.height * from.width; ++i) {
      bytes.push_back(static_cast<std::uint8_t>(
          random_block(RandomKey{.seed = 3}, static_cast<std::uint64_t>(i))[0]));
    }
    for (const PictureSize to : {PictureSize{1, 1}, PictureSize{3, 3}, PictureSize{4, 7},
                                 PictureSize{11, 2}, PictureSize{20, 20}}) {
      const auto expected = integrated(bytes, from, to);
      const auto floats = resized(std::vector<float>(bytes.begin(), bytes.end()), from, to);
      const auto rounded = resized(bytes, from, to);
      for (std::size_t i = 0; i < expected.size(); ++i) {
        ASSERT_NEAR(floats[i], expected[i], 1e-4) << print_size(from) << " to " << print_size(to);
        ASSERT_NEAR(rounded[i], expected[i], 0.5 + 1e-9);
      }
    }
  }
}

TEST(Resizer, KeepsAConstantEvenWhenHuge) {
  EXPECT_THAT(resized(Bytes(7 * 5, 255), {7, 5}, {3, 4}), Each(255));
  const float largest = std::numeric_limits<float>::max();
  EXPECT_THAT(resized(std::vector<float>(35, largest), {7, 5}, {3, 4}), Each(largest));
}

TEST(Resizer, OfWholeFactorsIsPillowsReduce) {
  SKIP_WITHOUT("images");
  std::ifstream lines(fixture("reduce_sums.txt"));
  std::string file;
  int height = 0, width = 0, channels = 0, compared = 0;
  std::uint64_t crc = 0;
  while (lines >> file >> height >> width >> channels >> std::hex >> crc >> std::dec) {
    const Picture picture = read_picture(published_sets() / "images" / file);
    ASSERT_EQ(picture.shape.channels, channels);
    const auto step = static_cast<std::size_t>(channels);
    const auto plane = static_cast<std::size_t>(height * width);
    const Bytes levels(picture.pixels.begin(), picture.pixels.end());
    Bytes result(plane * step), one(plane);
    const Resizer resizer(size_of(picture.shape), {height, width});
    for (std::size_t c = 0; c < step; ++c) {
      resizer.run(std::span(levels).subspan(c), step, one);
      for (std::size_t p = 0; p < plane; ++p) result[p * step + c] = one[p];
    }
    EXPECT_EQ(crc32(0, result.data(), static_cast<uInt>(result.size())), crc) << file;
    ++compared;
  }
  EXPECT_EQ(compared, 3);
}

TEST(Resize, KeepsChannelsLabelsAndKind) {
  Images images{.shape = {.channels = 2, .height = 2, .width = 2},
                .pixels = Bytes{1, 3, 5, 7, 10, 30, 50, 70, 0, 0, 0, 0, 9, 9, 9, 9},
                .labels = {4, 2}};
  const Images half = resize(images, {1, 1});
  EXPECT_EQ(half.shape, (Shape{.channels = 2, .height = 1, .width = 1}));
  EXPECT_THAT(std::get<Bytes>(half.pixels), ElementsAre(4, 40, 0, 9));
  EXPECT_THAT(half.labels, ElementsAre(4, 2));
  images.pixels = std::vector<float>(16, -0.5F);
  EXPECT_THAT(std::get<std::vector<float>>(resize(images, {3, 5}).pixels), Each(-0.5F));
}

TEST(AutomaticSize, IsTheOwnUpTo64) {
  EXPECT_EQ(automatic_size({28, 28}), (PictureSize{28, 28}));
  EXPECT_EQ(automatic_size({64, 1}), (PictureSize{64, 1}));
  EXPECT_EQ(automatic_size({65, 480}), (PictureSize{64, 64}));
  EXPECT_EQ(automatic_size({20, 100}), (PictureSize{20, 64}));
}

}  // namespace
}  // namespace whichfirst::data
