// Another program that answers lines: what is sent is its input, what it prints is received.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace whichfirst::bench {

/// Lives as long as this object. Its errors go where ours go.
class ChildProcess {
 public:
  /// Starts command[0], looked for in PATH, with the others as arguments; no shell stands between.
  /// Throws Error where it does not start.
  explicit ChildProcess(const std::vector<std::string>& command);
  /// Ends its input, waits some seconds for it to end, and then ends it.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  /// Sends a line (which ends with a line break) and returns the line that it answers, without its
  /// line break. Throws Error where it has ended, has not read and answered within `seconds`, or
  /// answers a line of more than a megabyte.
  std::string ask(std::string_view line, double seconds);

 private:
  struct Limit {
    double seconds = 0;
    std::chrono::steady_clock::time_point start;
  };
  void send(std::string_view line, const Limit& limit);
  std::string receive(const Limit& limit);
  /// Until poll's `events` are there. Throws Error where the limit comes first.
  void wait_for(short events, const Limit& limit) const;

  std::string name_;
  pid_t pid_ = -1;
  int connection_ = -1;
  std::string received_;  // and not yet returned
};

}  // namespace whichfirst::bench
