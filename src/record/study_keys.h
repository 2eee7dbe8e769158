// The keys of a study, except [orders]: one row a key, which reads it, checks it and prints it.
// Internal to record.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "record/given_value.h"
#include "record/study_file.h"

namespace whichfirst::record {

struct StudyKey {
  std::string_view name;  ///< dotted
  /// Throws Error where the value does not fit.
  void (*set)(Study& study, const GivenValue& value);
  /// The value as TOML; empty where another key stands in for this one.
  std::string (*print)(const Study& study);
};

/// In the documented order: top-level keys, then data, recipe, plan.
std::span<const StudyKey> study_keys();

/// A preset's name as it is, a body in canonical form.
std::string canonical_network(const std::string& network);

}  // namespace whichfirst::record
