#include "study/scheduler.h"

#include <algorithm>
#include <exception>
#include <mutex>
#include <thread>

#include "base/error.h"

namespace whichfirst::study {
namespace {

class Workers {
 public:
  Workers(const std::vector<TrialId>& todo, const Runner& run, const Keeper& keep,
          Listener& listener, const std::stop_token& stop)
      : todo_(todo), run_(run), keep_(keep), listener_(listener), stop_(stop) {}

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
    if (fault_ || stop_.stop_requested() || taken_ == todo_.size()) return std::nullopt;
    const TrialId id = todo_[taken_++];
    listener_.on_start(id);
    return id;
  }

  void finish(const TrialId& id, const record::TrialRecord& record) {
    const std::lock_guard lock(mutex_);
    keep_(id, record);
    listener_.on_finish(id, record);
  }

  const std::vector<TrialId>& todo_;
  const Runner& run_;
  const Keeper& keep_;
  Listener& listener_;
  const std::stop_token& stop_;
  std::mutex mutex_;
  std::size_t taken_ = 0;
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

void run_trials(const std::vector<TrialId>& todo, int jobs, const Runner& run, const Keeper& keep,
                Listener& listener, const std::stop_token& stop) {
  check(jobs > 0, "at least one trial runs at a time");
  const int useful = std::min(jobs, static_cast<int>(std::max<std::size_t>(todo.size(), 1)));
  Workers(todo, run, keep, listener, stop).work(useful);
}

int trials_that_fit(int wanted, std::int64_t trial_bytes,
                    std::optional<std::int64_t> available_bytes) {
  if (!available_bytes) return wanted;
  const std::int64_t fitting = *available_bytes / std::max<std::int64_t>(trial_bytes, 1);
  return static_cast<int>(std::min<std::int64_t>(wanted, fitting));
}

}  // namespace whichfirst::study
