// What a person sees: the program on a terminal of a known width.
#include <gmock/gmock.h>
#include <pty.h>

#include <regex>
#include <sstream>

#include "cli/run_program.h"

namespace whichfirst::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr unsigned short kColumns = 60;

/// All that the program writes to a terminal of kColumns, both streams.
std::string on_terminal(const Scratch& folder, const std::vector<std::string>& arguments,
                        const std::map<std::string, std::string>& environment = {}) {
  const winsize size{.ws_row = 24, .ws_col = kColumns, .ws_xpixel = 0, .ws_ypixel = 0};
  int terminal = -1;
  const pid_t child = forkpty(&terminal, nullptr, nullptr, &size);
  if (child == 0) {
    if (chdir(folder.path().c_str()) != 0) _exit(99);
    unsetenv("NO_COLOR");
    setenv("TERM", "xterm", 1);
    for (const auto& [name, value] : environment) setenv(name.c_str(), value.c_str(), 1);
    std::vector<char*> argv = {const_cast<char*>("whichfirst")};
    for (const std::string& argument : arguments) {
      argv.push_back(const_cast<char*>(argument.c_str()));
    }
    argv.push_back(nullptr);
    execv(WHICHFIRST_PROGRAM, argv.data());
    _exit(98);
  }
  std::string text;
  char piece[4096];
  for (ssize_t got = 0; (got = read(terminal, piece, sizeof piece)) > 0;) {
    text.append(piece, static_cast<std::size_t>(got));
  }
  close(terminal);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0) << text;
  return text;
}

std::size_t longest_line(const std::string& shown) {
  std::istringstream lines(std::regex_replace(shown, std::regex("\x1b\\[[0-9]*[A-Zm]|\r"), ""));
  std::size_t longest = 0;
  for (std::string line; std::getline(lines, line);) longest = std::max(longest, line.size());
  return longest;
}

TEST(Terminal, FitsItsWidthAndColoursTheVerdictUnlessToldNotTo) {
  const Scratch folder;
  const std::string shown = on_terminal(
      folder, {"compare", "network=unit(4, pool=2) flatten fc(classes)", "data.train=200",
               "data.test=100", "data.size=8", "recipe.epochs=1", "plan.seeds=6", "--out", "run"});
  EXPECT_LE(longest_line(shown), kColumns) << shown;
  EXPECT_THAT(shown, AllOf(HasSubstr("order      progress"), HasSubstr("elapsed"),
                           HasSubstr("\x1b[3"), HasSubstr("Run folder: run")));
  const std::vector<std::string> again = {"report", "run"};
  EXPECT_THAT(on_terminal(folder, again), HasSubstr("\x1b["));
  EXPECT_THAT(on_terminal(folder, again, {{"NO_COLOR", "1"}}), Not(HasSubstr("\x1b[")));
  EXPECT_THAT(on_terminal(folder, again, {{"TERM", "dumb"}}), Not(HasSubstr("\x1b[")));
  EXPECT_THAT(run(folder, again).out, Not(HasSubstr("\x1b[")));
}

}  // namespace
}  // namespace whichfirst::cli
