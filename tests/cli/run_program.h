// Runs the program as a user does, and looks at what comes out.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "record/temporary_folder.h"

namespace whichfirst::cli {

struct Ended {
  int status = -1;  // exit code, or -signal
  std::string out;
  std::string err;
};

using Scratch = record::TemporaryFolder;
using record::content_of;

/// The program with these arguments, started in `folder`, after `before` in its process.
class Program {
 public:
  Program(const Scratch& folder, const std::vector<std::string>& arguments,
          const std::map<std::string, std::string>& environment = {},
          const std::function<void()>& before = {})
      : folder_(folder) {
    pid_ = fork();
    if (pid_ != 0) return;
    if (chdir(folder.path().c_str()) != 0) _exit(99);
    redirect(STDOUT_FILENO, "stdout.txt");
    redirect(STDERR_FILENO, "stderr.txt");
    for (const auto& [name, value] : environment) setenv(name.c_str(), value.c_str(), 1);
    if (before) before();
    std::vector<char*> argv = {const_cast<char*>("whichfirst")};
    for (const std::string& argument : arguments)
      argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    execv(WHICHFIRST_PROGRAM, argv.data());
    _exit(98);
  }

  void send(int signal) const { kill(pid_, signal); }

  Ended wait() const {
    int status = 0;
    waitpid(pid_, &status, 0);
    return {.status = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status),
            .out = content_of(folder_ / "stdout.txt"),
            .err = content_of(folder_ / "stderr.txt")};
  }

 private:
  static void redirect(int descriptor, const char* file) {
    const int opened = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    dup2(opened, descriptor);
    close(opened);
  }

  const Scratch& folder_;
  pid_t pid_ = -1;
};

inline Ended run(const Scratch& folder, const std::vector<std::string>& arguments,
                 const std::map<std::string, std::string>& environment = {}) {
  return Program(folder, arguments, environment).wait();
}

/// The document that the program prints, which must end well.
inline nlohmann::json printed(const Scratch& folder, const std::vector<std::string>& arguments,
                              const std::map<std::string, std::string>& environment = {}) {
  const Ended ended = run(folder, arguments, environment);
  EXPECT_EQ(ended.status, 0) << ended.err;
  return nlohmann::json::parse(ended.out);
}

/// Text that was broken into lines to fit a screen, as one line.
inline std::string unbroken(const std::string& text) {
  std::istringstream words(text);
  std::string line;
  for (std::string word; words >> word;) line += (line.empty() ? "" : " ") + word;
  return line;
}

/// `first` and then `more`.
inline std::vector<std::string> joined(std::vector<std::string> first,
                                       const std::vector<std::string>& more) {
  first.insert(first.end(), more.begin(), more.end());
  return first;
}

}  // namespace whichfirst::cli
