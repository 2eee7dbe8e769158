#include "engine/program.h"

#include "base/error.h"

namespace whichfirst::engine {

ArenaLayout Program::arena_layout() const {
  std::vector<Lifetime> lifetimes;
  for (const Buffer& buffer : buffers) {
    const bool is_placed = buffer.home == Home::arena && buffer.first >= 0;
    lifetimes.push_back(is_placed ? Lifetime{buffer.bytes, buffer.first, buffer.last} : Lifetime{});
  }
  return lay_out(lifetimes);
}

BoundProgram::BoundProgram(const Program& program, const Storage& storage,
                           const dnnl::engine& engine) {
  const ArenaLayout layout = program.arena_layout();
  for (const Value& value : program.values) {
    const auto index = static_cast<std::size_t>(value.buffer);
    const Buffer& buffer = program.buffers[index];
    void* place = nullptr;
    switch (buffer.home) {
      case Home::arena:
        place = storage.arena + layout.offsets[index];
        break;
      case Home::parameter:
        place = storage.parameters[static_cast<std::size_t>(buffer.index)];
        break;
      case Home::gradient:
        place = storage.gradients[static_cast<std::size_t>(buffer.index)];
        break;
    }
    memories_.emplace_back(value.layout, engine, place);
  }
  for (const Step& step : program.steps) {
    BoundStep bound{step.primitive, {}};
    for (const Argument& argument : step.arguments) {
      bound.arguments.emplace(argument.name, memories_[static_cast<std::size_t>(argument.value)]);
    }
    if (program.scratch_bytes > 0) {
      const dnnl::memory::desc scratch({static_cast<dnnl::memory::dim>(program.scratch_bytes)},
                                       dnnl::memory::data_type::u8, dnnl::memory::format_tag::x);
      bound.arguments.emplace(DNNL_ARG_SCRATCHPAD, dnnl::memory(scratch, engine, storage.scratch));
    }
    steps_.push_back(std::move(bound));
  }
}

void BoundProgram::run(dnnl::stream& stream, std::size_t begin, std::size_t end) {
  for (std::size_t i = begin; i < end; ++i) {
    steps_[i].primitive.execute(stream, steps_[i].arguments);
  }
  stream.wait();
}

float* BoundProgram::pointer(ValueId value) const {
  check(value >= 0, "the value is part of the program");
  return static_cast<float*>(memories_[static_cast<std::size_t>(value)].get_data_handle());
}

}  // namespace whichfirst::engine
