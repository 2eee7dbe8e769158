#include "base/random.h"

#include <Random123/philox.h>

#include <cmath>
#include <numbers>
#include <numeric>
#include <utility>

#include "base/error.h"

namespace whichfirst {
namespace {

double to_unit(std::uint64_t bits) { return static_cast<double>(bits >> 11) * 0x1.0p-53; }

/// Box and Muller: 1 - u keeps the logarithm's argument in (0, 1].
double gaussian(std::uint64_t radius_bits, std::uint64_t angle_bits) {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - to_unit(radius_bits)));
  return radius * std::cos(2.0 * std::numbers::pi * to_unit(angle_bits));
}

}  // namespace

std::array<std::uint64_t, 4> random_block(const RandomKey& key, std::uint64_t index) {
  const r123::Philox4x64::ctr_type counter = {
      {index, key.role, static_cast<std::uint64_t>(key.stream), key.epoch}};
  const r123::Philox4x64::key_type philox_key = {{key.seed, key.replicate}};
  const auto bits = r123::Philox4x64{}(counter, philox_key);
  return {bits[0], bits[1], bits[2], bits[3]};
}

double uniform(const RandomKey& key, std::uint64_t index) {
  return to_unit(random_block(key, index)[0]);
}

double normal(const RandomKey& key, std::uint64_t index) {
  const auto bits = random_block(key, index);
  return gaussian(bits[0], bits[1]);
}

void toss_coins(const RandomKey& key, double probability, std::uint64_t first,
                std::span<std::uint8_t> heads) {
  check(probability >= 0 && probability <= 1, "a probability is in [0, 1]");
  constexpr std::uint64_t kDrawsOfABlock = 8;  // of 32 bits
  const auto threshold = static_cast<std::uint64_t>(std::llround(probability * 0x1p32));
  for (std::size_t i = 0; i < heads.size();) {
    const std::uint64_t index = first + i;
    const auto block = random_block(key, index / kDrawsOfABlock);
    for (std::uint64_t draw = index % kDrawsOfABlock; draw < kDrawsOfABlock && i < heads.size();
         ++draw, ++i) {
      const std::uint64_t bits = (block[draw / 2] >> (32 * (draw % 2))) & 0xffffffffU;
      heads[i] = bits < threshold ? 1 : 0;
    }
  }
}

std::uint64_t RandomSequence::next() {
  if (used_ == block_.size()) {
    block_ = random_block(key_, block_index_++);
    used_ = 0;
  }
  return block_[used_++];
}

double RandomSequence::uniform() { return to_unit(next()); }

std::uint64_t RandomSequence::below(std::uint64_t bound) {
  __extension__ using Wide = unsigned __int128;
  Wide product = static_cast<Wide>(next()) * bound;
  if (static_cast<std::uint64_t>(product) < bound) {
    const std::uint64_t threshold = (0 - bound) % bound;
    while (static_cast<std::uint64_t>(product) < threshold) {
      product = static_cast<Wide>(next()) * bound;
    }
  }
  return static_cast<std::uint64_t>(product >> 64);
}

double RandomSequence::normal() {
  const std::uint64_t radius_bits = next();
  return gaussian(radius_bits, next());
}

std::vector<std::uint32_t> permutation(const RandomKey& key, std::uint32_t n) {
  std::vector<std::uint32_t> order(n);
  std::iota(order.begin(), order.end(), 0U);
  RandomSequence random(key);
  for (std::uint32_t i = n; i > 1; --i) {
    std::swap(order[i - 1], order[random.below(i)]);
  }
  return order;
}

}  // namespace whichfirst
