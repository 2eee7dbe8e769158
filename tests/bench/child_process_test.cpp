#include "bench/child_process.h"

#include <gmock/gmock.h>

#include "base/error.h"

namespace whichfirst::bench {
namespace {

std::string refusal(const std::vector<std::string>& command, std::string_view line) {
  try {
    ChildProcess child(command);
    return "answered " + child.ask(line, 0.25);
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(ChildProcess, AnswersOneLineAfterTheOther) {
  ChildProcess child({"cat"});
  EXPECT_EQ(child.ask("one\n", 10), "one");
  const std::string long_line(100'000, 'x');
  EXPECT_EQ(child.ask(long_line + "\n", 10), long_line);
  EXPECT_EQ(child.ask("\n", 10), "");
  EXPECT_EQ(child.ask("two\nthree\n", 10), "two");
  EXPECT_EQ(child.ask("four\n", 10), "three") << "a line is kept until it is asked for";
}

TEST(ChildProcess, ThatEndsIsSilentOrIsNotThereIsRefused) {
  EXPECT_EQ(refusal({"head", "-c", "1"}, "x\n"), "head: has ended without an answer");
  EXPECT_EQ(refusal({"sh", "-c", "read line; read forever"}, "x\n"),
            "sh: has not answered for 0.25 seconds");
  EXPECT_EQ(refusal({"sleep", "3"}, std::string(1 << 24, 'x') + "\n"),
            "sleep: has not answered for 0.25 seconds")
      << "it does not read";
  EXPECT_EQ(refusal({"./no such program"}, "x\n"),
            "./no such program: does not start: No such file or directory");
}

}  // namespace
}  // namespace whichfirst::bench
