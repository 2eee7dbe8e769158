#include "json/printable.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace whichfirst::json {
namespace {

struct Character {
  std::string_view bytes;
  bool is_plain;  // valid UTF-8 and no control character
};

/// The character that `text`, not empty, begins with.
Character first_character(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return {text.substr(0, 1), lead >= 0x20 && lead != 0x7f};
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return {text.substr(0, 1), false};
  std::uint32_t code = lead & (0xffU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xc0U) != 0x80U) return {text.substr(0, 1), false};
    code = code << 6 | (next & 0x3fU);
  }
  const bool is_overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  const bool is_surrogate = code >= 0xd800 && code <= 0xdfff;
  if (is_overlong || is_surrogate || code > 0x10ffff) return {text.substr(0, 1), false};
  // U+0080..9F are controls; these format characters would turn the rest of the line around.
  const bool turns_text = (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
  return {text.substr(0, length), code >= 0xa0 && !turns_text};
}

std::vector<Character> characters_of(std::string_view text) {
  std::vector<Character> characters;
  while (!text.empty()) {
    characters.push_back(first_character(text));
    text.remove_prefix(characters.back().bytes.size());
  }
  return characters;
}

std::string_view line_of(std::string_view text, std::size_t line) {
  for (; line > 1; --line) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  text = text.substr(0, text.find('\n'));
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

}  // namespace

std::string printable(std::string_view text, std::size_t most) {
  std::string shown;
  while (!text.empty()) {
    if (shown.size() >= most) return shown + "...";
    const Character next = first_character(text);
    if (next.is_plain) {
      shown += next.bytes;
    } else {
      for (const char byte : next.bytes) {
        shown += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
      }
    }
    text.remove_prefix(next.bytes.size());
  }
  return shown;
}

std::size_t count_characters(std::string_view text) { return characters_of(text).size(); }

std::string_view rest_of_line(std::string_view text, Place place) {
  std::string_view rest = line_of(text, place.line);
  for (; place.column > 1 && !rest.empty(); --place.column) {
    rest.remove_prefix(first_character(rest).bytes.size());
  }
  return rest;
}

std::string show_place(std::string_view text, Place place) {
  constexpr std::size_t kContext = 60;
  const std::vector<Character> characters = characters_of(line_of(text, place.line));
  const std::size_t caret = std::min(place.column - 1, characters.size());
  const std::size_t begin = caret > kContext ? caret - kContext : 0;
  const std::size_t end = std::min(characters.size(), begin + 2 * kContext);
  std::string shown;
  for (std::size_t i = begin; i < end; ++i) {
    shown += characters[i].is_plain ? characters[i].bytes : std::string_view(" ");
  }
  return fmt::format("{}\n{}^", shown, std::string(caret - begin, ' '));
}

}  // namespace whichfirst::json
