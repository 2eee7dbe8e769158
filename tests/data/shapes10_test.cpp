#include "data/shapes10.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/hash.h"

namespace whichfirst::data {
namespace {

using ::testing::Each;

using Bytes = std::vector<std::uint8_t>;

std::string hash_of(const Images& images) {
  return hash_hex(std::as_bytes(std::span(std::get<Bytes>(images.pixels)))) + " " +
         hash_hex(std::as_bytes(std::span(images.labels)));
}

// Every result on shapes10 depends on these bits. They change only together with all results.
TEST(Shapes10, IsTheSameForEverybody) {
  const Dataset shapes = draw_shapes10();
  EXPECT_EQ(hash_of(shapes.train), "1079c59f7c39668e 4e4460c33d0add5b");
  EXPECT_EQ(hash_of(shapes.test), "a5a58850dc7f1ff2 4d45dc039dacccd6");
}

TEST(Shapes10, HasTenBalancedClassesInRandomOrder) {
  const Dataset shapes = draw_shapes10();
  EXPECT_EQ(shapes.classes, 10);
  EXPECT_EQ(shapes.class_names.size(), 10U);
  EXPECT_EQ(shapes.train.shape, (Shape{.channels = 1, .height = 28, .width = 28}));
  for (const Images* images : {&shapes.train, &shapes.test}) {
    std::vector<std::int64_t> counts(10);
    int repeats = 0;
    for (std::size_t i = 0; i < images->labels.size(); ++i) {
      ++counts.at(static_cast<std::size_t>(images->labels[i]));
      repeats += i > 0 && images->labels[i] == images->labels[i - 1];
    }
    EXPECT_THAT(counts, Each(images->count() / 10));
    // A tenth of the neighbours are equal, within five deviations of sqrt(n * 0.1 * 0.9).
    const double n = static_cast<double>(images->count());
    EXPECT_NEAR(repeats, 0.1 * n, 5 * std::sqrt(0.09 * n));
  }
}

TEST(Shapes10, HasNoPictureTwice) {
  const Dataset shapes = draw_shapes10();
  std::set<std::string> pictures;
  for (const Images* images : {&shapes.train, &shapes.test}) {
    const auto& pixels = std::get<Bytes>(images->pixels);
    const auto step = static_cast<std::size_t>(images->shape.size());
    ASSERT_EQ(pixels.size(), images->labels.size() * step);
    for (std::size_t at = 0; at < pixels.size(); at += step) {
      pictures.insert(hash_hex(std::as_bytes(std::span(pixels).subspan(at, step))));
    }
  }
  EXPECT_EQ(pictures.size(), 12'000U);
}

// What a network has to look at is the shape: neither mean nor contrast of a picture gives its
// class away.
TEST(Shapes10, MeanAndContrastOfAPictureDoNotTellItsClass) {
  const Images train = draw_shapes10().train;
  const auto& pixels = std::get<Bytes>(train.pixels);
  std::vector<double> class_means(10), class_deviations(10);
  for (std::size_t i = 0; i < train.labels.size(); ++i) {
    double sum = 0, squares = 0;
    for (std::size_t p = 0; p < 784; ++p) sum += pixels[i * 784 + p];
    for (std::size_t p = 0; p < 784; ++p) {
      squares += std::pow(pixels[i * 784 + p] - sum / 784, 2);
    }
    class_means[static_cast<std::size_t>(train.labels[i])] += sum / 784 / 1000;
    class_deviations[static_cast<std::size_t>(train.labels[i])] += std::sqrt(squares / 784) / 1000;
  }
  const auto [least, most] = std::minmax_element(class_means.begin(), class_means.end());
  EXPECT_LT(*most - *least, 10) << "gray levels of 255";
  const auto [flattest, liveliest] =
      std::minmax_element(class_deviations.begin(), class_deviations.end());
  EXPECT_LT(*liveliest / *flattest, 1.5);
}

}  // namespace
}  // namespace whichfirst::data
