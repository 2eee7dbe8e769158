// Numbers on their way into JSON: missing and non-finite ones are null. Internal to record.
#pragma once

#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "base/error.h"

namespace whichfirst::record {

inline nlohmann::ordered_json or_null(const std::optional<double>& value) {
  if (!value || !std::isfinite(*value)) return nullptr;
  return *value;
}

template <class Value>
nlohmann::ordered_json or_null(const std::optional<Value>& value) {
  if (!value) return nullptr;
  return *value;
}

inline double finite(double value) {
  check(std::isfinite(value), "a number that is written is finite");
  return value;
}

/// The document, ended with a line break. Bytes that are no UTF-8 become U+FFFD.
inline std::string print_json(const nlohmann::ordered_json& json, int indent) {
  return json.dump(indent, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
}

}  // namespace whichfirst::record
