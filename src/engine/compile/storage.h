// Memory of programs: aligned blocks, and parameters on their way between plain arrays and the
// layouts in which they are kept. Internal to engine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <vector>

#include "engine/compile/program.h"
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

/// What programs take that run in turn over the same parameters: an arena and scratch memory for
/// the largest of them, and `copies` arrays like each parameter (Storage).
struct MemoryPlan {
  MemoryPlan(std::initializer_list<const Program*> programs, int parameter_copies);

  std::int64_t parameter_bytes() const { return copies * static_cast<std::int64_t>(copy_bytes); }
  /// Activations, their gradients, scratch space.
  std::int64_t arena_bytes() const { return static_cast<std::int64_t>(arena + scratch); }
  std::int64_t bytes() const { return arena_bytes() + parameter_bytes(); }

  std::size_t arena = 0;
  std::size_t scratch = 0;
  int copies;
  std::vector<std::size_t> offsets;  // of each parameter in a copy: bytes, multiples of kAlignment
  std::size_t copy_bytes = 0;
};

/// The memory itself, zeroed.
class Memory {
 public:
  explicit Memory(const MemoryPlan& plan);
  const Storage& storage() const { return storage_; }

 private:
  std::deque<Block> blocks_;
  Storage storage_;
};

/// A program in memory of its own. Obliges the calling thread to run alone.
struct Session {
  /// `copies` of the parameters; other arguments as of compile().
  Session(const network::Network& network, int batch, Purpose purpose, Precision precision,
          int copies, Tap tap = {});

  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  Program program;
  MemoryPlan plan;
  Memory memory;
  BoundProgram bound;
  dnnl::stream stream;
};
/// Bytes that a Session takes.
std::int64_t session_bytes(const network::Network& network, int batch, Purpose purpose,
                           Precision precision, int copies);

/// Plain arrays, one for each of network.parameters, into the layouts in which they are kept. The
/// padding of a blocked layout becomes zero.
void load_parameters(const network::Network& network, const network::Values& values,
                     const std::vector<Layout>& layouts, const std::vector<float*>& places,
                     const dnnl::engine& engine);

/// And back.
network::Values unload_parameters(const network::Network& network,
                                  const std::vector<Layout>& layouts,
                                  const std::vector<float*>& places, const dnnl::engine& engine);
/// Those of gradients: empty arrays for running statistics.
network::Values unload_gradients(const network::Network& network,
                                 const std::vector<Layout>& layouts,
                                 const std::vector<float*>& places, const dnnl::engine& engine);

}  // namespace whichfirst::engine
