// "--format text|json|md|latex|csv", for every verb that ends in a verdict.
#pragma once

#include <optional>
#include <string>

#include "cli/verbs.h"
#include "record/verdict_record.h"
#include "study/conclude.h"

namespace whichfirst::cli {

struct VerdictFormat {
  std::string word = "text";
  bool json = false;     ///< "--json", the short way to say it
  bool details = false;  ///< of the text

  Options options();
  bool is_json() const { return json || word == "json"; }
  /// The whole document, ended with a line break.
  std::string print(const record::VerdictRecord& verdict) const;
};

/// "--difference D --power P": what a reader would like to be able to see.
struct WantedOptions {
  std::optional<double> difference;
  double power = 0.8;

  Options options();
  /// Throws Error where a number is out of its range.
  study::Wanted wanted() const;
};

}  // namespace whichfirst::cli
