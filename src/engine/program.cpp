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
  if (program.scratch_bytes > 0) {
    const dnnl::memory::desc scratch_layout({static_cast<dnnl::memory::dim>(program.scratch_bytes)},
                                            dnnl::memory::data_type::u8,
                                            dnnl::memory::format_tag::x);
    scratch_ = dnnl::memory(scratch_layout, engine, storage.scratch);
  }
  for (const Step& step : program.steps) {
    if (const auto* kernel = std::get_if<RunKernel>(&step.action)) {
      BoundKernel bound{{}, kernel->run};
      for (const ValueId value : kernel->values) {
        bound.places.push_back(reinterpret_cast<std::byte*>(pointer(value)));
      }
      steps_.emplace_back(std::move(bound));
      continue;
    }
    const auto& run = std::get<RunPrimitive>(step.action);
    BoundPrimitive bound{run.primitive, {}};
    for (const Argument& argument : run.arguments) {
      bound.arguments.push_back(
          {argument.name, memories_[static_cast<std::size_t>(argument.value)].get()});
    }
    if (program.scratch_bytes > 0) {
      bound.arguments.push_back({DNNL_ARG_SCRATCHPAD, scratch_.get()});
    }
    steps_.emplace_back(std::move(bound));
  }
}

void BoundProgram::run(dnnl::stream& stream, std::size_t begin, std::size_t end,
                       const network::DropoutStep& step) {
  for (std::size_t i = begin; i < end; ++i) {
    if (const auto* primitive = std::get_if<BoundPrimitive>(&steps_[i])) {
      dnnl::error::wrap_c_api(dnnl_primitive_execute(primitive->primitive.get(), stream.get(),
                                                     static_cast<int>(primitive->arguments.size()),
                                                     primitive->arguments.data()),
                              "a primitive does not run");
    } else {
      stream.wait();
      const auto& kernel = std::get<BoundKernel>(steps_[i]);
      kernel.run(kernel.places, step);
    }
  }
  stream.wait();
}

float* BoundProgram::pointer(ValueId value) const {
  check(value >= 0, "the value is part of the program");
  return static_cast<float*>(memories_[static_cast<std::size_t>(value)].get_data_handle());
}

}  // namespace whichfirst::engine
