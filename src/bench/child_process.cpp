#include "bench/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <thread>

#include "base/error.h"
#include "json/printable.h"

extern char** environ;

namespace whichfirst::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kLongestLine = std::size_t{1} << 20;
constexpr auto kPatience = std::chrono::seconds(5);  // with a child whose input has ended

/// Returns 0 or the error's number.
int start(const std::vector<std::string>& command, int connection, pid_t* pid) {
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, connection, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, connection, STDOUT_FILENO);
  const int failed = posix_spawnp(pid, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  return failed;
}

}  // namespace

ChildProcess::ChildProcess(const std::vector<std::string>& command)
    : name_(json::printable(command.at(0))) {
  std::array<int, 2> ends{};
  check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0,
        "a pair of sockets opens");
  const int failed = start(command, ends[1], &pid_);
  close(ends[1]);
  connection_ = ends[0];
  if (failed != 0) {
    close(connection_);
    throw Error("{}: does not start: {}", name_, std::strerror(failed));
  }
}

ChildProcess::~ChildProcess() {
  close(connection_);
  const auto deadline = Clock::now() + kPatience;
  while (waitpid(pid_, nullptr, WNOHANG) == 0) {
    if (Clock::now() > deadline) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
      return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

std::string ChildProcess::ask(std::string_view line, double seconds) {
  const Limit limit{.seconds = seconds, .start = Clock::now()};
  send(line, limit);
  return receive(limit);
}

void ChildProcess::wait_for(short events, const Limit& limit) const {
  while (true) {
    const double passed = std::chrono::duration<double>(Clock::now() - limit.start).count();
    const double left = limit.seconds - passed;
    pollfd waiting{.fd = connection_, .events = events, .revents = 0};
    const int ready = left > 0 ? poll(&waiting, 1, static_cast<int>(left * 1000) + 1) : 0;
    if (ready < 0 && errno == EINTR) continue;
    if (ready != 0) return;
    throw Error("{}: has not answered for {:g} seconds", name_, limit.seconds);
  }
}

void ChildProcess::send(std::string_view line, const Limit& limit) {
  while (!line.empty()) {
    wait_for(POLLOUT, limit);
    // No signal where it has ended: an error of ours to tell.
    const ssize_t sent = ::send(connection_, line.data(), line.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (sent < 0) throw Error("{}: has ended before it was asked", name_);
    line.remove_prefix(static_cast<std::size_t>(sent));
  }
}

std::string ChildProcess::receive(const Limit& limit) {
  std::size_t searched = 0;
  while (true) {
    const std::size_t end = received_.find('\n', searched);
    if (end != std::string::npos) {
      std::string line = received_.substr(0, end);
      received_.erase(0, end + 1);
      return line;
    }
    searched = received_.size();
    if (searched > kLongestLine) {
      throw Error("{}: answers a line of more than {} bytes", name_, kLongestLine);
    }
    wait_for(POLLIN, limit);
    std::array<char, 4096> bytes;
    const ssize_t count = recv(connection_, bytes.data(), bytes.size(), 0);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) throw Error("{}: has ended without an answer", name_);
    received_.append(bytes.data(), static_cast<std::size_t>(count));
  }
}

}  // namespace whichfirst::bench
