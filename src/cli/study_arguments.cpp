#include "cli/study_arguments.h"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <vector>

#include "base/error.h"
#include "cli/demo_study.h"
#include "data/known_sets.h"
#include "json/printable.h"
#include "notation/parse.h"
#include "notation/print.h"
#include "study/experiment.h"

namespace whichfirst::cli {
namespace {

namespace fs = std::filesystem;

/// The order that a bare word is, in canonical notation; nullopt where it is none.
std::optional<std::string> order_of(const std::string& word) {
  try {
    return notation::print(notation::parse(word, notation::Context::order));
  } catch (const notation::SyntaxError&) {
    return std::nullopt;
  }
}

/// Whether a file is one of pictures: what begins with no text is no study.
bool holds_data(const fs::path& file) {
  const std::string ending = file.extension().string();
  for (const char* of_data : {".npz", ".npy", ".gz", ".bin", ".idx"}) {
    if (ending == of_data) return true;
  }
  return file.filename().string().ends_with("-ubyte");
}

/// "conv bn relu" -> "orders.conv-bn-relu=conv bn relu", named by itself.
std::string order_setting(const std::string& order) {
  std::string name;
  for (const char c : order) {
    const bool fits = record::is_name_character(c) && c != '.';
    if (fits) name += c;
    if (!fits && !name.empty() && name.back() != '-') name += '-';
  }
  while (!name.empty() && name.back() == '-') name.pop_back();
  return fmt::format("orders.{}={}", name.substr(0, record::kMaxOrderName), order);
}

/// The shell expands ~ at the beginning of a word only.
std::string with_home(const std::string& setting) {
  constexpr std::string_view kPath = "data.path=~/";
  const char* home = std::getenv("HOME");
  if (home == nullptr || !setting.starts_with(kPath)) return setting;
  return fmt::format("data.path={}/{}", home, setting.substr(kPath.size()));
}

/// Of `words` from `first` on, those that go on with an order whose quotes were left out.
std::string unquoted(const std::vector<std::string>& words, std::size_t first) {
  std::string order;
  for (std::size_t i = first; i < words.size() && order_of(words[i]); ++i) order += " " + words[i];
  return order;
}

/// A setting that a bare word stands for; nullopt where it is to be read as a study file.
std::optional<std::string> setting_of(const std::vector<std::string>& words, std::size_t i) {
  const std::string& word = words[i];
  std::error_code ignored;
  if (word == "demo") return std::nullopt;
  if (fs::is_directory(word, ignored)) {
    if (fs::exists(fs::path(word) / "study.toml", ignored)) {
      throw Error(
          "{0}: this is the folder of a run; `whichfirst report {0}` prints it, `whichfirst "
          "compare {1} --out {0}` goes on with it",
          word, (fs::path(word) / "study.toml").string());
    }
    return "data.path=" + word;
  }
  if (fs::exists(word, ignored)) {
    return holds_data(word) ? std::optional("data.path=" + word) : std::nullopt;
  }
  if (word.find('=') != std::string::npos) return with_home(word);
  if (data::find_known(word) != nullptr) return "data.name=" + word;
  const auto order = order_of(word);
  if (!order) return std::nullopt;
  const bool is_chain = order->find(' ') != std::string::npos;
  if (is_chain) return order_setting(*order);
  const std::string before = i > 0 ? words[i - 1] : "";
  if (before.starts_with("orders.") && before.find('=') != std::string::npos) {
    const std::size_t equals = before.find('=') + 1;
    throw Error("{}: an order is written in quotes: {}'{}{}'", word, before.substr(0, equals),
                before.substr(equals), unquoted(words, i));
  }
  throw Error(
      "{}: an order is written in quotes, such as whichfirst compare 'conv bn relu' "
      "'conv relu bn'; found{}",
      word, unquoted(words, i));
}

}  // namespace

Option StudyArguments::option() {
  return {"study", &words,
          "A study file, or `demo` for the built-in one; then key=value settings, which take "
          "precedence over the file (docs/study.md lists all keys)",
          typed("[STUDY.toml] [key=value ...]")};
}

record::StudySource demo_study() {
  return {.text = kDemoStudy, .label = "the built-in demo study", .default_name = "demo"};
}

record::Study StudyArguments::resolve() const {
  std::optional<record::StudySource> source;
  std::vector<std::string> overrides;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    std::error_code ignored;
    const bool exists = fs::is_regular_file(word, ignored);
    if (const auto setting = setting_of(words, i)) {
      overrides.push_back(*setting);
    } else if (source) {
      throw Error(
          "only one study file is read at a time, found {} and {}; settings are written "
          "key=value, without spaces around '='",
          source->label, word);
    } else if (word == "demo" && !exists) {
      source = demo_study();
    } else if (!exists) {
      throw Error(
          "{}: no such file; expected a study file, an order in quotes such as 'conv bn "
          "relu', the name, folder or file of a data set (`whichfirst data list`), or a "
          "setting such as recipe.epochs=5",
          json::printable(word));
    } else {
      source = record::read_study_source(word);
    }
  }
  if (!source && overrides.empty()) source = demo_study();
  return record::resolve_study(source, overrides, study::default_orders);
}

}  // namespace whichfirst::cli
