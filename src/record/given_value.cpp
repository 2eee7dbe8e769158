#include "record/given_value.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace whichfirst::record {
namespace {

std::string describe(const toml::node& node) {
  if (const auto* text = node.as_string())
    return fmt::format("'{}'", json::printable(text->get(), 40));
  if (const auto* whole = node.as_integer()) return fmt::format("{}", whole->get());
  if (const auto* number = node.as_floating_point()) return fmt::format("{}", number->get());
  if (const auto* truth = node.as_boolean()) return truth->get() ? "true" : "false";
  if (node.is_table()) return "a table";
  if (node.is_array()) return "a list";
  return "a date or time";
}

}  // namespace

void Origin::fail(json::Place place, const std::string& message) const {
  if (is_command_line()) throw Error("{}: {}", json::printable(text), message);
  throw Error("{}:{}:{}: {}\n{}", json::printable(label, 4096), place.line, place.column, message,
              json::show_place(text, place));
}

void GivenValue::fail(const std::string& message) const {
  origin->fail(place, origin->is_command_line() ? message : fmt::format("{}: {}", key, message));
}

void GivenValue::fail_expected(std::string_view wanted, std::string_view hint) const {
  fail(fmt::format("expected {}, found {}{}", wanted, describe(*node), hint));
}

double GivenValue::number(std::string_view wanted, const std::function<bool(double)>& fits) const {
  const std::optional<double> value = node->value<double>();
  if (!node->is_number() || !value || !std::isfinite(*value) || !fits(*value)) {
    fail_expected(wanted);
  }
  return *value;
}

std::string GivenValue::text() const {
  if (const auto* value = node->as_string()) return value->get();
  if (!origin->is_command_line()) fail_expected("a string");
  return std::string(raw);
}

bool GivenValue::is_word(std::string_view word) const {
  const auto* value = node->as_string();
  return value != nullptr && value->get() == word;
}

std::vector<std::string> GivenValue::list(std::string_view wanted) const {
  constexpr std::size_t kMostWords = 64;
  std::vector<std::string> words;
  if (const toml::array* array = node->as_array()) {
    if (array->size() > kMostWords) fail_expected(wanted);
    for (const toml::node& element : *array) {
      const auto* word = element.as_string();
      if (word == nullptr) fail_expected(wanted);
      words.push_back(word->get());
    }
    return words;
  }
  // [flip] is no TOML and flip, crop(4) is none either; both are what a person types.
  std::string rest = text();
  if (rest.starts_with('[') && rest.ends_with(']')) rest = rest.substr(1, rest.size() - 2);
  for (std::size_t begin = 0; begin <= rest.size() && words.size() <= kMostWords;) {
    const std::size_t end = std::min(rest.find(',', begin), rest.size());
    const std::string word = rest.substr(begin, end - begin);
    const std::size_t first = word.find_first_not_of(" \"");
    if (first != std::string::npos) {
      words.push_back(word.substr(first, word.find_last_not_of(" \"") + 1 - first));
    }
    begin = end + 1;
  }
  return words;
}

std::string GivenValue::notation(notation::Context context) const {
  std::string value = text();
  try {
    notation::parse(value, context);
  } catch (const notation::SyntaxError& error) {
    // The place inside the value is the place in the file where the string stands there as it is:
    // on one line, without escapes. Otherwise the value's start must do.
    const std::string_view written = json::rest_of_line(origin->text, place);
    const std::size_t quote = !written.empty() && (written[0] == '"' || written[0] == '\'') ? 1 : 0;
    json::Place at = place;
    if (written.substr(quote).starts_with(value)) {
      at.column +=
          quote + json::count_characters(std::string_view(value).substr(0, error.offset()));
    }
    const std::string message = json::printable(error.message(), 400);
    if (!origin->is_command_line()) origin->fail(at, message);
    origin->fail(at, fmt::format("{}\n{}", message, json::show_place(origin->text, at)));
  }
  return value;
}

std::string toml_string(std::string_view text) {
  std::string toml = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      toml += fmt::format("\\{}", c);
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      toml += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      toml += c;
    }
  }
  return toml + '"';
}

}  // namespace whichfirst::record
