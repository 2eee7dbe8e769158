// Who runs when: trials side by side, pairs complete early, orders interleaved.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <vector>

#include "record/trial_record.h"
#include "train/trial.h"

namespace whichfirst::study {

struct TrialId {
  int arm = 0;
  std::uint64_t replicate = 1;
  bool operator==(const TrialId&) const = default;
  auto operator<=>(const TrialId&) const = default;
};

/// All arms of replicate 1, then all of replicate 2, and so on. Every second replicate starts with
/// another arm, so that a slow drift of the machine falls on all alike.
std::vector<TrialId> trial_order(int arms, int replicates);

/// Told of everything, from one thread at a time.
class Listener {
 public:
  virtual ~Listener() = default;
  virtual void on_start(const TrialId&) {}
  virtual void on_progress(const TrialId&, const train::Progress&) {}
  virtual void on_finish(const TrialId&, const record::TrialRecord&) {}
};

/// Trains one trial; nothing where it was interrupted. A trial that fails is a record that says so;
/// what this throws is our own mistake and ends the whole run.
using Runner =
    std::function<std::optional<record::TrialRecord>(const TrialId&, const train::Observer&)>;
/// Writes a finished trial down. What it throws ends the whole run: results must not be lost
/// silently.
using Keeper = std::function<void(const TrialId&, const record::TrialRecord&)>;

/// The next trial to run, or nothing more. Asked and told by one thread at a time, `keep` before
/// the next question: what to run may depend on what has ended.
using Source = std::function<std::optional<TrialId>()>;
/// `todo` in its order.
Source source_of(std::vector<TrialId> todo);

/// The cores that the calling thread may run on, by the system's numbers; empty where unknown.
std::vector<int> usable_cores();

/// From now on the calling thread runs on this core alone, and so do threads that it starts.
/// Returns whether the system agreed. Two programs that pin their threads may choose the same core.
bool pin_to(int core);

/// free: the system moves trials between cores as it likes. pinned: each of the threads has a core
/// of its own, where there are as many.
enum class Placement { free, pinned };

/// Runs what `source` names on `jobs` threads of their own, which end before it returns: when all
/// trials have ended or, after a request to stop, when those under way have. Rethrows what `run` or
/// `keep` threw.
void run_trials(const Source& source, int jobs, const Runner& run, const Keeper& keep,
                Listener& listener, const std::stop_token& stop,
                Placement placement = Placement::free);

/// How many of `wanted` trials fit side by side: at most available / bytes, and at least 1 if one
/// fits; 0 where not even one does. Unknown availability: all.
int trials_that_fit(int wanted, std::int64_t trial_bytes,
                    std::optional<std::int64_t> available_bytes);

}  // namespace whichfirst::study
