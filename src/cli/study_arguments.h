// "[STUDY.toml] [key=value ...]", which several verbs take.
#pragma once

#include <string>
#include <vector>

#include "cli/verbs.h"
#include "record/study_file.h"

namespace whichfirst::cli {

/// A word with '=' that is no file is an override; another one is the study file, `demo` for the
/// built-in study, a data set (its name, folder or file) or an order.
struct StudyArguments {
  std::vector<std::string> words;

  Option option();
  /// Throws Error with the command that was meant where a word is none of these. No word at all:
  /// the built-in demo study. Overrides alone: the documented defaults.
  record::Study resolve() const;
};

/// The text of studies/demo.toml.
record::StudySource demo_study();

}  // namespace whichfirst::cli
