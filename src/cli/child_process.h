// Another program that answers lines: what is sent is its input, what it prints is received.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

namespace whichfirst::cli {

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
  /// line break. Throws Error where it has ended, answers nothing within `seconds`, or a line of
  /// more than a megabyte.
  std::string ask(std::string_view line, double seconds);

 private:
  void send(std::string_view line);
  std::string receive(double seconds);

  std::string name_;
  pid_t pid_ = -1;
  int connection_ = -1;
  std::string received_;  // and not yet returned
};

}  // namespace whichfirst::cli
