// What is known of data sets, as JSON: what `whichfirst data ... --json` prints.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace whichfirst::record {

/// One known set, and whether it is there.
struct KnownData {
  std::string name;
  std::string description;
  int classes = 0;
  std::optional<std::string> found;  ///< its file or folder; "built in" for a drawn set
  std::string files;                 ///< what is expected to be there; empty for a drawn set
  std::string source;                ///< where to get it; likewise
  std::vector<std::string> places;   ///< where it is looked for, the first one first
};

struct DataListRecord {
  std::vector<KnownData> sets;
};

/// Pictures of the training or the test set.
struct DataPart {
  std::int64_t pictures = 0;
  std::vector<std::int64_t> by_class;
};

/// A set that was read.
struct DataRecord {
  std::string name;
  std::string format;  ///< "idx", "image folder", ...
  std::optional<std::string> path;
  std::vector<int> shape;  ///< C, H, W of one picture
  std::string pixels;      ///< "uint8", "float"
  int classes = 0;
  std::vector<std::string> class_names;  ///< empty where nobody named them
  DataPart train;
  DataPart test;
  /// Of the training pictures, by channel, in the pixels' own unit.
  std::vector<double> mean;
  std::vector<double> deviation;
  std::vector<std::string> notes;
};

/// Documents, ended with a line break.
std::string to_json(const DataListRecord& list);
std::string to_json(const KnownData& absent);
std::string to_json(const DataRecord& set);

}  // namespace whichfirst::record
