#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>

#include "cli/terminal.h"
#include "cli/verbs.h"
#include "data/description.h"
#include "report/data_text.h"
#include "study/experiment.h"

namespace whichfirst::cli {
namespace {

struct DataOptions {
  std::string name;
  std::string size;
  bool skip_broken = false;
  bool json = false;
};

int list(const DataOptions& options) {
  data::FoundSets sets;
  for (const data::KnownSet& set : data::known_sets()) sets.sets.push_back(find_set(set));
  fmt::print("{}", options.json ? to_json(sets)
                                : report::print_data_list(
                                      sets, columns_of(STDOUT_FILENO, report::kUnlimited)));
  return kDone;
}

/// A study that would read this set.
record::Study study_of(const DataOptions& options, bool is_path) {
  record::Study study;
  if (!options.size.empty()) {
    const std::string setting[] = {"data.size=" + options.size};
    study = record::resolve_study({}, setting);
  }
  study.data.skip_broken = options.skip_broken;
  study.data.name = is_path ? "" : options.name;
  if (is_path) study.data.path = options.name;
  return study;
}

int info(const DataOptions& options) {
  std::error_code ignored;
  const data::KnownSet* known = data::find_known(options.name);
  const bool is_path = known == nullptr && std::filesystem::exists(options.name, ignored);
  data::FoundSet where;
  if (known != nullptr) {
    where = data::find_set(*known);
    if (!where.found) {
      fmt::print("{}", options.json ? to_json(where) : report::print_absent_data(where));
      return kDone;
    }
  }
  data::DatasetDescription set =
      data::describe(study::load_dataset(study_of(options, is_path), data::search_folders()));
  if (is_path) {
    set.path = options.name;
  } else if (!where.set.files.empty()) {
    set.path = where.found;
  }
  fmt::print("{}", options.json ? to_json(set) : report::print_data(set));
  return kDone;
}

}  // namespace

Verb data_verb() {
  auto options = std::make_shared<DataOptions>();
  const Verb list_verb = {.name = "list",
                          .help = "List the data sets that can be chosen by name",
                          .options = {json_option(options->json)},
                          .run = [options] { return list(*options); }};
  const Verb info_verb = {
      .name = "info",
      .help = "Show what is in a set, or where to get it and where to put it",
      .options = {{"set",
                   &options->name,
                   "A known name, or a file or folder",
                   {.type = "NAME|PATH", .is_required = true}},
                  {"--size", &options->size, "Like data.size in a study: auto, 32 or 32x48"},
                  {"--skip-broken", &options->skip_broken, "Skip unreadable pictures of a folder"},
                  json_option(options->json)},
      .run = [options] { return info(*options); }};
  return {.name = "data",
          .help = "List data sets and show what is in one",
          .footer =
              "Examples:\n"
              "  whichfirst data list\n"
              "  whichfirst data info fashion-mnist\n"
              "  whichfirst data info my/pictures --size 48",
          .verbs = {list_verb, info_verb}};
}

}  // namespace whichfirst::cli
