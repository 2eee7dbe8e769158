// Measured speed as JSON: what `whichfirst bench --json` prints.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace whichfirst::record {

/// How often a step runs one kind of primitive by one of the library's implementations.
struct BenchKernels {
  std::string what;            ///< "backward weights"
  std::string implementation;  ///< "jit:avx2"
  int count = 0;
};

struct BenchOrder {
  std::string name;
  std::string order;
  double images_per_second = 0;             ///< whole training step, one thread
  double primitives_images_per_second = 0;  ///< the library's primitives of it alone
  double gflops = 0;                        ///< of the whole step, counting 3 x forward
  double together_ratio = 0;                ///< one trial a core against one trial
  double first_step_seconds = 0;            ///< from nothing to the end of the first step
  std::int64_t peak_bytes = 0;              ///< of a trial's process, less what stood before
  std::int64_t planned_bytes = 0;           ///< what the engine says it takes
  std::vector<BenchKernels> kernels;
};

struct BenchRecord {
  std::string network;
  std::string input;  ///< "3x32x32"
  int batch = 0;
  int threads = 0;  ///< side by side in together_ratio
  std::string isa;
  std::string library;
  std::optional<double> peak_gflops;  ///< of one core, fp32
  std::vector<BenchOrder> orders;
};

/// The document, ended with a line break.
std::string to_json(const BenchRecord& bench);

}  // namespace whichfirst::record
