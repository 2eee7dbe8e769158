#include "engine/compile/storage.h"

#include <algorithm>
#include <new>

#include "base/error.h"
#include "engine/compile/arena.h"
#include "engine/compile/compile.h"

namespace whichfirst::engine {

Block::Block(std::size_t bytes)
    : bytes_(std::max(bytes, kAlignment)),
      memory_(static_cast<std::byte*>(::operator new (bytes_, std::align_val_t{kAlignment}))) {
  std::fill_n(memory_, bytes_, std::byte{0});
}

Block::~Block() { ::operator delete (memory_, std::align_val_t{kAlignment}); }

ParameterPlaces::ParameterPlaces(const std::vector<Layout>& layouts) {
  for (const Layout& layout : layouts) {
    offsets.push_back(bytes);
    bytes += (layout.get_size() + kAlignment - 1) / kAlignment * kAlignment;
  }
}

std::vector<float*> ParameterPlaces::in(Block& block) const {
  std::vector<float*> places;
  for (const std::size_t offset : offsets) {
    places.push_back(reinterpret_cast<float*>(block.data() + offset));
  }
  return places;
}

void load_parameters(const network::Network& network, const network::Values& values,
                     const std::vector<Layout>& layouts, const std::vector<float*>& places,
                     const dnnl::engine& engine) {
  check(values.size() == network.parameters.size(), "there is one array for each parameter");
  dnnl::stream stream(engine);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Layout plain = plain_layout(network.parameters[i]);
    check(values[i].size() * sizeof(float) == plain.get_size(),
          "an array has its parameter's size");
    std::vector<float> copy = values[i];
    dnnl::memory from(plain, engine, copy.data());
    dnnl::memory to(layouts[i], engine, places[i]);
    dnnl::reorder(from, to).execute(stream, from, to);
    stream.wait();
  }
}

network::Values unload_parameters(const network::Network& network,
                                  const std::vector<Layout>& layouts,
                                  const std::vector<float*>& places, const dnnl::engine& engine) {
  network::Values result;
  dnnl::stream stream(engine);
  for (std::size_t i = 0; i < places.size(); ++i) {
    auto& array = result.emplace_back(static_cast<std::size_t>(network.parameters[i].size()));
    dnnl::memory from(layouts[i], engine, places[i]);
    dnnl::memory to(plain_layout(network.parameters[i]), engine, array.data());
    dnnl::reorder(from, to).execute(stream, from, to);
    stream.wait();
  }
  return result;
}

}  // namespace whichfirst::engine
