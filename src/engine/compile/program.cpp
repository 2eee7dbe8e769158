#include "engine/compile/program.h"

#include <algorithm>
#include <numeric>
#include <string>

#include "base/error.h"

namespace whichfirst::engine {
namespace {

constexpr const char* kWords[] = {  // in the order of StepKind
    "forward", "backward", "backward data", "backward weights", "statistics", "bias at the border",
    "tap",     "reorder",  "add gradients"};

const char* words_of(StepKind kind) { return kWords[static_cast<std::size_t>(kind)]; }

/// The gradient of the source, and that of the weights, are a product of the same size each as the
/// forward pass.
bool is_product(StepKind kind) {
  return kind == StepKind::forward || kind == StepKind::backward_data ||
         kind == StepKind::backward_weights;
}

std::string counted_as(const network::Stage& stage, StepKind kind) {
  if (kind == StepKind::reorder) return "reorders";
  if (kind == StepKind::add_gradients) return "sums";
  using Word = std::string;
  return std::visit(
      notation::Overload{[&](const network::Conv&) {
                           return is_product(kind) ? Word("conv ") + words_of(kind) : "biases";
                         },
                         [](const network::FullyConnected&) { return Word("fc"); },
                         [&](const network::BatchNorm&) {
                           return Word(kind == StepKind::statistics ? "statistics of bn" : "bn");
                         },
                         [](const network::GroupNorm&) { return Word("in, ln, gn"); },
                         [](const network::Activation&) { return Word("activations"); },
                         [](const network::Dropout&) { return Word("dropout"); },
                         [](const network::Add&) { return Word("sums"); },
                         [](const network::Flatten&) { return Word("reorders"); },
                         [](const auto&) { return Word("pools"); }},
      stage.operation);
}

}  // namespace

std::string print_step(const StepName& name) {
  const std::string words = words_of(name.kind);
  return *name.detail == 0 ? words : words + " " + name.detail;
}

void Program::count_costs(const network::Network& network, int batch) {
  for (Step& step : steps) {
    PlannedPrimitive& planned = step.planned;
    const network::Stage& stage = network.stages[static_cast<std::size_t>(step.stage)];
    planned.kind = counted_as(stage, step.kind);
    const bool has_products = std::holds_alternative<network::Conv>(stage.operation) ||
                              std::holds_alternative<network::FullyConnected>(stage.operation);
    planned.flops = has_products && is_product(step.kind) ? batch * stage.flops_per_image : 0;

    std::vector<ValueId> touched;
    if (const auto* kernel = std::get_if<RunKernel>(&step.action)) {
      touched = kernel->values;
    } else {
      for (const Argument& argument : std::get<RunPrimitive>(step.action).arguments) {
        touched.push_back(argument.value);
      }
    }
    std::sort(touched.begin(), touched.end());
    touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
    planned.bytes = 0;
    for (const ValueId id : touched) {
      const Value& value = values[static_cast<std::size_t>(id)];
      if (buffers[static_cast<std::size_t>(value.buffer)].is_scratch) continue;
      planned.bytes += static_cast<std::int64_t>(value.layout.get_size());
    }
  }
}

std::vector<PlannedPrimitive> Program::planned() const {
  std::vector<PlannedPrimitive> result;
  for (const Step& step : steps) result.push_back(step.planned);
  return result;
}

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
        place = storage.parameters()[static_cast<std::size_t>(buffer.index)];
        break;
      case Home::gradient:
        place = storage.gradients()[static_cast<std::size_t>(buffer.index)];
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
                       const network::DropoutStep& step, const StepObserver& observe) {
  for (std::size_t i = begin; i < end; ++i) {
    run_one(stream, i, step);
    if (!observe) continue;
    stream.wait();
    observe(StepPart::primitive, i);
  }
  stream.wait();
}

void BoundProgram::run_one(dnnl::stream& stream, std::size_t index,
                           const network::DropoutStep& step) {
  if (const auto* primitive = std::get_if<BoundPrimitive>(&steps_[index])) {
    dnnl::error::wrap_c_api(dnnl_primitive_execute(primitive->primitive.get(), stream.get(),
                                                   static_cast<int>(primitive->arguments.size()),
                                                   primitive->arguments.data()),
                            "a primitive does not run");
  } else {
    stream.wait();
    const auto& kernel = std::get<BoundKernel>(steps_[index]);
    kernel.run(kernel.places, step);
  }
}

float* BoundProgram::pointer(ValueId value) const {
  check(value >= 0, "the value is part of the program");
  return static_cast<float*>(memories_[static_cast<std::size_t>(value)].get_data_handle());
}

namespace {

std::size_t round_up(std::size_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

bool overlap(const Lifetime& a, const Lifetime& b) {
  return a.first <= b.last && b.first <= a.last;
}

}  // namespace

// Packing intervals of different sizes into the smallest block is NP-hard; greedy by size does well
// on networks, where the few large activations decide. `placed` is
// sorted by offset, so one walk over it finds the lowest gap: buffers that live at other times are
// stepped over, each other one pushes `offset` behind its end, and the first gap that is wide
// enough ends the walk. The sort is stable and ties go by number: two compilations of a network get
// the same places, and Plan states the same bytes that a trainer takes. A buffer of a life too
// short by one step is the worst mistake to make here: another value overwrites it, and nothing
// fails but numbers. Compiler::touch is what keeps lives right.
ArenaLayout lay_out(const std::vector<Lifetime>& lifetimes) {
  std::vector<std::size_t> by_size(lifetimes.size());
  std::iota(by_size.begin(), by_size.end(), std::size_t{0});
  std::stable_sort(by_size.begin(), by_size.end(), [&](std::size_t a, std::size_t b) {
    return lifetimes[a].bytes > lifetimes[b].bytes;
  });

  ArenaLayout layout;
  layout.offsets.resize(lifetimes.size());
  std::vector<std::size_t> placed;  // sorted by offset
  for (const std::size_t buffer : by_size) {
    const std::size_t bytes = round_up(lifetimes[buffer].bytes);
    std::size_t offset = 0;
    for (const std::size_t other : placed) {
      if (!overlap(lifetimes[buffer], lifetimes[other])) continue;
      if (offset + bytes <= layout.offsets[other]) break;
      offset = std::max(offset, layout.offsets[other] + round_up(lifetimes[other].bytes));
    }
    layout.offsets[buffer] = offset;
    layout.bytes = std::max(layout.bytes, offset + bytes);
    placed.insert(std::upper_bound(placed.begin(), placed.end(), offset,
                                   [&](std::size_t value, std::size_t other) {
                                     return value < layout.offsets[other];
                                   }),
                  buffer);
  }
  return layout;
}

}  // namespace whichfirst::engine
