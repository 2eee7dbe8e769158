#include "cli/expectation.h"

#include <fmt/format.h>

#include <cstdio>

#include "record/atomic_file.h"
#include "report/junit.h"
#include "report/wording.h"

namespace whichfirst::cli {
namespace {

/// "the verdict is worse", "the interval is -0.90 to -0.40".
std::string finding(const stats::Gate& gate, stats::Answer answer,
                    const record::ComparisonResult& result, const record::VerdictRecord& verdict) {
  const bool is_open = answer == stats::Answer::undecided;
  const auto& interval = stats::standing_of(result.comparison).interval;
  if (stats::has_bound(gate) && interval) {
    const report::MetricWords words = report::metric_words(verdict);
    return fmt::format("{}{} - {} is {}{}", is_open ? "undecided, " : "", result.a, result.b,
                       report::interval_words(*interval, words.decimals), words.unit);
  }
  return is_open ? "undecided"
                 : fmt::format("the verdict is {}", stats::name(result.comparison.verdict));
}

std::vector<report::Asked> answers(const std::vector<study::Expectation>& expectations,
                                   const record::VerdictRecord& verdict) {
  std::vector<study::ComparedNames> names;
  for (const auto& result : verdict.comparisons) names.push_back({result.a, result.b});
  study::require_compared(expectations, names);
  std::vector<report::Asked> asked;
  for (const study::Expectation& expectation : expectations) {
    for (std::size_t i = 0; i < names.size(); ++i) {
      const record::ComparisonResult& result = verdict.comparisons[i];
      for (const stats::Gate& gate : study::gates_of({expectation}, i, names[i])) {
        const stats::Answer answer =
            stats::ask(gate, stats::standing_of(result.comparison), verdict.direction);
        asked.push_back({.text = expectation.text,
                         .comparison = i,
                         .answer = answer,
                         .finding = finding(gate, answer, result, verdict)});
      }
    }
  }
  return asked;
}

}  // namespace

Options ExpectOptions::options() {
  return {{"--expect",
           &texts,
           "Exit with 1 unless this holds, with 3 if it is undecided: better, worse, equivalent, "
           "not-worse, better-by=X, not-worse-by=X (in the metric's unit), of the first order "
           "against the second; all:GATE of all comparisons, A:B:GATE of order A against B. May "
           "be given several times",
           {.type = "[A:B:]GATE", .is_repeated = true}},
          {"--junit", &junit, "Write the answers as JUnit XML, for CI systems", typed("FILE")}};
}

std::vector<study::Expectation> ExpectOptions::parsed() const {
  std::vector<study::Expectation> expectations;
  for (const std::string& text : texts) expectations.push_back(study::parse_expectation(text));
  require_writable("--junit", junit);
  return expectations;
}

int ExpectOptions::judge(const record::VerdictRecord& verdict) const {
  const std::vector<report::Asked> asked = answers(parsed(), verdict);
  if (!junit.empty()) record::write_output(junit, report::print_junit(verdict, asked));
  int code = kDone;
  for (const report::Asked& each : asked) {
    if (each.answer == stats::Answer::holds) continue;
    fmt::print(stderr, "--expect {}: {}\n", each.text, each.finding);
    if (each.answer == stats::Answer::fails) code = kExpectationFails;
    if (code == kDone) code = kUndecided;
  }
  return code;
}

}  // namespace whichfirst::cli
