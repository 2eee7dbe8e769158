#include "cli/expectation.h"

#include <fmt/format.h>

#include <cstdio>

namespace whichfirst::cli {

Option Expectation::option() {
  return {"--expect",
          &word,
          "Exit with 1 unless the first order is this against the second, with 3 if undecided",
          {.choices = {"better", "worse", "equivalent", "not-worse"}}};
}

int Expectation::judge(const record::VerdictRecord& verdict) const {
  if (word.empty()) return kDone;
  const stats::Verdict found = verdict.comparisons.front().comparison.verdict;
  if (found == stats::Verdict::undecided) {
    fmt::print(stderr, "--expect {}: undecided\n", word);
    return kUndecided;
  }
  const bool holds =
      word == "not-worse" ? found != stats::Verdict::worse : word == stats::name(found);
  if (!holds) fmt::print(stderr, "--expect {}: the verdict is {}\n", word, stats::name(found));
  return holds ? kDone : kExpectationFails;
}

}  // namespace whichfirst::cli
