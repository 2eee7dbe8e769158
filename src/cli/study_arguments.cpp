#include "cli/study_arguments.h"

#include <filesystem>
#include <optional>

#include "base/error.h"
#include "cli/demo_study.h"
#include "study/experiment.h"

namespace whichfirst::cli {

Option StudyArguments::option() {
  return {"study", &words,
          "A study file, or `demo` for the built-in one; then key=value settings, which beat "
          "the file (docs/study.md lists all keys)",
          typed("[STUDY.toml] [key=value ...]")};
}

record::StudySource demo_study() {
  return {.text = kDemoStudy, .label = "the built-in demo study", .default_name = "demo"};
}

record::Study StudyArguments::resolve() const {
  std::optional<record::StudySource> source;
  std::vector<std::string> overrides;
  for (const std::string& word : words) {
    std::error_code ignored;
    const bool is_file =
        std::filesystem::exists(word, ignored) && !std::filesystem::is_directory(word, ignored);
    if (word.find('=') != std::string::npos && !is_file) {
      overrides.push_back(word);
    } else if (source) {
      throw Error("only one study file is read at a time, found " + source->label + " and " + word +
                  "; settings are written key=value, without spaces around '='");
    } else {
      source = word == "demo" && !is_file ? demo_study() : record::read_study_source(word);
    }
  }
  if (!source && overrides.empty()) source = demo_study();
  return record::resolve_study(source, overrides, study::default_orders);
}

}  // namespace whichfirst::cli
