// The measuring behind `whichfirst bench`: what a training step of each order of a study costs.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/shape.h"
#include "bench/bench_record.h"
#include "bench/peers.h"
#include "record/study_file.h"

namespace whichfirst::bench {

struct BenchPlan {
  Shape input;                       ///< of the random pictures
  double seconds = 1;                ///< of each measurement
  int rounds = 5;                    ///< measurements of each kind; the orders take turns in each
  std::optional<PeerOptions> peers;  ///< nothing: PyTorch is not measured
  /// Told before each order's turn; rounds are counted from 0.
  std::function<void(int round, const std::string& order)> on_measurement;
};

/// Measures whole steps, their parts, trials side by side, first steps and memory, and the core's
/// peaks. Forks to measure costs, so call it before anything in this process trains. Throws Error
/// where an order cannot train, or where the peers are asked for and missing.
BenchRecord run_bench(const record::Study& study, const BenchPlan& plan);

}  // namespace whichfirst::bench
