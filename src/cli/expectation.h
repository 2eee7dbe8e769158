// "--expect" and "--junit", which make a verdict an exit code and a file for a CI system.
#pragma once

#include <string>
#include <vector>

#include "cli/verbs.h"
#include "record/verdict_record.h"
#include "study/expectation.h"

namespace whichfirst::cli {

struct ExpectOptions {
  std::vector<std::string> texts;  ///< empty: nothing is expected
  std::string junit;               ///< a file; empty: none

  Options options();
  /// What is asked. Throws Error where it makes no sense or the file could not be written.
  std::vector<study::Expectation> parsed() const;
  /// The exit code; says on stderr what was found instead, and writes the file.
  int judge(const record::VerdictRecord& verdict) const;
};

}  // namespace whichfirst::cli
