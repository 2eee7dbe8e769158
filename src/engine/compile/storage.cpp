#include "engine/compile/storage.h"

#include <algorithm>
#include <new>
#include <utility>

#include "base/error.h"
#include "engine/platform.h"

namespace whichfirst::engine {

Block::Block(std::size_t bytes)
    : bytes_(std::max(bytes, kAlignment)),
      memory_(static_cast<std::byte*>(::operator new (bytes_, std::align_val_t{kAlignment}))) {
  std::fill_n(memory_, bytes_, std::byte{0});
}

Block::~Block() { ::operator delete (memory_, std::align_val_t{kAlignment}); }

MemoryPlan::MemoryPlan(std::initializer_list<const Program*> programs, int parameter_copies)
    : copies(parameter_copies) {
  for (const Program* program : programs) {
    arena = std::max(arena, program->arena_layout().bytes);
    scratch = std::max(scratch, program->scratch_bytes);
  }
  for (const Layout& layout : (*programs.begin())->parameter_layouts) {
    offsets.push_back(copy_bytes);
    copy_bytes += (layout.get_size() + kAlignment - 1) / kAlignment * kAlignment;
  }
}

Memory::Memory(const MemoryPlan& plan) {
  storage_.arena = blocks_.emplace_back(plan.arena).data();
  storage_.scratch = blocks_.emplace_back(plan.scratch).data();
  for (int i = 0; i < plan.copies; ++i) {
    std::byte* const begin = blocks_.emplace_back(plan.copy_bytes).data();
    auto& places = storage_.copies.emplace_back();
    for (const std::size_t offset : plan.offsets) {
      places.push_back(reinterpret_cast<float*>(begin + offset));
    }
  }
}

namespace {

/// After the precision is chosen, which comes before the first primitive is described.
Program compile_for(const network::Network& network, int batch, const dnnl::engine& engine,
                    Purpose purpose, Precision precision, Tap tap) {
  check(batch > 0, "batches hold images");
  use_precision(precision);
  return compile(network, batch, engine, purpose, precision, nullptr, std::move(tap));
}

}  // namespace

Session::Session(const network::Network& network, int batch, Purpose purpose, Precision precision,
                 int copies, Tap tap)
    : program(compile_for(network, batch, engine, purpose, precision, std::move(tap))),
      plan({&program}, copies),
      memory(plan),
      bound(program, memory.storage(), engine),
      stream(engine) {}

std::int64_t session_bytes(const network::Network& network, int batch, Purpose purpose,
                           Precision precision, int copies) {
  const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  const Program program = compile_for(network, batch, engine, purpose, precision, {});
  return MemoryPlan({&program}, copies).bytes();
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

network::Values unload_gradients(const network::Network& network,
                                 const std::vector<Layout>& layouts,
                                 const std::vector<float*>& places, const dnnl::engine& engine) {
  network::Values result = unload_parameters(network, layouts, places, engine);
  for (std::size_t i = 0; i < result.size(); ++i) {
    if (!network.parameters[i].is_trained()) result[i].clear();
  }
  return result;
}

}  // namespace whichfirst::engine
