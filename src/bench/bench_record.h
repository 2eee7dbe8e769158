// Measured speed as JSON and as text: what `whichfirst bench` prints.
//
// Speeds are of one core unless said otherwise. A GB/s counts the bytes that the arguments of a
// kernel hold, each once, whatever the caches spare; scratch memory is none of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace whichfirst::bench {

/// How often a step runs one kind of primitive by one of the library's implementations.
struct BenchKernels {
  std::string what;            ///< "backward weights"
  std::string implementation;  ///< "jit:avx2"
  int count = 0;
};

/// A part of a training step: a primitive, or what stands around them.
struct BenchPart {
  std::string stage;           ///< path; empty: of the whole network
  std::string what;            ///< "backward weights", "update"
  std::string kind;            ///< what it is counted among: "conv backward weights", "update"
  std::string implementation;  ///< "jit:avx2", "own"
  double seconds = 0;          ///< a step
  std::optional<std::int64_t> flops;  ///< a step; of products only
  std::optional<std::int64_t> bytes;  ///< likewise; nothing where none are counted

  std::optional<double> gflops() const;         ///< a second
  std::optional<double> gb_per_second() const;  ///< powers of ten
  bool is_reference() const { return implementation.starts_with("ref"); }
};

/// The parts of one kind taken together.
struct BenchKind {
  BenchPart sum;     ///< no stage, no `what`
  double share = 0;  ///< of the step
  int count = 0;
  std::vector<BenchKernels> implementations = {};  ///< without `what`; the most frequent first
};
/// All kinds, the slowest first. Their bytes are missing where any part's are.
std::vector<BenchKind> by_kind(const std::vector<BenchPart>& parts);

struct BenchOrder {
  std::string name;
  std::string order;
  double images_per_second = 0;             ///< whole training step, one thread
  double primitives_images_per_second = 0;  ///< its forward and backward alone: the step's speed,
                                            ///< divided by:
  double primitives_share = 0;              ///< of these in the profile of a step, in [0, 1]
  double gflops = 0;                        ///< of the whole step, counting flops()
  double together_images_per_second = 0;    ///< of all trials side by side
  double together_ratio = 0;                ///< the same against one trial
  double first_step_seconds = 0;            ///< from nothing to the end of the first step
  std::int64_t peak_bytes = 0;              ///< of a trial's process, less what stood before
  std::int64_t planned_bytes = 0;           ///< what the engine says it takes, the sum of:
  std::int64_t arena_bytes = 0;             ///< activations, gradients of them, scratch space
  std::int64_t parameter_bytes = 0;         ///< values, gradients, what the optimizer keeps
  std::vector<BenchKernels> kernels;
  std::vector<BenchPart> parts;  ///< of a profiled step, in the order in which they run

  double step_seconds() const;   ///< sum of the parts
  double stage_seconds() const;  ///< of those that belong to a stage: forward and backward alone
  std::int64_t flops() const;    ///< of a step: of the products that it takes, and of nothing else
  double conv_share() const;     ///< of the convolutions in step_seconds(), in [0, 1]
};

/// PyTorch in one configuration beside ours, on one order's network.
struct BenchPeer {
  std::string order;          ///< its name
  std::string configuration;  ///< "channels_last"
  int processes = 1;
  int threads = 1;               ///< of each
  double images_per_second = 0;  ///< of all processes
  double ratio = 0;              ///< of our together_images_per_second to it, in the same round
};

struct BenchPeers {
  std::string library;  ///< "PyTorch 1.13.0"
  std::vector<BenchPeer> runs;
  struct Missing {
    std::string configuration;
    std::string reason;
  };
  std::vector<Missing> missing;
};

struct BenchRecord {
  std::string network;
  std::string input;  ///< "3x32x32"
  int batch = 0;
  std::string precision = "fp32";  ///< "fp32-fast", ...
  int threads = 0;                 ///< trials side by side
  std::string isa;
  std::string library;
  std::optional<double> peak_gflops;         ///< of one core, in multiply-adds of fp32 or bf16
  std::optional<double> peak_gb_per_second;  ///< of one core, to and from memory
  std::vector<BenchOrder> orders;
  std::optional<BenchPeers> peers;
};

/// The document, ended with a line break.
std::string to_json(const BenchRecord& bench);

/// The fields of the document as rows of a table in Markdown, for docs/documents.md.
std::string bench_table();

/// Where the time of a step goes: by kind of stage, or every single part of it.
enum class BenchDetail { kinds, stages };

/// In lines of at most `columns` where words allow.
std::string print_bench(const BenchRecord& bench, BenchDetail detail, std::size_t columns);

}  // namespace whichfirst::bench
