#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <string>

#include "cli/verbs.h"
#include "data/batches.h"
#include "data/dataset.h"
#include "data/known_sets.h"
#include "record/data_record.h"
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

record::KnownData describe(const data::KnownSet& set) {
  record::KnownData known{.name = std::string(set.name),
                          .description = std::string(set.description),
                          .classes = set.classes,
                          .found = {},
                          .files = std::string(set.files),
                          .source = std::string(set.source),
                          .places = {}};
  if (set.files.empty()) {
    known.found = "built in";
    return known;
  }
  const auto folders = data::search_folders();
  for (const auto& folder : folders) {
    known.places.push_back((folder / fmt::format("{}{}", set.name, set.ending)).string());
  }
  if (const auto path = data::find_named(set.name, folders)) known.found = path->string();
  return known;
}

record::DataPart count(const data::Images& images, int classes) {
  record::DataPart part{.pictures = images.count(), .by_class = {}};
  part.by_class.resize(static_cast<std::size_t>(classes));
  for (const std::int32_t label : images.labels) ++part.by_class[static_cast<std::size_t>(label)];
  return part;
}

record::DataRecord describe(const data::Dataset& set) {
  std::vector<std::uint32_t> all(set.train.labels.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint32_t>(i);
  data::Normalisation measured = data::measure_normalisation(set.train, all);
  const Shape& shape = set.train.shape;
  const bool is_bytes = std::holds_alternative<std::vector<std::uint8_t>>(set.train.pixels);
  return {.name = set.name,
          .format = set.format,
          .path = {},
          .shape = {shape.channels, shape.height, shape.width},
          .pixels = is_bytes ? "uint8" : "float",
          .classes = set.classes,
          .class_names = set.class_names,
          .train = count(set.train, set.classes),
          .test = count(set.test, set.classes),
          .mean = std::move(measured.mean),
          .deviation = std::move(measured.deviation),
          .notes = set.notes};
}

int list(const DataOptions& options) {
  record::DataListRecord sets;
  for (const data::KnownSet& set : data::known_sets()) sets.sets.push_back(describe(set));
  fmt::print("{}", options.json ? record::to_json(sets) : report::print_data_list(sets));
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
  record::KnownData where;
  if (known != nullptr) {
    where = describe(*known);
    if (!where.found) {
      fmt::print("{}", options.json ? record::to_json(where) : report::print_absent_data(where));
      return kDone;
    }
  }
  record::DataRecord set =
      describe(study::load_dataset(study_of(options, is_path), data::search_folders()));
  if (is_path) {
    set.path = options.name;
  } else if (!where.files.empty()) {
    set.path = where.found;
  }
  fmt::print("{}", options.json ? record::to_json(set) : report::print_data(set));
  return kDone;
}

}  // namespace

Verb data_verb() {
  auto options = std::make_shared<DataOptions>();
  const Verb list_verb = {.name = "list",
                          .help = "The sets that are known by name",
                          .options = {json_option(options->json)},
                          .run = [options] { return list(*options); }};
  const Verb info_verb = {
      .name = "info",
      .help = "What is in a set, or where to get it and where to put it",
      .options = {{"set",
                   &options->name,
                   "A known name, or a file or folder",
                   {.type = "NAME|PATH", .is_required = true}},
                  {"--size", &options->size, "As data.size of a study: auto, 32 or 32x48"},
                  {"--skip-broken", &options->skip_broken,
                   "Pass over unreadable pictures of a folder"},
                  json_option(options->json)},
      .run = [options] { return info(*options); }};
  return {.name = "data",
          .help = "Say which data sets there are and what is in one",
          .footer =
              "Examples:\n"
              "  whichfirst data list\n"
              "  whichfirst data info fashion-mnist\n"
              "  whichfirst data info my/pictures --size 48",
          .verbs = {list_verb, info_verb}};
}

}  // namespace whichfirst::cli
