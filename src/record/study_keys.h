// The keys of a study, except [orders]: one row per key, from which it is read, checked, printed,
// hashed and documented. Internal to record.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "record/study_file.h"

namespace whichfirst::record {

struct GivenValue;

/// When a key is part of study_hash.
enum class Hashed {
  always,
  never,
  unless_default,      ///< of keys that came after runs had been hashed without them
  with_closed_horizon  ///< not while plan.horizon is "open"
};

struct StudyKey {
  std::string_view name;  ///< dotted
  std::string takes;      ///< what fits, in the words of errors and of docs/study.md
  std::string_view meaning;
  Hashed hashed;
  /// Whether the study has this key; another one may stand in for it.
  bool (*applies)(const Study& study);
  /// Throws Error where the value does not fit.
  std::function<void(Study& study, const GivenValue& value)> set;
  /// The value as TOML, where the key applies.
  std::function<std::string(const Study& study)> print;
};

/// In the documented order: top-level keys, then data, recipe, plan.
std::span<const StudyKey> study_keys();

/// A preset's name as it is, a body in canonical form.
std::string canonical_network(const std::string& network);

}  // namespace whichfirst::record
