#include <gmock/gmock.h>

#include "base/random.h"
#include "engine/compile/program.h"

namespace whichfirst::engine {
namespace {

using ::testing::ElementsAre;

bool collide(const Lifetime& a, std::size_t at_a, const Lifetime& b, std::size_t at_b) {
  const bool in_time = a.first <= b.last && b.first <= a.last;
  return in_time && at_a < at_b + b.bytes && at_b < at_a + a.bytes;
}

TEST(Arena, OfNothingIsEmpty) {
  EXPECT_EQ(lay_out({}).bytes, 0U);
  EXPECT_EQ(lay_out({Lifetime{}}).bytes, 0U);
}

TEST(Arena, BuffersThatNeverMeetShareTheirPlace) {
  //  step      0 1 2 3
  //  128 bytes x x
  //  128 bytes     x x
  const ArenaLayout layout = lay_out({{128, 0, 1}, {128, 2, 3}});
  EXPECT_THAT(layout.offsets, ElementsAre(0, 0));
  EXPECT_EQ(layout.bytes, 128U);
}

TEST(Arena, BuffersThatMeetInOneStepDoNot) {
  const ArenaLayout layout = lay_out({{128, 0, 2}, {128, 2, 3}});
  EXPECT_THAT(layout.offsets, ElementsAre(0, 128));
}

TEST(Arena, FillsGapsAndAligns) {
  const ArenaLayout layout = lay_out({{200, 0, 9}, {100, 0, 4}, {100, 5, 9}, {1, 0, 9}});
  EXPECT_THAT(layout.offsets, ElementsAre(0, 256, 256, 384));
  EXPECT_EQ(layout.bytes, 448U);
}

TEST(Arena, NoTwoLivingBuffersOverlapWhateverTheSizes) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    RandomSequence random({.seed = seed, .stream = Stream::drawing});
    std::vector<Lifetime> lifetimes;
    for (int i = 0; i < 40; ++i) {
      const int first = static_cast<int>(random.below(30));
      lifetimes.push_back({random.below(5000), first, first + static_cast<int>(random.below(10))});
    }
    const ArenaLayout layout = lay_out(lifetimes);
    for (std::size_t a = 0; a < lifetimes.size(); ++a) {
      EXPECT_EQ(layout.offsets[a] % kAlignment, 0U);
      EXPECT_LE(layout.offsets[a] + lifetimes[a].bytes, layout.bytes);
      for (std::size_t b = 0; b < a; ++b) {
        EXPECT_FALSE(collide(lifetimes[a], layout.offsets[a], lifetimes[b], layout.offsets[b]));
      }
    }
  }
}

}  // namespace
}  // namespace whichfirst::engine
