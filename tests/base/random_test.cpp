#include "base/random.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <numeric>

namespace whichfirst {
namespace {

using ::testing::Each;
using ::testing::Lt;

// Known answers of Random123 1.14 (tests/kat_vectors, "philox4x64 10"): counter and key all zero.
TEST(Random, IsPhilox4x64WithTenRounds) {
  // counter {index, role, stream, epoch} = {0, 0, 0, 0} needs stream 0, which no caller uses.
  const RandomKey zero{.stream = Stream{0}};
  EXPECT_EQ(random_block(zero, 0),
            (std::array<std::uint64_t, 4>{0x16554d9eca36314cULL, 0xdb20fe9d672d0fdcULL,
                                          0xd7e772cee186176bULL, 0x7e68b68aec7ba23bULL}));
}

TEST(Random, EveryPartOfTheKeyMatters) {
  const RandomKey base{.seed = 1, .replicate = 2, .stream = Stream::init, .role = 3, .epoch = 4};
  RandomKey other = base;
  other.seed = 9;
  EXPECT_NE(random_block(base, 5), random_block(other, 5));
  other = base;
  other.replicate = 9;
  EXPECT_NE(random_block(base, 5), random_block(other, 5));
  other = base;
  other.stream = Stream::dropout;
  EXPECT_NE(random_block(base, 5), random_block(other, 5));
  other = base;
  other.role = 9;
  EXPECT_NE(random_block(base, 5), random_block(other, 5));
  other = base;
  other.epoch = 9;
  EXPECT_NE(random_block(base, 5), random_block(other, 5));
  EXPECT_NE(random_block(base, 5), random_block(base, 6));
}

TEST(Random, NormalHasTheMomentsOfAStandardNormal) {
  const RandomKey key{.seed = 7};
  constexpr int kDraws = 200'000;
  double sum = 0, squares = 0, fourths = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double x = normal(key, static_cast<std::uint64_t>(i));
    sum += x;
    squares += x * x;
    fourths += x * x * x * x;
  }
  // Standard errors: 1/sqrt(n), sqrt(2/n), sqrt(96/n); five of each.
  EXPECT_NEAR(sum / kDraws, 0, 5 * 0.00224);
  EXPECT_NEAR(squares / kDraws, 1, 5 * 0.00316);
  EXPECT_NEAR(fourths / kDraws, 3, 5 * 0.0219);
}

TEST(Random, UniformStaysInItsInterval) {
  const RandomKey key{.seed = 3};
  double least = 1, most = 0, sum = 0;
  for (std::uint64_t i = 0; i < 100'000; ++i) {
    const double x = uniform(key, i);
    least = std::min(least, x);
    most = std::max(most, x);
    sum += x;
  }
  EXPECT_GE(least, 0);
  EXPECT_LT(most, 1);
  EXPECT_NEAR(sum / 100'000, 0.5, 5 * 0.000913);
}

TEST(Random, BelowIsUnbiasedAndStaysBelow) {
  RandomSequence random(RandomKey{.seed = 11});
  std::array<int, 3> counts{};
  for (int i = 0; i < 30'000; ++i) {
    const std::uint64_t value = random.below(3);
    ASSERT_LT(value, 3U);
    ++counts[value];
  }
  for (const int count : counts) EXPECT_NEAR(count, 10'000, 5 * 82);
  EXPECT_EQ(random.below(1), 0U);
}

TEST(Random, PermutationHoldsEveryIndexOnce) {
  auto order = permutation(RandomKey{.seed = 5, .stream = Stream::data_order}, 1000);
  EXPECT_FALSE(std::is_sorted(order.begin(), order.end()));
  std::sort(order.begin(), order.end());
  std::vector<std::uint32_t> all(1000);
  std::iota(all.begin(), all.end(), 0U);
  EXPECT_EQ(order, all);
}

TEST(Random, PermutationOfNothingAndOfOne) {
  EXPECT_TRUE(permutation(RandomKey{}, 0).empty());
  EXPECT_EQ(permutation(RandomKey{}, 1), std::vector<std::uint32_t>{0});
}

TEST(Random, PermutationsOfThreeAreEquallyLikely) {
  std::array<int, 27> counts{};
  for (std::uint64_t epoch = 0; epoch < 6000; ++epoch) {
    const auto p = permutation(RandomKey{.stream = Stream::data_order, .epoch = epoch}, 3);
    ++counts[p[0] * 9 + p[1] * 3 + p[2]];
  }
  for (const int count : counts) {
    if (count > 0) {
      EXPECT_NEAR(count, 1000, 5 * 29);
    }
  }
  EXPECT_EQ(std::count_if(counts.begin(), counts.end(), [](int c) { return c > 0; }), 6);
}

}  // namespace
}  // namespace whichfirst
