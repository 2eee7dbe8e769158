#include "reference/dropout.h"

#include <cstdint>
#include <vector>

#include "base/error.h"

namespace whichfirst::reference {

Tensor dropout(const network::Dropout& drop, const Tensor& src, const RandomKey& key, Mode mode) {
  check(drop.rate >= 0 && drop.rate < 1, "a dropout's rate is in [0, 1)");
  if (mode == Mode::evaluation) return src;
  std::vector<std::uint8_t> heads(src.values.size());
  toss_coins(key, drop.rate, 0, heads);
  Tensor dst = src;
  for (std::size_t i = 0; i < heads.size(); ++i) {
    dst.values[i] = heads[i] == 1 ? 0 : src.values[i] / (1 - drop.rate);
  }
  return dst;
}

}  // namespace whichfirst::reference
