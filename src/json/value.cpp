#include "json/value.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "json/printable.h"

namespace whichfirst::json {
namespace {

/// Counts levels and watches for keys that come twice while the text is parsed: a hostile document
/// is refused before it is built.
nlohmann::json parse(std::string_view text, const std::string& label, int most_levels) {
  using nlohmann::json;
  std::vector<std::set<std::string>> keys_at_level(static_cast<std::size_t>(most_levels) + 1);
  const auto watch = [&](int level, json::parse_event_t event, json& parsed) {
    if (event == json::parse_event_t::object_start || event == json::parse_event_t::array_start) {
      if (level >= most_levels) {
        throw Error("{}: expected at most {} levels, found more", label, most_levels);
      }
      keys_at_level[static_cast<std::size_t>(level) + 1].clear();
    } else if (event == json::parse_event_t::key) {
      const auto& key = parsed.get_ref<const std::string&>();
      if (!keys_at_level[static_cast<std::size_t>(level)].insert(key).second) {
        throw Error("{}: duplicate key '{}'", label, printable(key));
      }
    }
    return true;
  };
  try {
    return json::parse(text, watch);
  } catch (const json::exception& error) {
    throw Error("{}: expected JSON: {}", label, printable(error.what(), 300));
  }
}

}  // namespace

Document::Document(std::string_view text, std::string label, const Reading& reading)
    : label_(std::move(label)),
      reading_(reading),
      json_(std::make_unique<const nlohmann::json>(parse(text, label_, reading.most_levels))) {}

Document::~Document() = default;

Value Document::root() const { return {*json_, *this, ""}; }

Value Value::at(std::string_view key) const {
  if (!json_->is_object()) fail_expected("an object");
  const auto found = json_->find(key);
  const std::string path = fmt::format("{}{}{}", path_, path_.empty() ? "" : ".", key);
  if (found == json_->end()) throw Error("{}: {} is missing", document_->label(), path);
  return {*found, *document_, path};
}

std::vector<std::string> Value::keys() const {
  if (!json_->is_object()) fail_expected("an object");
  std::vector<std::string> keys;
  for (const auto& item : json_->items()) keys.push_back(item.key());
  return keys;
}

bool Value::is_null() const { return json_->is_null(); }

bool Value::is_list() const { return json_->is_array(); }

bool Value::is_object() const { return json_->is_object(); }

bool Value::is_text(std::string_view text) const { return json_->is_string() && *json_ == text; }

bool Value::truth() const {
  if (!json_->is_boolean()) fail_expected("true or false");
  return json_->get<bool>();
}

bool Value::has(std::string_view key) const {
  return json_->is_object() && json_->contains(std::string(key));
}

std::string Value::text() const {
  if (!json_->is_string()) fail_expected("a string");
  auto text = json_->get<std::string>();
  const auto& longest = document_->reading().longest_text;
  return longest ? printable(text, *longest) : text;
}

std::string Value::plain_text() const {
  if (is_null()) return "";
  return json_->is_string() ? json_->get<std::string>() : json_->dump();
}

std::string Value::printable_text(std::size_t longest) const { return printable(text(), longest); }

double Value::number() const {
  if (!json_->is_number()) fail_expected("a number");
  return json_->get<double>();
}

std::optional<double> Value::optional_number() const {
  if (is_null()) return std::nullopt;
  if (!json_->is_number()) fail_expected("a number or null");
  return json_->get<double>();
}

std::uint64_t Value::whole(std::uint64_t most) const {
  if (!json_->is_number_unsigned() || json_->get<std::uint64_t>() > most) {
    fail_expected(fmt::format("a whole number from 0 to {}", most));
  }
  return json_->get<std::uint64_t>();
}

int Value::small_whole() const { return static_cast<int>(whole(std::numeric_limits<int>::max())); }

std::size_t Value::size() const {
  if (!json_->is_array()) fail_expected("a list");
  return json_->size();
}

Value Value::at(std::size_t index) const {
  if (index >= size()) fail_expected(fmt::format("a list of more than {} values", index));
  return {(*json_)[index], *document_, fmt::format("{}[{}]", path_, index)};
}

void Value::fail_expected(std::string_view wanted) const {
  const std::string found = json_->is_object()  ? "an object"
                            : json_->is_array() ? "a list"
                                                : printable(json_->dump(), 40);
  fail(fmt::format("expected {}, found {}", wanted, found));
}

void Value::fail(std::string_view message) const {
  throw Error("{}: {}{}{}", document_->label(), printable(path_), path_.empty() ? "" : ": ",
              message);
}

void Writer::number(double value) {
  check(std::isfinite(value), "a number that is written is finite");
  begin_value() += nlohmann::json(value).dump();
}

void Writer::number_or_null(double value) { std::isfinite(value) ? number(value) : null(); }

void Writer::text(std::string_view value) {
  begin_value() +=
      nlohmann::json(value).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void Writer::key(std::string_view key) {
  text(key);
  text_ += indent_ < 0 ? ":" : ": ";
  has_key_ = true;
}

std::string& Writer::begin_value() {
  if (has_key_) {
    has_key_ = false;
  } else if (level_ > 0) {
    if (!is_first_) text_ += ',';
    break_line();
  }
  is_first_ = false;
  return text_;
}

void Writer::begin(char bracket) {
  begin_value() += bracket;
  ++level_;
  is_first_ = true;
}

void Writer::end(char bracket) {
  --level_;
  if (!is_first_) break_line();
  is_first_ = false;
  text_ += bracket;
}

void Writer::break_line() {
  if (indent_ < 0) return;
  text_ += '\n';
  text_.append(static_cast<std::size_t>(indent_ * level_), ' ');
}

}  // namespace whichfirst::json
