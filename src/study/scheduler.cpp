#include "study/scheduler.h"

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

  void work(int jobs) {
    {
      std::vector<std::jthread> threads;
      for (int i = 0; i < jobs; ++i) threads.emplace_back([this] { take_turns(); });
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

void run_trials(const Source& source, int jobs, const Runner& run, const Keeper& keep,
                Listener& listener, const std::stop_token& stop) {
  check(jobs > 0, "at least one trial runs at a time");
  Workers(source, run, keep, listener, stop).work(jobs);
}

int trials_that_fit(int wanted, std::int64_t trial_bytes,
                    std::optional<std::int64_t> available_bytes) {
  if (!available_bytes) return wanted;
  const std::int64_t fitting = *available_bytes / std::max<std::int64_t>(trial_bytes, 1);
  return static_cast<int>(std::min<std::int64_t>(wanted, fitting));
}

}  // namespace whichfirst::study
