// What is known of data sets: what `whichfirst data` prints.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "data/known_sets.h"

namespace whichfirst::data {

/// One known set, and whether it is there.
struct FoundSet {
  KnownSet set = {};
  std::optional<std::string> found;  ///< its file or folder; "built in" for a drawn set
  std::vector<std::string> places;   ///< where it is looked for, the first one first
};

struct FoundSets {
  std::vector<FoundSet> sets;
};

/// Pictures of the training or the test set.
struct PartDescription {
  std::int64_t pictures = 0;
  std::vector<std::int64_t> by_class;
};

/// A set that was read.
struct DatasetDescription {
  std::string name;
  std::string format;  ///< "idx", "image folder", ...
  std::optional<std::string> path;
  Shape shape;         ///< of one picture
  std::string pixels;  ///< "uint8", "float"
  int classes = 0;
  std::vector<std::string> class_names;  ///< empty where nobody named them
  PartDescription train;
  PartDescription test;
  /// Of the training pictures, by channel, in the pixels' own unit.
  std::vector<double> mean;
  std::vector<double> deviation;
  std::vector<std::string> notes;
};

/// Looks for the set in search_folders().
FoundSet find_set(const KnownSet& set);
/// All but the path.
DatasetDescription describe(const Dataset& set);

/// Documents, ended with a line break.
std::string to_json(const FoundSets& list);
std::string to_json(const FoundSet& absent);
std::string to_json(const DatasetDescription& set);

/// The fields of the last two as rows of a table in Markdown, for docs/documents.md.
std::string known_set_table();
std::string dataset_table();

}  // namespace whichfirst::data
