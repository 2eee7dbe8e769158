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

/// A key that this version refuses unless it has its default, which changes nothing.
struct LaterKey {
  std::string_view name;
  std::string_view default_value;  ///< TOML
};

std::span<const LaterKey> later_keys();

/// Whether the value is the TOML `text`; 0 and 0.0 are the same.
bool is_value(const toml::node& node, std::string_view text);

/// A preset's name as it is, a body in canonical form.
std::string canonical_network(const std::string& network);

}  // namespace whichfirst::record
