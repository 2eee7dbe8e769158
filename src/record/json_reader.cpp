#include "record/json_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>
#include <utility>
#include <vector>

#include "base/error.h"
#include "record/printable.h"

namespace whichfirst::record {

using nlohmann::json;

json parse_json(std::string_view text, const std::string& label, int max_depth) {
  std::vector<std::set<std::string>> keys_at_depth(static_cast<std::size_t>(max_depth) + 1);
  const auto watch = [&](int depth, json::parse_event_t event, json& parsed) {
    if (event == json::parse_event_t::object_start || event == json::parse_event_t::array_start) {
      if (depth >= max_depth) {
        throw Error(fmt::format("{}: expected at most {} levels, found more", label, max_depth));
      }
      keys_at_depth[static_cast<std::size_t>(depth) + 1].clear();
    } else if (event == json::parse_event_t::key) {
      const auto& key = parsed.get_ref<const std::string&>();
      if (!keys_at_depth[static_cast<std::size_t>(depth)].insert(key).second) {
        throw Error(fmt::format("{}: '{}' stands there twice", label, printable(key)));
      }
    }
    return true;
  };
  try {
    return json::parse(text, watch);
  } catch (const json::exception& error) {
    throw Error(fmt::format("{}: expected JSON: {}", label, printable(error.what(), 300)));
  }
}

JsonValue JsonValue::at(std::string_view key) const {
  if (!json_->is_object()) fail_expected("an object");
  const auto found = json_->find(key);
  const std::string path = fmt::format("{}{}{}", path_, path_.empty() ? "" : ".", key);
  if (found == json_->end()) throw Error(fmt::format("{}: {} is missing", *label_, path));
  return JsonValue(*found, *label_, path);
}

void JsonValue::expect_only(std::initializer_list<std::string_view> keys) const {
  if (!json_->is_object()) fail_expected("an object");
  for (const auto& item : json_->items()) {
    if (std::find(keys.begin(), keys.end(), item.key()) == keys.end()) {
      fail(fmt::format("unknown key '{}'", printable(item.key())));
    }
  }
}

bool JsonValue::truth() const {
  if (!json_->is_boolean()) fail_expected("true or false");
  return json_->get<bool>();
}

bool JsonValue::has(std::string_view key) const {
  return json_->is_object() && json_->contains(std::string(key));
}

std::string JsonValue::text() const {
  if (!json_->is_string()) fail_expected("a string");
  return json_->get<std::string>();
}

double JsonValue::number() const {
  if (!json_->is_number()) fail_expected("a number");
  return json_->get<double>();
}

std::optional<double> JsonValue::optional_number() const {
  if (is_null()) return std::nullopt;
  if (!json_->is_number()) fail_expected("a number or null");
  return json_->get<double>();
}

std::uint64_t JsonValue::whole(std::uint64_t most) const {
  if (!json_->is_number_unsigned() || json_->get<std::uint64_t>() > most) {
    fail_expected(fmt::format("a whole number from 0 to {}", most));
  }
  return json_->get<std::uint64_t>();
}

int JsonValue::small_whole() const {
  return static_cast<int>(whole(std::numeric_limits<int>::max()));
}

std::size_t JsonValue::size() const {
  if (!json_->is_array()) fail_expected("a list");
  return json_->size();
}

JsonValue JsonValue::at(std::size_t index) const {
  if (index >= size()) fail_expected(fmt::format("a list of more than {} values", index));
  return JsonValue((*json_)[index], *label_, fmt::format("{}[{}]", path_, index));
}

void JsonValue::fail_expected(std::string_view wanted) const {
  const std::string found = json_->is_object()  ? "an object"
                            : json_->is_array() ? "a list"
                                                : printable(json_->dump(), 40);
  fail(fmt::format("expected {}, found {}", wanted, found));
}

void JsonValue::fail(std::string_view message) const {
  throw Error(
      fmt::format("{}: {}{}{}", *label_, printable(path_), path_.empty() ? "" : ": ", message));
}

}  // namespace whichfirst::record
