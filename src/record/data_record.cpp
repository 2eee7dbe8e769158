#include "record/data_record.h"

#include "record/json_writer.h"

namespace whichfirst::record {
namespace {

using nlohmann::ordered_json;

ordered_json document(const KnownData& known) {
  return {{"name", known.name},
          {"description", known.description},
          {"classes", known.classes},
          {"found", or_null(known.found)},
          {"files", known.files.empty() ? ordered_json(nullptr) : ordered_json(known.files)},
          {"source", known.source.empty() ? ordered_json(nullptr) : ordered_json(known.source)},
          {"places", known.places}};
}

ordered_json document(const DataPart& part) {
  return {{"pictures", part.pictures}, {"by_class", part.by_class}};
}

}  // namespace

std::string to_json(const DataListRecord& list) {
  ordered_json sets = ordered_json::array();
  for (const KnownData& known : list.sets) sets.push_back(document(known));
  return print_json({{"sets", sets}}, 1);
}

std::string to_json(const KnownData& absent) { return print_json(document(absent), 1); }

std::string to_json(const DataRecord& set) {
  return print_json({{"name", set.name},
                     {"format", set.format},
                     {"path", or_null(set.path)},
                     {"shape", set.shape},
                     {"pixels", set.pixels},
                     {"classes", set.classes},
                     {"class_names", set.class_names},
                     {"train", document(set.train)},
                     {"test", document(set.test)},
                     {"mean", set.mean},
                     {"deviation", set.deviation},
                     {"notes", set.notes}},
                    1);
}

}  // namespace whichfirst::record
