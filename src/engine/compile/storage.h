// Memory of programs: aligned blocks, and parameters on their way between plain arrays and the
// layouts in which they are kept. Internal to engine.
#pragma once

#include <cstddef>
#include <vector>

#include "engine/compile/onednn.h"
#include "network/network.h"

namespace whichfirst::engine {

/// Aligned zeroed memory.
class Block {
 public:
  explicit Block(std::size_t bytes);
  ~Block();
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  std::byte* data() { return memory_; }

 private:
  std::size_t bytes_;
  std::byte* memory_;
};

/// Where each parameter stands in a block that holds one array for each.
struct ParameterPlaces {
  std::vector<std::size_t> offsets;  // bytes, multiples of kAlignment
  std::size_t bytes = 0;             // of the whole block

  ParameterPlaces() = default;
  explicit ParameterPlaces(const std::vector<Layout>& layouts);
  std::vector<float*> in(Block& block) const;
};

/// Plain arrays, one for each of network.parameters, into the layouts in which they are kept. The
/// padding of a blocked layout becomes zero.
void load_parameters(const network::Network& network, const network::Values& values,
                     const std::vector<Layout>& layouts, const std::vector<float*>& places,
                     const dnnl::engine& engine);

/// And back.
network::Values unload_parameters(const network::Network& network,
                                  const std::vector<Layout>& layouts,
                                  const std::vector<float*>& places, const dnnl::engine& engine);

}  // namespace whichfirst::engine
