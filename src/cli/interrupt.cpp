#include "cli/interrupt.h"

#include <pthread.h>
#include <unistd.h>

#include <csignal>
#include <ctime>
#include <thread>

namespace whichfirst::cli {

class Interrupt::Impl {
 public:
  Impl() {
    sigemptyset(&signals_);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
      // What is ignored stays so: SIGHUP under nohup, SIGINT of a job in the background.
      struct sigaction now {};
      if (sigaction(signal, nullptr, &now) == 0 && now.sa_handler == SIG_IGN) continue;
      sigaddset(&signals_, signal);
    }
    // Blocked here and so in all threads made later: they arrive at the watcher only.
    pthread_sigmask(SIG_BLOCK, &signals_, &previous_);
    watcher_ = std::jthread([this](const std::stop_token& end) { watch(end); });
  }
  ~Impl() {
    watcher_.request_stop();
    watcher_.join();
    pthread_sigmask(SIG_SETMASK, &previous_, nullptr);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  std::stop_token token() const { return stop_.get_token(); }

 private:
  void watch(const std::stop_token& end) {
    const timespec pause{.tv_sec = 0, .tv_nsec = 100'000'000};
    while (!end.stop_requested()) {
      if (sigtimedwait(&signals_, nullptr, &pause) < 0) continue;
      if (stop_.stop_requested()) _exit(130);
      stop_.request_stop();
    }
  }

  sigset_t signals_{};
  sigset_t previous_{};
  std::stop_source stop_;
  std::jthread watcher_;
};

Interrupt::Interrupt() : impl_(std::make_unique<Impl>()) {}
Interrupt::~Interrupt() = default;
std::stop_token Interrupt::token() const { return impl_->token(); }

}  // namespace whichfirst::cli
