#include "study/scheduler.h"

#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/error.h"

namespace whichfirst::study {

void run_trials(const Work& work, int jobs, const std::stop_token& stop) {
  check(jobs > 0, "at least one trial runs at a time");
  constexpr auto kBetweenQuestions = std::chrono::milliseconds(300);
  std::mutex mutex;
  std::condition_variable_any stopped;
  std::exception_ptr fault;
  const auto fail = [&] {
    const std::lock_guard lock(mutex);
    if (!fault) fault = std::current_exception();
  };
  const auto next = [&]() -> std::optional<TrialId> {
    std::unique_lock lock(mutex);
    while (!fault && !stop.stop_requested()) {
      const Next found = work.next();
      if (!found.wait) return found.trial;
      stopped.wait_for(lock, stop, kBetweenQuestions, [] { return false; });
    }
    return std::nullopt;
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
      fail();
    }
  };
  {
    std::vector<std::jthread> threads;
    try {
      for (int i = 0; i < jobs; ++i) threads.emplace_back(take_turns);
    } catch (...) {  // the system gives no more threads
      fail();
    }
  }
  if (fault) std::rethrow_exception(fault);
}

}  // namespace whichfirst::study
