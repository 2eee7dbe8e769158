#include "study/scheduler.h"

#include <exception>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/error.h"

namespace whichfirst::study {

void run_trials(const Work& work, int jobs, const std::stop_token& stop) {
  check(jobs > 0, "at least one trial runs at a time");
  std::mutex mutex;
  std::exception_ptr fault;
  const auto next = [&]() -> std::optional<TrialId> {
    const std::lock_guard lock(mutex);
    if (fault || stop.stop_requested()) return std::nullopt;
    return work.next();
  };
  const auto take_turns = [&] {
    try {
      while (const auto id = next()) {
        auto record = work.run(*id, [&](const train::Progress& progress) {
          const std::lock_guard lock(mutex);
          work.progress(*id, progress);
        });
        if (!record) return;
        const std::lock_guard lock(mutex);
        work.keep(*id, std::move(*record));
      }
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!fault) fault = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < jobs; ++i) threads.emplace_back(take_turns);
  }
  if (fault) std::rethrow_exception(fault);
}

}  // namespace whichfirst::study
