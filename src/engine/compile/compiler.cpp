#include "engine/compile/compiler.h"

#include <algorithm>
#include <new>
#include <utility>

#include "base/error.h"

namespace whichfirst::engine {

using dnnl::memory;

Compiler::Compiler(const network::Network& network, int batch, const dnnl::engine& engine,
                   Purpose purpose, Precision precision, Tap tap)
    : network_(network),
      batch_(batch),
      describe_(engine),
      describe_with_relu_(describe_.with_relu()),
      purpose_(purpose),
      precision_(precision),
      number_type_(precision == Precision::bf16 ? NumberType::bf16 : NumberType::f32),
      tap_(std::move(tap)),
      parameters_(network.parameters.size(), -1),
      stage_readers_(network.stages.size(), 0),
      states_(network.stages.size()),
      dresults_(network.stages.size(), -1) {
  for (const network::Parameter& parameter : network.parameters) {
    program_.parameter_layouts.push_back(plain_layout(parameter));
  }
  for (const network::Stage& reader : network.stages) {
    if (reader.source != network::kInput) ++stage_readers_[static_cast<std::size_t>(reader.source)];
    if (reader.shortcut && *reader.shortcut != network::kInput) {
      ++stage_readers_[static_cast<std::size_t>(*reader.shortcut)];
    }
  }
}

template <class Action>
void Compiler::translate(Action action) {
  try {
    action();
  } catch (const dnnl::error& error) {
    if (error.status == dnnl_out_of_memory) throw std::bad_alloc();
    throw Error("{} ({}) on an input of {}x{}x{} and a batch of {}: oneDNN cannot run it ({})",
                stage().path, stage().text, stage().input.channels, stage().input.height,
                stage().input.width, batch_, error.what());
  }
}

// One walk over the stages emits the forward steps; every stage asks its primitive for the layouts
// it likes and inserts a reorder only where a value lies otherwise. Lives of buffers are not
// computed afterwards: touch() marks, while steps are added, the first and last step that names a
// buffer, and the caller's own reads (images, logits, what is watched) are touched here by hand. A
// read that is not touched would let the arena give the buffer away too early.
Program Compiler::compile(const std::vector<Layout>* kept_layouts) {
  if (kept_layouts != nullptr) program_.parameter_layouts = *kept_layouts;
  program_.images = new_value(plain(activation_dims(batch_, network_.input)));
  touch(program_.images);
  input_ = in_layout(program_.images, plain_numbers(dims_of(layout(program_.images))), "images");
  for (const network::Stage& reader : network_.stages) {
    readers(input_) +=
        (reader.source == network::kInput ? 1 : 0) + (reader.shortcut == network::kInput ? 1 : 0);
  }
  const int stages = static_cast<int>(network_.stages.size());
  for (stage_ = 0; stage_ < stages; ++stage_) {
    if (state().is_fused) continue;
    translate([&] { std::visit([&](const auto& op) { forward(op); }, stage().operation); });
  }
  stage_ = stages - 1;
  program_.logits = to_plain(output_of(stage_));
  program_.backward_begin = program_.steps.size();
  if (is_training()) {
    // The loss stands here: it reads what is watched and the logits, and writes their gradient.
    for (const Program::Watched& watched : program_.watched) touch(watched.value);
    touch(program_.logits);
    program_.dlogits = new_value(layout(program_.logits));
    touch(program_.dlogits);
    compile_backward();
  }
  // The caller reads the logits after the run of the forward steps.
  touch(program_.logits);
  return std::move(program_);
}

// Backward walks the stages from the last to the first. dresults_[s] is the gradient of what stage
// s made, filled in by the stages that read it (give_gradient), which all come later in the network
// and so have been visited when s takes it: that is why one pass in reverse order is enough,
// residuals included. Two readers add up; a sum hands one buffer to both of its sources, so a
// gradient may only be overwritten by the last stage that holds it (readers()). A stage before
// which nothing is trained needs no gradient of its source, and none is computed: the first
// convolution has no backward data. A relu that was fused has no step of its own; the stage that
// holds it takes the relu's gradient.
void Compiler::compile_backward() {
  for (const network::Stage& each : network_.stages) {
    const auto depends = [&](int source) {
      return source != network::kInput && depends_[static_cast<std::size_t>(source)];
    };
    depends_.push_back(each.parameter_count > 0 || depends(each.source) ||
                       (each.shortcut && depends(*each.shortcut)));
  }
  stage_ = static_cast<int>(network_.stages.size()) - 1;
  give_gradient(stage_, program_.dlogits);
  for (; stage_ >= 0; --stage_) {
    if (state().is_fused || !depends_on_parameters(stage_)) continue;
    translate([&] { std::visit([&](const auto& op) { backward(op); }, stage().operation); });
  }
}

// --- values -------------------------------------------------------------------------------------

int& Compiler::readers(ValueId value) {
  readers_.resize(program_.buffers.size(), 0);
  return readers_[static_cast<std::size_t>(buffer_index(value))];
}

ValueId Compiler::new_value(const Layout& value_layout) {
  program_.buffers.push_back(Buffer{.bytes = value_layout.get_size()});
  program_.values.push_back({value_layout, static_cast<int>(program_.buffers.size()) - 1});
  return static_cast<ValueId>(program_.values.size()) - 1;
}

ValueId Compiler::view(ValueId value, const Layout& value_layout) {
  program_.values.push_back({value_layout, buffer_index(value)});
  return static_cast<ValueId>(program_.values.size()) - 1;
}

ValueId Compiler::new_floats(std::size_t count) {
  return new_value(plain({static_cast<memory::dim>(count)}));
}

ValueId Compiler::new_bytes(std::size_t count) {
  return new_value(
      {{static_cast<memory::dim>(count)}, memory::data_type::u8, memory::format_tag::a});
}

void Compiler::touch(ValueId value) {
  Buffer& touched = buffer(value);
  const int now = static_cast<int>(program_.steps.size());
  if (touched.first < 0) touched.first = now;
  touched.last = std::max(touched.last, now);
}

void Compiler::add_step(const StepName& name, const char* implementation,
                        std::variant<RunPrimitive, RunKernel> action) {
  program_.steps.push_back({.stage = stage_,
                            .kind = name.kind,
                            .action = std::move(action),
                            .planned = {stage().path, print_step(name), implementation}});
}

void Compiler::add_kernel(const StepName& name, std::vector<ValueId> values, Kernel kernel,
                          const char* implementation) {
  for (const ValueId value : values) touch(value);
  add_step(name, implementation, RunKernel{std::move(values), std::move(kernel)});
}

void Compiler::add_elementwise(const StepName& name, NumberFunction function,
                               const std::vector<ValueId>& sources, ValueId result) {
  std::vector<ValueId> values = sources;
  values.push_back(result);
  add_kernel(name, std::move(values),
             for_numbers(result, [function, count = number_count(result)](
                                     auto number, Places places, const auto&) {
               using Number = decltype(number);
               apply(function, count, numbers<Number>(places.front()),
                     numbers<Number>(places[places.size() - 2]), numbers<Number>(places.back()));
             }));
}

ValueId Compiler::reorder(ValueId from, const Layout& to, const char* what) {
  const ValueId result = new_value(to);
  reorder_into(from, result, what);
  return result;
}

void Compiler::reorder_into(ValueId from, ValueId to, const char* what) {
  const auto description = describe_.reorder(layout(from), layout(to));
  add(description, dnnl::reorder(description), {StepKind::reorder, what},
      {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}});
}

