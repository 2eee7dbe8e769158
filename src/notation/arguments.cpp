#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/suggest.h"
#include "notation/stages.h"
#include "notation/syntax.h"

namespace whichfirst::notation {

int to_integer(std::string_view text, std::string_view digits, std::size_t offset,
               std::string_view what, Range range) {
  int value = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value);
  if (error == std::errc::invalid_argument || (error == std::errc{} && stop != end)) {
    throw SyntaxError(text, offset, fmt::format("{} is a whole number, found '{}'", what, digits));
  }
  if (error != std::errc{} || value < range.least || value > range.most) {
    throw SyntaxError(
        text, offset,
        fmt::format("{} is from {} to {}, found {}", what, range.least, range.most, digits));
  }
  return value;
}

const Argument* Arguments::find(std::string_view key) {
  if (!key.empty()) keys_.push_back(key);
  for (Argument& argument : arguments_) {
    if (argument.key == key) {
      argument.is_taken = true;
      return &argument;
    }
    if (key.empty()) break;  // a value alone stands first
  }
  return nullptr;
}

std::optional<int> Arguments::integer(std::string_view key, Range range, std::string_view what) {
  const Argument* argument = find(key);
  if (argument == nullptr) return std::nullopt;
  return to_integer(text_, argument->value, argument->offset, key.empty() ? what : key, range);
}

std::optional<double> Arguments::number(std::string_view key, double least, double most,
                                        std::string_view what) {
  const Argument* argument = find(key);
  if (argument == nullptr) return std::nullopt;
  return to_number(*argument, key.empty() ? what : key, least, most);
}

double Arguments::to_number(const Argument& argument, std::string_view what, double least,
                            double most) const {
  double value = 0;
  const char* end = argument.value.data() + argument.value.size();
  const auto [stop, error] = std::from_chars(argument.value.data(), end, value);
  if (error != std::errc{} || stop != end || !std::isfinite(value)) {
    throw SyntaxError(text_, argument.offset,
                      fmt::format("{} is a number, found '{}'", what, argument.value));
  }
  if (value < least || value > most) {
    throw SyntaxError(
        text_, argument.offset,
        fmt::format("{} is from {} to {}, found {}", what, least, most, argument.value));
  }
  return value;
}

std::optional<std::string_view> Arguments::choice(std::string_view key,
                                                  const std::vector<std::string_view>& words) {
  const Argument* argument = find(key);
  if (argument == nullptr) return std::nullopt;
  if (std::find(words.begin(), words.end(), argument->value) != words.end()) {
    return argument->value;
  }
  std::string listed;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) listed += i + 1 == words.size() ? " or " : ", ";
    listed += words[i];
  }
  throw SyntaxError(text_, argument->offset,
                    fmt::format("{} is {}, found '{}'", key, listed, argument->value));
}

std::optional<bool> Arguments::on_off(std::string_view key) {
  const auto word = choice(key, {"on", "off"});
  if (!word) return std::nullopt;
  return *word == "on";
}

BiasRule Arguments::bias() {
  const auto word = choice("bias", {"auto", "on", "off"});
  if (!word || *word == "auto") return BiasRule::automatic;
  return *word == "on" ? BiasRule::on : BiasRule::off;
}

void Arguments::finish() const {
  for (const Argument& argument : arguments_) {
    if (argument.is_taken) continue;
    const auto refuse = [&](std::string message) {
      throw SyntaxError(text_, argument.offset, std::move(message));
    };
    if (argument.key.empty()) {
      refuse(fmt::format("{} takes no value '{}' here", stage_, argument.value));
    }
    if (std::find(keys_.begin(), keys_.end(), argument.key) != keys_.end()) {
      refuse(fmt::format("{} is given twice", argument.key));
    }
    const auto near = nearest_word(argument.key, keys_);
    refuse(fmt::format("{} has no option '{}'{}", stage_, argument.key,
                       near            ? fmt::format(", did you mean '{}'?", *near)
                       : keys_.empty() ? std::string("; it has none")
                                       : fmt::format("; it has {}", fmt::join(keys_, ", "))));
  }
}

}  // namespace whichfirst::notation
