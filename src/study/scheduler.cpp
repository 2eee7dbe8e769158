#include "study/scheduler.h"

#include <sched.h>

#include <algorithm>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

#include "base/error.h"

namespace whichfirst::study {
namespace {

class Workers {
 public:
  Workers(const Source& source, const Runner& run, const Keeper& keep, Listener& listener,
          const std::stop_token& stop)
      : source_(source), run_(run), keep_(keep), listener_(listener), stop_(stop) {}

  void work(int jobs, Placement placement) {
    const auto threads_wanted = static_cast<std::size_t>(jobs);
    std::vector<int> cores;
    if (placement == Placement::pinned) cores = usable_cores();
    if (cores.size() < threads_wanted) cores.clear();
    {
      std::vector<std::jthread> threads;
      for (std::size_t i = 0; i < threads_wanted; ++i) {
        threads.emplace_back([this, &cores, i] {
          if (!cores.empty() && !pin_to(cores[i])) {
            const std::lock_guard lock(mutex_);
            fault_ = std::make_exception_ptr(
                Error("the system refuses to keep a trial on a core of its own; leave out --pin"));
            return;
          }
          take_turns();
        });
      }
    }
    if (fault_) std::rethrow_exception(fault_);
  }

 private:
  void take_turns() {
    while (const auto id = next()) {
      try {
        const auto record = run_(*id, [&](const train::Progress& progress) {
          const std::lock_guard lock(mutex_);
          listener_.on_progress(*id, progress);
        });
        if (!record) return;
        finish(*id, *record);
      } catch (...) {
        const std::lock_guard lock(mutex_);
        if (!fault_) fault_ = std::current_exception();
      }
    }
  }

  std::optional<TrialId> next() {
    const std::lock_guard lock(mutex_);
    if (fault_ || stop_.stop_requested()) return std::nullopt;
    const std::optional<TrialId> id = source_();
    if (id) listener_.on_start(*id);
    return id;
  }

  void finish(const TrialId& id, const record::TrialRecord& record) {
    const std::lock_guard lock(mutex_);
    keep_(id, record);
    listener_.on_finish(id, record);
  }

  const Source& source_;
  const Runner& run_;
  const Keeper& keep_;
  Listener& listener_;
  const std::stop_token& stop_;
  std::mutex mutex_;
  std::exception_ptr fault_;
};

}  // namespace

std::vector<TrialId> trial_order(int arms, int replicates) {
  std::vector<TrialId> order;
  for (int replicate = 1; replicate <= replicates; ++replicate) {
    for (int place = 0; place < arms; ++place) {
      order.push_back({.arm = (place + replicate - 1) % arms,
                       .replicate = static_cast<std::uint64_t>(replicate)});
    }
  }
  return order;
}

Source source_of(std::vector<TrialId> todo) {
  return [todo = std::move(todo), taken = std::size_t{0}]() mutable -> std::optional<TrialId> {
    if (taken == todo.size()) return std::nullopt;
    return todo[taken++];
  };
}

std::vector<int> usable_cores() {
  cpu_set_t set;
  std::vector<int> cores;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return cores;
  for (int core = 0; core < CPU_SETSIZE; ++core) {
    if (CPU_ISSET(core, &set)) cores.push_back(core);
  }
  return cores;
}

bool pin_to(int core) {
  check(core >= 0 && core < CPU_SETSIZE, "a core has one of the system's numbers");
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  return sched_setaffinity(0, sizeof set, &set) == 0;
}

void run_trials(const Source& source, int jobs, const Runner& run, const Keeper& keep,
                Listener& listener, const std::stop_token& stop, Placement placement) {
  check(jobs > 0, "at least one trial runs at a time");
  Workers(source, run, keep, listener, stop).work(jobs, placement);
}

int trials_that_fit(int wanted, std::int64_t trial_bytes,
                    std::optional<std::int64_t> available_bytes) {
  if (!available_bytes) return wanted;
  const std::int64_t fitting = *available_bytes / std::max<std::int64_t>(trial_bytes, 1);
  return static_cast<int>(std::min<std::int64_t>(wanted, fitting));
}

}  // namespace whichfirst::study
