// The answers to what was asked of a verdict as JUnit XML, which CI systems show as tests.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "record/verdict_record.h"
#include "stats/gate.h"

namespace whichfirst::report {

/// One question about one comparison, and its answer.
struct Asked {
  std::string text;            ///< "not-worse-by=0.3"
  std::size_t comparison = 0;  ///< its place in VerdictRecord::comparisons
  stats::Answer answer = stats::Answer::undecided;
  std::string finding;  ///< "the interval is -0.90 to -0.40"
};

/// A document of one test suite, the study. Each question is a test case: one that fails has a
/// failure, one that is undecided is skipped. A comparison that nothing was asked of is a case too,
/// skipped where it is undecided. Every case has the verdict's sentence, and the seconds that the
/// trials of its two orders took; a table knows none.
/// Source of the form: https://github.com/testmoapp/junitxml
std::string print_junit(const record::VerdictRecord& verdict, const std::vector<Asked>& asked);

}  // namespace whichfirst::report
