// What is measured of values by channel, against NumPy and SciPy
// (tests/fixtures/train/make_taps.py).
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "measure/float_histogram.h"
#include "record/tap_record.h"
#include "train/taps.h"

namespace whichfirst::train {
namespace {

using nlohmann::json;
using ::testing::DoubleNear;
using ::testing::Optional;

const json& cases() {
  static const json document =
      json::parse(std::ifstream(std::string(WHICHFIRST_FIXTURES) + "/train/taps.json"));
  return document;
}

ChannelView view_of(const json& given, const std::vector<float>& values) {
  return {.values = values,
          .images = given["images"],
          .channels = given["channels"],
          .pixels = given["pixels"]};
}

auto is_near(const json& expected, double relative = 1e-5) {
  const double value = expected;
  return Optional(DoubleNear(value, relative * std::max(1.0, std::abs(value))));
}

TEST(Channels, AgreeWithNumpyAndScipy) {
  for (const json& given : cases()) {
    SCOPED_TRACE(given["name"]);
    const auto values = given["values"].get<std::vector<float>>();
    const ChannelView view = view_of(given, values);
    const auto channels = summarise_channels(view);
    measure::Summary all;
    for (const auto& channel : channels) all.merge(channel);
    EXPECT_THAT(all.mean(), is_near(given["mean"], 1e-9));
    EXPECT_THAT(all.sd(), is_near(given["sd"], 1e-9));
    EXPECT_THAT(all.skewness(), is_near(given["skewness"], 1e-9));
    EXPECT_THAT(all.kurtosis(), is_near(given["kurtosis"], 1e-9));
    EXPECT_THAT(saturation_of(values), is_near(given["saturation"], 1e-9));
    EXPECT_THAT(mean_channel_skewness(channels), is_near(given["channel_skewness"], 1e-9));
    EXPECT_DOUBLE_EQ(dead_share(channels), given["dead_share"].get<double>());
    EXPECT_THAT(condition_of(view), is_near(given["condition"]));
  }
}

TEST(Channels, HistogramsKnowQuantilesWithinAnEighth) {
  for (const json& given : cases()) {
    SCOPED_TRACE(given["name"]);
    auto values = given["values"].get<std::vector<float>>();
    measure::FloatHistogram histogram;
    histogram.add(values);
    std::sort(values.begin(), values.end());
    for (const double share : record::kTapQuantiles) {
      const auto rank = std::ceil(share * static_cast<double>(values.size()));
      const double exact = values[static_cast<std::size_t>(rank) - 1];
      EXPECT_THAT(histogram.quantile(share, values.front(), values.back()),
                  Optional(DoubleNear(exact, std::abs(exact) / 8 + 0x1p-16)));
    }
  }
}

TEST(Channels, OneDirectionHasAllTheWeight) {
  const std::vector<float> same = {1, 1, 1, 2, 2, 2};  // 2 images of 3 equal channels
  EXPECT_THAT(condition_of({.values = same, .images = 2, .channels = 3, .pixels = 1}),
              Optional(DoubleNear(3, 1e-6)));
}

TEST(Channels, ChannelsThatNeverMeetHideNothing) {
  // Eleven channels: ten fire together on 60 images, one alone and larger on 4.
  constexpr int kImages = 64;
  constexpr int kChannels = 11;
  std::vector<float> values(kImages * kChannels, 0.0F);
  for (int n = 0; n < kImages; ++n) {
    for (int c = 0; c < kChannels; ++c) {
      const bool is_lonely = c == kChannels - 1;
      if ((n < 4) == is_lonely)
        values[static_cast<std::size_t>(n * kChannels + c)] = is_lonely ? 5 : 1;
    }
  }
  // Eigenvalues of the sums: 10 x 60 of the ten, 100 of the one; their mean is 700 / 11.
  EXPECT_THAT(
      condition_of({.values = values, .images = kImages, .channels = kChannels, .pixels = 1}),
      Optional(DoubleNear(600.0 * 11 / 700, 1e-6)));
}

TEST(Channels, TheMedianOfMostlyZerosIsZero) {
  std::vector<float> values(100, 0.0F);
  std::fill(values.begin(), values.begin() + 40, 1.5F);
  measure::FloatHistogram histogram;
  histogram.add(values);
  EXPECT_EQ(histogram.quantile(0.5, 0, 1.5), 0);
  const float infinity = std::numeric_limits<float>::infinity();
  values = {1.5F, 1.5F, -infinity, 1.5F};
  measure::FloatHistogram finite;
  finite.add(values);
  EXPECT_EQ(finite.total(), 3);
  EXPECT_EQ(finite.quantile(0.01, 1.5, 1.5), 1.5);
}

TEST(Channels, NothingIsSaidOfNothing) {
  const std::vector<float> zeros(12, 0.0F);
  const ChannelView view{.values = zeros, .images = 2, .channels = 3, .pixels = 2};
  EXPECT_EQ(condition_of(view), std::nullopt);
  EXPECT_EQ(saturation_of(zeros), std::nullopt);
  EXPECT_EQ(mean_channel_skewness(summarise_channels(view)), std::nullopt);
  EXPECT_EQ(dead_share(summarise_channels(view)), 1);
}

TEST(Channels, NaNLeavesTheRestAsItIs) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> values = {1, -2, nan, 4};
  const ChannelView view{.values = values, .images = 1, .channels = 1, .pixels = 4};
  EXPECT_THAT(saturation_of(values), Optional(DoubleNear(7.0 / 3 / 4, 1e-12)));
  EXPECT_EQ(condition_of(view), std::nullopt);
  EXPECT_EQ(summarise_channels(view)[0].nan_count(), 1);
}

}  // namespace
}  // namespace whichfirst::train
