// Keyed random numbers: every number is a pure function of what it is for.
//
// Two trials of one replicate are a matched pair because they ask for the same keys, in whatever
// order and however often. Nothing here has a state that a caller could disturb.
// Source: Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3" (Philox4x64-10,
// Random123).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace whichfirst {

/// What a random number is for. The values are part of every stored result: never renumber.
enum class Stream : std::uint64_t {
  init = 1,
  data_order = 2,
  augmentation = 3,
  dropout = 4,
  split = 5,
  tuning = 6,
  drawing = 7,     // the pictures of shapes10
  resampling = 8,  // Monte Carlo inside a statistic
  probe = 9,       // the pictures on which a network is looked at
};

/// The name of a sequence of random numbers. `role` tells apart the users of one stream (which
/// convolution); `epoch` its repetitions.
struct RandomKey {
  std::uint64_t seed = 0;
  std::uint64_t replicate = 0;
  Stream stream = Stream::init;
  std::uint64_t role = 0;
  std::uint64_t epoch = 0;
};

/// 256 random bits at `index`.
std::array<std::uint64_t, 4> random_block(const RandomKey& key, std::uint64_t index);

/// Uniform in [0, 1), 53 bits.
double uniform(const RandomKey& key, std::uint64_t index);

/// Standard normal by Box and Muller's transform of the block at `index`.
double normal(const RandomKey& key, std::uint64_t index);

/// Tosses a coin for each index: heads[i] is 1 with `probability` (to 2^-32) and else 0, for index
/// first + i. Eight indices share a block.
void toss_coins(const RandomKey& key, double probability, std::uint64_t first,
                std::span<std::uint8_t> heads);

/// A sequential reader of one key's numbers, for code that draws a varying amount.
class RandomSequence {
 public:
  explicit RandomSequence(const RandomKey& key) : key_(key) {}

  std::uint64_t next();
  /// Uniform in [0, 1).
  double uniform();
  /// Uniform in [low, high).
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  /// Uniform in 0 .. bound - 1, unbiased (Lemire 2019, ACM TOMACS 29(1)). bound > 0.
  std::uint64_t below(std::uint64_t bound);
  double normal();

 private:
  RandomKey key_;
  std::uint64_t block_index_ = 0;
  std::array<std::uint64_t, 4> block_{};
  unsigned used_ = 4;
};

/// A random permutation of 0 .. n-1 (Fisher and Yates).
std::vector<std::uint32_t> permutation(const RandomKey& key, std::uint32_t n);

}  // namespace whichfirst
