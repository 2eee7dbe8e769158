#include "bench/peers.h"

#include <fmt/format.h>

#include <variant>

#include "base/error.h"
#include "bench/peer_script.h"

namespace whichfirst::bench {
namespace {

// Seconds: PyTorch is loaded, and perhaps compiles, before the first answer of each process.
constexpr double kPatience = 300;

/// Kind and values of a stage; the script makes modules of them.
struct Translate {
  const network::Stage& stage;
  PeerStage& peer;

  void operator()(const network::Conv& conv) const {
    peer.kind = "conv";
    add_channels();
    peer.values.insert(peer.values.end(), {{"kernel", conv.kernel},
                                           {"stride", conv.stride},
                                           {"padding", conv.padding},
                                           {"bias", conv.bias ? 1 : 0}});
  }
  void operator()(const network::BatchNorm& bn) const {
    peer.kind = "bn";
    add_channels();
    peer.values.insert(peer.values.end(), {{"is_vector", stage.input.is_vector ? 1 : 0},
                                           {"affine", bn.affine ? 1 : 0},
                                           {"eps", bn.eps},
                                           {"momentum", bn.momentum}});
  }
  void operator()(const network::GroupNorm& norm) const {
    peer.kind = "gn";
    add_channels();
    peer.values.insert(
        peer.values.end(),
        {{"groups", norm.groups}, {"affine", norm.affine ? 1 : 0}, {"eps", norm.eps}});
  }
  void operator()(const network::Activation& activation) const {
    peer.kind = "activation";
    peer.activation = stage.text.substr(0, stage.text.find('('));
    peer.values = {{"alpha", activation.alpha}};
  }
  void operator()(const network::MaxPool& pool) const { add_window("maxpool", pool); }
  void operator()(const network::AveragePool& pool) const { add_window("avgpool", pool); }
  void operator()(const network::GlobalAveragePool&) const { peer.kind = "gap"; }
  void operator()(const network::Flatten&) const { peer.kind = "flatten"; }
  void operator()(const network::Dropout& drop) const {
    peer.kind = "drop";
    peer.values = {{"rate", drop.rate}};
  }
  void operator()(const network::FullyConnected& fc) const {
    peer.kind = "fc";
    add_channels();
    peer.values.emplace_back("bias", fc.bias ? 1 : 0);
  }
  void operator()(const network::Add&) const { peer.kind = "add"; }

  void add_channels() const {
    peer.values = {{"in", stage.input.channels}, {"out", stage.output.channels}};
  }
  template <class Pool>
  void add_window(const char* kind, const Pool& pool) const {
    peer.kind = kind;
    peer.values = {{"kernel", pool.kernel}, {"stride", pool.stride}, {"padding", pool.padding}};
  }
};

PeerTask task_of(const std::vector<network::Network>& networks, const record::Recipe& recipe,
                 int cores) {
  PeerTask task{.cores = cores,
                .batch = recipe.batch,
                .optimizer = recipe.optimizer == engine::Optimizer::adamw ? "adamw" : "sgd",
                .momentum = recipe.momentum,
                .nesterov = recipe.nesterov,
                .decay = recipe.decay,
                .decay_all = recipe.decay_all,
                .label_smoothing = recipe.label_smoothing,
                .networks = {}};
  for (const network::Network& each : networks) task.networks.push_back(describe_for_peers(each));
  return task;
}

std::vector<std::string> command_of(const PeerOptions& options) {
  if (options.script.empty()) return {options.python, "-c", kPeerScript};
  return {options.python, options.script};
}

}  // namespace

PeerNetwork describe_for_peers(const network::Network& network) {
  PeerNetwork described{.input = network.input, .classes = network.classes, .stages = {}};
  for (const network::Stage& stage : network.stages) {
    PeerStage& peer = described.stages.emplace_back();
    peer.source = stage.source;
    peer.shortcut = stage.shortcut;
    std::visit(Translate{stage, peer}, stage.operation);
  }
  return described;
}

Peers::Peers(const PeerOptions& options, const std::vector<network::Network>& networks,
             const record::Recipe& recipe, int cores) try
    : child_(command_of(options)) {
  offer_ =
      read_offer(child_.ask(task_line(task_of(networks, recipe, cores)), kPatience), "--peers");
  for (const std::string& configuration : offer_.configurations) {
    settings_.push_back({.configuration = configuration, .processes = cores, .threads = 1});
    if (cores > 1) {
      settings_.push_back({.configuration = configuration, .processes = 1, .threads = cores});
    }
  }
} catch (const Error& error) {
  throw Error(
      "{}; --peers needs a Python with PyTorch: name one with --python (on Debian: apt install "
      "python3-torch, and --python /usr/bin/python3)",
      error.what());
}

double Peers::measure(std::size_t index, const PeerSetting& setting, double seconds) {
  if (!lost_.empty()) throw Error(lost_);
  std::string answer;
  try {
    answer = child_.ask(fmt::format("run {} {} {}x{} {}\n", index, setting.configuration,
                                    setting.processes, setting.threads, seconds),
                        seconds + kPatience);
  } catch (const Error& error) {
    lost_ = error.what();
    throw;
  }
  return read_speed(answer, "--peers");
}

}  // namespace whichfirst::bench
