#include "data/description.h"

#include <numeric>

#include "data/batches.h"
#include "json/fields.h"

namespace whichfirst::data {
namespace {

using json::among;
using json::field;
using json::TextOrNull;
using Numbers = json::ListOf<double, json::NumberOrNull>;

const json::Fields<FoundSet> kFoundSetFields = {
    among<&FoundSet::set>({
        field<&KnownSet::name>("name", "as in data.name"),
        field<&KnownSet::description>("description", "one line"),
        field<&KnownSet::classes>("classes", "labels"),
    }),
    field<&FoundSet::found>("found", "file or folder; `built in` for a drawn set"),
    among<&FoundSet::set>({
        field<&KnownSet::files, TextOrNull>("files", "what is expected; null for a drawn set"),
        field<&KnownSet::source, TextOrNull>("source", "where to get it; likewise"),
    }),
    field<&FoundSet::places>("places", "where it is looked for, the first one first"),
};

const json::Fields<FoundSets> kFoundSetsFields = {
    field<&FoundSets::sets>("sets", kFoundSetFields, "all that are known by name"),
};

const json::Fields<PartDescription> kPartFields = {
    field<&PartDescription::pictures>("pictures", "all of them"),
    field<&PartDescription::by_class>("by_class", "pictures of each label"),
};

const json::Fields<DatasetDescription> kDatasetFields = {
    field<&DatasetDescription::name>("name", "known name, or of the file or folder"),
    field<&DatasetDescription::format>("format", "`idx`, `image folder`, ..."),
    field<&DatasetDescription::path>("path", "null for a drawn set"),
    field<&DatasetDescription::shape, json::Extents>("shape", "C, H, W of one picture"),
    field<&DatasetDescription::pixels>("pixels", "`uint8` or `float`"),
    field<&DatasetDescription::classes>("classes", "labels"),
    field<&DatasetDescription::class_names>("class_names", "empty where nobody named them"),
    field<&DatasetDescription::train>("train", kPartFields, "training set"),
    field<&DatasetDescription::test>("test", kPartFields, "test set"),
    field<&DatasetDescription::mean, Numbers>("mean", "of the training pictures, by channel"),
    field<&DatasetDescription::deviation, Numbers>("deviation", "likewise"),
    field<&DatasetDescription::notes>("notes", "what a user must know of how it was read"),
};

PartDescription count(const Images& images, int classes) {
  PartDescription part{.pictures = images.count(), .by_class = {}};
  part.by_class.resize(static_cast<std::size_t>(classes));
  for (const std::int32_t label : images.labels) ++part.by_class[static_cast<std::size_t>(label)];
  return part;
}

}  // namespace

FoundSet find_set(const KnownSet& set) {
  FoundSet known{.set = set, .found = {}, .places = {}};
  if (set.files.empty()) {
    known.found = "built in";
    return known;
  }
  const auto folders = search_folders();
  for (const auto& folder : folders) {
    known.places.push_back((folder / (std::string(set.name) + std::string(set.ending))).string());
  }
  if (const auto path = find_named(set.name, folders)) known.found = path->string();
  return known;
}

DatasetDescription describe(const Dataset& set) {
  std::vector<std::uint32_t> all(set.train.labels.size());
  std::iota(all.begin(), all.end(), 0U);
  Normalisation measured = measure_normalisation(set.train, all);
  const bool is_bytes = std::holds_alternative<std::vector<std::uint8_t>>(set.train.pixels);
  return {.name = set.name,
          .format = set.format,
          .path = {},
          .shape = set.train.shape,
          .pixels = is_bytes ? "uint8" : "float",
          .classes = set.classes,
          .class_names = set.class_names,
          .train = count(set.train, set.classes),
          .test = count(set.test, set.classes),
          .mean = std::move(measured.mean),
          .deviation = std::move(measured.deviation),
          .notes = set.notes};
}

std::string to_json(const FoundSets& list) { return json::print(kFoundSetsFields, list); }

std::string to_json(const FoundSet& absent) { return json::print(kFoundSetFields, absent); }

std::string to_json(const DatasetDescription& set) { return json::print(kDatasetFields, set); }

std::string known_set_table() { return json::print_table(kFoundSetFields.list); }

std::string dataset_table() { return json::print_table(kDatasetFields.list); }

}  // namespace whichfirst::data