ValueId Compiler::in_layout(ValueId value, const Layout& wanted, const char* what) {
  return layout(value) == wanted ? value : reorder(value, wanted, what);
}

ValueId Compiler::to_plain(ValueId value) {
  return in_layout(value, plain(dims_of(layout(value))), "to plain");
}

ChannelLayout Compiler::channel_layout(ValueId value, const Shape& shape) const {
  const ChannelBlocks blocks = channel_blocks_of(layout(value));
  return {.images = batch_,
          .channels = shape.channels,
          .pixels = shape.pixels(),
          .block = blocks.block,
          .image_stride = blocks.strides[0],
          .block_stride = blocks.strides[1],
          .pixel_stride = shape.is_vector ? 1 : blocks.strides[3]};
}

ValueId Compiler::keep_parameter(Home home, network::ParameterKind kind) {
  const int index = parameter_index(kind);
  const Layout& kept = program_.parameter_layouts[static_cast<std::size_t>(index)];
  const ValueId value = new_value(kept);
  buffer(value).home = home;
  buffer(value).index = index;
  return value;
}

ValueId Compiler::parameter(network::ParameterKind kind) {
  ValueId& value = parameters_[static_cast<std::size_t>(parameter_index(kind))];
  if (value < 0) value = keep_parameter(Home::parameter, kind);
  return value;
}

ValueId Compiler::gradient(network::ParameterKind kind) {
  return keep_parameter(Home::gradient, kind);
}

int Compiler::parameter_index(network::ParameterKind kind) const {
  const std::optional<std::size_t> found = network_.find_parameter(stage(), kind);
  check(found.has_value(), "the stage has this parameter");
  return static_cast<int>(*found);
}

Layout Compiler::weights_request(const memory::dims& dims) const {
  return decides_on_layouts() || number_type() == NumberType::bf16
             ? any_numbers(dims)
             : program_.parameter_layouts[static_cast<std::size_t>(
                   parameter_index(network::ParameterKind::weight))];
}

void Compiler::keep_weights_in(const Layout& chosen) {
  if (!decides_on_layouts()) return;
  program_.parameter_layouts[static_cast<std::size_t>(
      parameter_index(network::ParameterKind::weight))] = chosen;
}

Layout Compiler::bias_layout(bool has_bias) const {
  return has_bias ? plain({stage().output.channels}) : Layout();
}

Description<dnnl::convolution_backward_weights> Compiler::weight_gradient_of(
    const network::Conv& conv, const Description<dnnl::convolution_forward>& forward) const {
  return convolution(
      forward.src_desc(), forward.dst_desc(), [&](const Layout& source, const Layout& result) {
        return describe_.backward<dnnl::convolution_backward_weights>(
            forward, dnnl::algorithm::convolution_direct, source, any_layout(weights_dims(conv)),
            bias_layout(conv.bias), result, window_of(conv));
      });
}

Description<dnnl::inner_product_backward_weights> Compiler::weight_gradient_of(
    const network::FullyConnected& fc,
    const Description<dnnl::inner_product_forward>& forward) const {
  return describe_.backward<dnnl::inner_product_backward_weights>(
      forward, forward.src_desc(), any_layout(weights_dims(fc)), bias_layout(fc.bias),
      forward.dst_desc());
}

Window Compiler::whole_picture() const {
  const Shape& in = stage().input;
  return {.kernel = {in.height, in.width}, .strides = {in.height, in.width}, .padding = {0, 0}};
}

// --- what others see ----------------------------------------------------------------------------

Layout plain_layout(const network::Parameter& parameter) {
  return plain(memory::dims(parameter.dimensions.begin(), parameter.dimensions.end()));
}

Program compile(const network::Network& network, int batch, const dnnl::engine& engine,
                Purpose purpose, Precision precision, const std::vector<Layout>* kept_layouts,
                Tap tap) {
  return Compiler(network, batch, engine, purpose, precision, std::move(tap)).compile(kept_layouts);
}

}  // namespace whichfirst::engine
