#include "data/pixels.h"

#include <gtest/gtest.h>

#include <vector>

namespace whichfirst::data {
namespace {

/// Pictures of two channels, 2 x 5; channel 0 goes 0, 0.1, ..., 0.9, channel 1 is constant.
Images pictures(int count) {
  Images images{.shape = {.channels = 2, .height = 2, .width = 5}, .pixels = {}, .labels = {}};
  std::vector<float> pixels;
  for (int n = 0; n < count; ++n) {
    for (int i = 0; i < 10; ++i) pixels.push_back(static_cast<float>(i) / 10);
    pixels.insert(pixels.end(), 10, 0.3F);
  }
  images.pixels = std::move(pixels);
  images.labels.resize(static_cast<std::size_t>(count));
  return images;
}

std::vector<std::uint32_t> all(const Images& images) {
  std::vector<std::uint32_t> picks;
  for (std::uint32_t i = 0; i < images.labels.size(); ++i) picks.push_back(i);
  return picks;
}

TEST(Pixels, HaveTheRangeAndTheDeviationOfTheirChannel) {
  const auto channels = survey_pixels(pictures(3), std::vector<std::uint32_t>{0, 2});
  ASSERT_EQ(channels.size(), 2U);
  EXPECT_EQ(channels[0].all.count, 20);
  EXPECT_EQ(channels[0].all.most, double{0.9F});
  EXPECT_NEAR(channels[0].all.mean, 0.45, 1e-7);
  EXPECT_NEAR(channels[0].all.deviation, 0.287228132, 1e-7);  // sqrt(8.25) / 10
  EXPECT_FALSE(channels[0].core);
  EXPECT_EQ(channels[1].all.deviation, 0) << "0.3 has no exact mean in binary";
}

TEST(Pixels, AFewFarAwayLeaveACoreThatIsTheRest) {
  Images images = pictures(2'000);
  auto& pixels = std::get<std::vector<float>>(images.pixels);
  pixels[4] = -9999;
  pixels[45] = 1e9F;  // hides the other at first
  const auto channels = survey_pixels(images, all(images));
  ASSERT_TRUE(channels[0].core);
  EXPECT_EQ(channels[0].all.count - channels[0].core->count, 2);
  EXPECT_EQ(channels[0].core->least, 0);
  EXPECT_EQ(channels[0].core->most, double{0.9F});
  EXPECT_NEAR(channels[0].core->deviation, 0.2872, 1e-3);
  EXPECT_EQ(channels[0].all.least, -9999);
}

TEST(Pixels, OfBytesThatAreMostlyBlackHaveNoCore) {
  Images images{.shape = {.channels = 1, .height = 1, .width = 10},
                .pixels = std::vector<std::uint8_t>{0, 0, 0, 0, 0, 0, 0, 0, 200, 255},
                .labels = {0}};
  EXPECT_FALSE(survey_pixels(images, all(images))[0].core);
}

}  // namespace
}  // namespace whichfirst::data
