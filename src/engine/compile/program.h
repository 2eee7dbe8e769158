// A step or a pass as a flat list of oneDNN primitives and own kernels over buffers whose places
// are not yet known.
//
// Compiling (compiler.h) decides what runs and in which layouts; binding gives every buffer its
// place and makes the memory objects; running only walks the list. Nothing is allocated while it
// runs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "engine/compile/onednn.h"
#include "engine/plan.h"
#include "network/network.h"

namespace whichfirst::engine {

inline constexpr std::size_t kAlignment = 64;  // bytes: a cache line, and AVX-512's widest load

/// A buffer is alive from step `first` to step `last`, both included.
struct Lifetime {
  std::size_t bytes = 0;
  int first = 0;
  int last = 0;
};

struct ArenaLayout {
  std::vector<std::size_t> offsets;  // one a buffer, multiples of kAlignment
  std::size_t bytes = 0;             // of the whole block
};

/// Places the largest buffers first, each at the lowest place that is free throughout its life.
/// Source: greedy by size, Pisarchyk and Lee 2020, arXiv:2001.03288.
ArenaLayout lay_out(const std::vector<Lifetime>& lifetimes);

/// Where a buffer lives.
enum class Home {
  arena,      // shared, for the steps in which it is alive
  parameter,  // kept over steps; `index` names the parameter
  gradient,   // likewise
};

struct Buffer {
  Home home = Home::arena;
  int index = -1;
  std::size_t bytes = 0;
  int first = -1;  // step; arena only
  int last = -1;
  bool is_kept = false;     // a later step needs its content: nothing may work in place on it
  bool is_scratch = false;  // nothing goes in or out by it: no bytes of a step
};

/// A buffer seen through a layout. Several values may look at one buffer.
struct Value {
  Layout layout;
  int buffer = -1;
};
using ValueId = int;

struct Argument {
  int name = 0;  // DNNL_ARG_...
  ValueId value = -1;
};

/// Where the values of a kernel of our own begin, in the order in which it named them.
using Places = std::span<std::byte* const>;
template <class Number>
Number* numbers(std::byte* place) {
  return reinterpret_cast<Number*>(place);
}
template <class Number>
std::span<Number> numbers(std::byte* place, std::size_t count) {
  return {numbers<Number>(place), count};
}
inline float* floats(std::byte* place) { return numbers<float>(place); }
inline std::uint8_t* bytes(std::byte* place) { return reinterpret_cast<std::uint8_t*>(place); }
using Kernel = std::function<void(Places, const network::DropoutStep&)>;

struct RunKernel {
  std::vector<ValueId> values;
  Kernel run;
};

/// A primitive of oneDNN.
struct RunPrimitive {
  dnnl::primitive primitive;
  std::vector<Argument> arguments;
};

/// What a step does for its stage.
enum class StepKind {
  forward,
  backward,          // of a stage without weights
  backward_data,     // of one with weights: the gradient of its source
  backward_weights,  // that of its weights
  statistics,        // of a bn
  border_bias,
  tap,
  reorder,
  add_gradients,  // of a value that several stages read
};
struct StepName {
  StepName(StepKind of, const char* more = "") : kind(of), detail(more) {}

  StepKind kind;
  const char* detail;  // "with relu"; of a reorder: "source"
};
/// As a plan words it: "forward with relu", "reorder source".
std::string print_step(const StepName& name);

struct Step {
  int stage = 0;
  StepKind kind = StepKind::forward;
  std::variant<RunPrimitive, RunKernel> action;
  PlannedPrimitive planned;
};

struct Program {
  std::vector<Buffer> buffers;
  std::vector<Value> values;
  std::vector<Step> steps;
  std::size_t backward_begin = 0;  // the loss stands between steps[backward_begin - 1] and the next
  std::size_t scratch_bytes = 0;

  ValueId images = -1;   // plain NCHW or NC
  ValueId logits = -1;   // plain NC
  ValueId dlogits = -1;  // likewise; training only

  /// Batch statistics of each bn, in the order of the network; training only.
  struct Statistics {
    int stage = 0;
    ValueId mean = -1;
    ValueId variance = -1;
  };
  std::vector<Statistics> statistics;

  /// Numbers in which a stage that is not finite shows, to be looked at after the forward steps.
  struct Watched {
    int stage = 0;
    ValueId value = -1;
    std::size_t count = 0;
    const char* what = "";  // "mean of the batch"
  };
  std::vector<Watched> watched;

  /// The layouts in which the parameters are kept: what the training convolutions want.
  std::vector<Layout> parameter_layouts;

  ArenaLayout arena_layout() const;
  std::vector<PlannedPrimitive> planned() const;
  /// Fills in kind, flops and bytes of every step, which was compiled for so many images.
  void count_costs(const network::Network& network, int batch);
};

/// Places of the buffers that outlive a step.
struct Storage {
  std::byte* arena = nullptr;
  std::byte* scratch = nullptr;
  /// Of each parameter, in the program's layouts: its values, its gradient where the program
  /// trains, then what an optimizer keeps.
  std::vector<std::vector<float*>> copies;
  const std::vector<float*>& parameters() const { return copies[0]; }
  const std::vector<float*>& gradients() const { return copies[1]; }
};

/// A program whose buffers have places.
class BoundProgram {
 public:
  BoundProgram(const Program& program, const Storage& storage, const dnnl::engine& engine);

  /// Runs steps [begin, end). `step` is what dropout draws for; `observe` is told when each ended.
  void run(dnnl::stream& stream, std::size_t begin, std::size_t end,
           const network::DropoutStep& step, const StepObserver& observe = {});
  std::size_t size() const { return steps_.size(); }
  /// The numbers of a value in a plain layout.
  float* pointer(ValueId value) const;

 private:
  void run_one(dnnl::stream& stream, std::size_t index, const network::DropoutStep& step);

  /// `arguments` point into memories_ or scratch_: the form that oneDNN's C interface takes as it
  /// is, so that a step makes nothing anew.
  struct BoundPrimitive {
    dnnl::primitive primitive;
    std::vector<dnnl_exec_arg_t> arguments;
  };
  struct BoundKernel {
    std::vector<std::byte*> places;
    Kernel run;
  };

  std::vector<dnnl::memory> memories_;
  dnnl::memory scratch_;
  std::vector<std::variant<BoundPrimitive, BoundKernel>> steps_;
};

/// training: forward and backward of a step; decides on the layouts of the parameters.
/// probe: the same with every stage on its own, nothing fused, because its values are looked at.
/// evaluation: forward with running statistics, over parameters as training keeps them.
/// inference: an evaluation that decides on layouts itself and fuses more; the bias of a
/// convolution with a bias map is packed (border_bias.h). No bf16.
enum class Purpose { training, probe, evaluation, inference };

/// `kept_layouts` are those of the parameters, of an evaluation: what training in the same
/// precision decided on. `tap` is shown what each stage of a probe made.
Program compile(const network::Network& network, int batch, const dnnl::engine& engine,
                Purpose purpose, Precision precision,
                const std::vector<Layout>* kept_layouts = nullptr, Tap tap = {});

/// The layout of a parameter as network.parameters describes it: plain, row-major.
Layout plain_layout(const network::Parameter& parameter);

}  // namespace whichfirst::engine
