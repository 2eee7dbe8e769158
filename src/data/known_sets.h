// The published sets that are known by name: what they hold and how a user gets them.
#pragma once

#include <span>
#include <string_view>

namespace whichfirst::data {

/// A set that is known by name.
struct KnownSet {
  std::string_view name;
  std::string_view description;  ///< one line
  int classes = 0;
  std::span<const std::string_view> class_names =
      {};                        ///< empty where the set's own files tell them
  std::string_view files = {};   ///< what is expected to be there; empty for a set that is drawn
  std::string_view source = {};  ///< an address; empty for a set that is drawn
  /// What stands behind the name where the set is looked for: nothing (a folder) or ".npz".
  std::string_view ending = {};
};

/// All of them, the drawn one last.
std::span<const KnownSet> known_sets();

/// The set of this name, or nullptr.
const KnownSet* find_known(std::string_view name);

}  // namespace whichfirst::data
