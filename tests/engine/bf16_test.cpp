// Numbers of bf16, and our own kernels on them, on any processor. tests/engine_bf16 has whole
// networks.
#include "engine/kernels/bf16.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "engine/kernels/elementwise.h"
#include "engine/kernels/group_norm.h"
#include "engine/kernels/max_pool.h"
#include "engine/kernels/statistics.h"

namespace whichfirst::engine {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

std::uint32_t bits(Bf16 number) { return static_cast<std::uint16_t>(number); }
float rounded(float number) { return to_float(from_float<Bf16>(number)); }

// --- numbers ---

TEST(Bf16Number, OfEveryPatternIsTheFloatWithThatUpperHalf) {
  for (std::uint32_t pattern = 0; pattern <= 0xFFFF; ++pattern) {
    const float number = to_float(static_cast<Bf16>(pattern));
    if (std::isnan(number)) {
      EXPECT_TRUE(std::isnan(rounded(number))) << pattern;
    } else {
      EXPECT_EQ(bits(from_float<Bf16>(number)), pattern);
    }
  }
}

TEST(Bf16Number, IsTheNearestAndOfTwoTheEvenOne) {
  const float step = 0x1p-7F;  // between 1 and 2
  EXPECT_EQ(rounded(1 + 0.49F * step), 1);
  EXPECT_EQ(rounded(1 + 0.51F * step), 1 + step);
  EXPECT_EQ(rounded(1 + 0.5F * step), 1);             // pattern 3F80
  EXPECT_EQ(rounded(1 + 1.5F * step), 1 + 2 * step);  // 3F81 or 3F82
  EXPECT_EQ(rounded(-1 - 1.5F * step), -1 - 2 * step);
  EXPECT_EQ(rounded(3.3895314e38F), 3.3895314e38F);  // the largest
  EXPECT_EQ(rounded(3.4e38F), kInfinity);
  EXPECT_EQ(rounded(-kInfinity), -kInfinity);
  EXPECT_TRUE(std::signbit(rounded(-0.0F)));
  // A NaN whose payload lies in the lower half alone does not become an infinity.
  EXPECT_TRUE(std::isnan(rounded(std::bit_cast<float>(0x7F800001U))));
  EXPECT_TRUE(std::isnan(rounded(std::bit_cast<float>(0xFFFFFFFFU))));
}

// --- own kernels: what floats give, rounded ---

std::vector<Bf16> narrow(const std::vector<float>& numbers) {
  std::vector<Bf16> result;
  for (const float number : numbers) result.push_back(from_float<Bf16>(number));
  return result;
}

/// Random numbers of bf16, as floats; with zeros of both signs among them.
std::vector<float> random_numbers(std::size_t count, std::uint64_t seed) {
  RandomSequence random({.seed = seed, .stream = Stream::drawing});
  std::vector<float> numbers(count);
  for (float& number : numbers) {
    number = random.below(8) == 0 ? -0.0F : rounded(2 * static_cast<float>(random.normal()));
  }
  return numbers;
}

/// Two blocks of 16 channels, of which 27 are used, for 3 images of 5 pixels.
const ChannelLayout kLayout{.images = 3,
                            .channels = 27,
                            .pixels = 5,
                            .block = 16,
                            .image_stride = 160,
                            .block_stride = 80,
                            .pixel_stride = 16};
constexpr std::size_t kCount = 480;

/// Random, with zeros where no channel is.
std::vector<float> random_blocks(std::uint64_t seed) {
  std::vector<float> numbers = random_numbers(kCount, seed);
  for (std::size_t i = 0; i < kCount; ++i) {
    if (i % 160 >= 80 && i % 16 >= 11) numbers[i] = 0;
  }
  return numbers;
}

/// Runs kernel(Number{}, results, sources...) on floats and on Bf16 and expects the same numbers,
/// rounded.
template <class Kernel, class... Sources>
void expect_rounded(std::size_t results, const Kernel& kernel, const Sources&... sources) {
  std::vector<float> wanted(results);
  kernel(float{}, wanted, sources...);
  std::vector<Bf16> found(results);
  kernel(Bf16{}, found, narrow(sources)...);
  EXPECT_EQ(found, narrow(wanted));
}

TEST(Bf16Kernels, GiveWhatFloatsGiveRounded) {
  const std::vector<float> a = random_blocks(1);
  const std::vector<float> b = random_blocks(2);
  for (const NumberFunction function :
       {NumberFunction::add, NumberFunction::add_and_relu, NumberFunction::relu_backward,
        NumberFunction::softsign, NumberFunction::softsign_backward, NumberFunction::sign,
        NumberFunction::sign_backward}) {
    SCOPED_TRACE(static_cast<int>(function));
    expect_rounded(
        kCount,
        [&](auto, auto& result, const auto& x, const auto& y) {
          apply(function, kCount, x.data(), y.data(), result.data());
          clear_padding(result.data(), kLayout);
        },
        a, b);
  }
  std::vector<std::uint8_t> dropped(kCount);
  for (std::size_t i = 0; i < kCount; ++i) dropped[i] = i % 3 == 0 ? 1 : 0;
  expect_rounded(
      kCount,
      [&](auto, auto& result, const auto& x) {
        drop(x.data(), dropped.data(), 0.3, kCount, result.data());
      },
      a);
}

TEST(Bf16Kernels, MeasureTheSameStatistics) {
  const std::vector<float> source = random_blocks(3);
  ChannelLayout plain = kLayout;  // the same numbers seen as 32 channels of 5 pixels, in a row
  plain.channels = 32;
  plain.block = 1;
  plain.block_stride = 5;
  plain.pixel_stride = 1;
  for (const ChannelLayout& layout : {kLayout, plain}) {
    const auto channels = static_cast<std::size_t>(layout.channels);
    std::vector<float> mean(channels), variance(channels), mean16(channels), variance16(channels);
    measure_channels(source.data(), layout, mean, variance);
    measure_channels(narrow(source).data(), layout, mean16, variance16);
    EXPECT_EQ(mean16, mean);
    EXPECT_EQ(variance16, variance);
  }
}

TEST(Bf16Kernels, NormaliseGroupsAsFloatsDo) {
  const std::vector<float> source = random_blocks(4);
  const std::vector<float> scale = random_numbers(27, 5);
  const GroupNormPlan plan{.layout = kLayout, .groups = 9};
  std::vector<float> mean(27), inverse(27);
  GroupNormScratch scratch;
  expect_rounded(
      kCount,
      [&](auto, auto& result, const auto& x) {
        group_norm_forward(plan, x.data(), scale, scale, result.data(), mean, inverse, scratch);
      },
      source);
  std::vector<std::vector<float>> dscales;
  expect_rounded(
      kCount,
      [&](auto, auto& dsource, const auto& x, const auto& dresult) {
        std::vector<float> dscale(27), doffset(27);
        group_norm_backward(plan, x.data(), scale, mean, inverse, dresult.data(), dsource.data(),
                            {dscale, doffset}, scratch);
        dscales.push_back(dscale);
        dscales.push_back(doffset);
      },
      source, random_blocks(6));
  EXPECT_EQ(dscales[0], dscales[2]);
  EXPECT_EQ(dscales[1], dscales[3]);
}

TEST(Bf16Kernels, PoolTheSameWinners) {
  const MaxPoolShape shape{.planes = 3,
                           .height = 7,
                           .width = 5,
                           .out_height = 3,
                           .out_width = 2,
                           .kernel = 2,
                           .block = 16};
  const auto results = static_cast<std::size_t>(shape.out_count());
  std::vector<std::vector<std::uint8_t>> winners;
  expect_rounded(
      results,
      [&](auto, auto& result, const auto& x) {
        winners.emplace_back(results);
        max_pool_forward(shape, x.data(), result.data(), winners.back().data());
      },
      random_numbers(std::size_t{3} * 7 * 5 * 16, 7));
  EXPECT_EQ(winners[0], winners[1]);
  expect_rounded(
      std::size_t{3} * 7 * 5 * 16,
      [&](auto, auto& dsource, const auto& dresult) {
        max_pool_backward(shape, dresult.data(), winners[0].data(), dsource.data());
      },
      random_numbers(results, 8));
}

}  // namespace
}  // namespace whichfirst::engine
