// What `whichfirst bench --peers` says to bench/peers/pytorch.py and hears from it: a line of JSON
// each way. The script's head describes the conversation.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/shape.h"
#include "bench/bench_record.h"

namespace whichfirst::bench {

/// A stage as the script builds it. Stages are counted from 0; -1 is the pictures.
struct PeerStage {
  std::string kind;        ///< "conv", "bn", "activation", "add", ...
  std::string activation;  ///< of an activation: "relu"
  int source = -1;
  std::optional<int> shortcut;                         ///< of an add
  std::vector<std::pair<std::string, double>> values;  ///< "kernel" 3, "bias" 1 or 0, ...
};

struct PeerNetwork {
  Shape input;
  int classes = 0;
  std::vector<PeerStage> stages;
};

/// What the script is to train, and how.
struct PeerTask {
  int cores = 1;
  int batch = 1;
  std::string optimizer;  ///< "sgd", "adamw"
  double momentum = 0;
  bool nesterov = false;
  double decay = 0;
  bool decay_all = false;
  double label_smoothing = 0;
  std::vector<PeerNetwork> networks;
};

/// "task {...}", ended with a line break and holding none.
std::string task_line(const PeerTask& task);

/// What the script offers on this machine.
struct PeerOffer {
  std::string library;  ///< "PyTorch 1.13.0"
  std::vector<std::string> configurations;
  std::vector<BenchPeers::Missing> missing;
};

/// Throw Error, beginning with `label`, where the line is no such answer, with the script's own
/// words where it answers with an error.
PeerOffer read_offer(std::string_view line, const std::string& label);
/// Images a second, above 0, at most 1e12.
double read_speed(std::string_view line, const std::string& label);

}  // namespace whichfirst::bench
