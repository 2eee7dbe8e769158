// JSON that somebody else may have written: parsed within limits, every type checked.
// Internal to record.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace whichfirst::record {

/// The document in `text`. Throws Error beginning with `label` where it is no JSON, is nested
/// deeper than `max_depth`, or names a key twice in one object.
nlohmann::json parse_json(std::string_view text, const std::string& label, int max_depth);

/// A value of a document and its path in it ("epochs[3].lr"). Whatever does not fit is an Error
/// that names label and path. Document and label outlive this.
class JsonValue {
 public:
  JsonValue(const nlohmann::json& json, const std::string& label, std::string path = "")
      : json_(&json), label_(&label), path_(std::move(path)) {}

  /// The value of a key that must be there, in an object.
  JsonValue at(std::string_view key) const;
  /// Whether this object has the key.
  bool has(std::string_view key) const;
  /// Throws Error for a key of this object that is none of `keys`.
  void expect_only(std::initializer_list<std::string_view> keys) const;

  bool is_null() const { return json_->is_null(); }
  bool is_list() const { return json_->is_array(); }
  bool truth() const;
  std::string text() const;
  double number() const;
  std::optional<double> optional_number() const;
  std::uint64_t whole(std::uint64_t most) const;
  /// A whole number that an int holds.
  int small_whole() const;
  /// Elements of an array.
  std::size_t size() const;
  JsonValue at(std::size_t index) const;

  [[noreturn]] void fail_expected(std::string_view wanted) const;
  [[noreturn]] void fail(std::string_view message) const;

 private:
  const nlohmann::json* json_;
  const std::string* label_;
  std::string path_;
};

/// What `read` makes of each element of an array.
template <class Item>
std::vector<Item> list_of(const JsonValue& value, Item (*read)(const JsonValue&)) {
  std::vector<Item> list;
  for (std::size_t i = 0; i < value.size(); ++i) list.push_back(read(value.at(i)));
  return list;
}

}  // namespace whichfirst::record
