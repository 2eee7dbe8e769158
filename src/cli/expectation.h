// "--expect better|worse|equivalent|not-worse", which makes a verdict an exit code.
#pragma once

#include <string>

#include "cli/verbs.h"
#include "record/verdict_record.h"

namespace whichfirst::cli {

struct Expectation {
  std::string word;  ///< empty: nothing is expected

  Option option();
  /// The exit code; says on stderr what was found instead. Speaks of the first comparison: the
  /// first order against the second.
  int judge(const record::VerdictRecord& verdict) const;
};

}  // namespace whichfirst::cli
