// PyTorch beside ours: the script bench/peers/pytorch.py, kept running, on the networks of a study.
// It is told what to train, and then what to time, by a line of JSON or words, and answers each
// with a line of JSON. The script's head describes the conversation.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bench/bench_record.h"
#include "bench/child_process.h"
#include "network/network.h"
#include "record/study_file.h"

namespace whichfirst::bench {

struct PeerOptions {
  std::string python = "python3";
  std::string script;  // a file; empty: the built-in script
};

/// What the script is to train, and how: "task {...}", ended with a line break and holding none.
std::string task_line(const std::vector<network::Network>& networks, const record::Recipe& recipe,
                      int cores);

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

/// A configuration of PyTorch on all cores.
struct PeerSetting {
  std::string configuration;  // "channels_last"
  int processes = 1;
  int threads = 1;  // of each
};

class Peers {
 public:
  /// Starts the script and tells it what to train, on so many cores. Throws Error with the remedy
  /// where Python or PyTorch is missing.
  Peers(const PeerOptions& options, const std::vector<network::Network>& networks,
        const record::Recipe& recipe, int cores);

  const PeerOffer& offer() const { return offer_; }
  /// Every configuration on offer, as a process a core and as one process of a thread a core.
  const std::vector<PeerSetting>& settings() const { return settings_; }
  /// Images a second of the whole training step of networks[index] for about `seconds`. Throws
  /// Error where the script answers with one, or no more: it is not asked again then, since a late
  /// answer would be taken for the next one.
  double measure(std::size_t index, const PeerSetting& setting, double seconds);

 private:
  ChildProcess child_;
  PeerOffer offer_;
  std::vector<PeerSetting> settings_;
  std::string lost_;  // why it is not asked any more; empty: it is
};

}  // namespace whichfirst::bench
