// Foreign text inside messages: no byte of a file or an argument reaches a terminal as a command.
#pragma once

#include <compare>
#include <cstddef>
#include <string>
#include <string_view>

namespace whichfirst::json {

/// `text` with control characters and bytes that are no UTF-8 written as \xNN, and cut after `most`
/// bytes or a few more, which "..." shows.
std::string printable(std::string_view text, std::size_t most = 80);

/// Characters (code points) in `text`; a byte that is no UTF-8 counts as one.
std::size_t count_characters(std::string_view text);

/// A character of a text, both from 1, as editors count. Beyond the end is taken for the end.
struct Place {
  std::size_t line = 1;
  std::size_t column = 1;
  auto operator<=>(const Place&) const = default;
};

/// From `place` to the end of its line.
std::string_view rest_of_line(std::string_view text, Place place);

/// The line of `place` and below it a caret at that character. Of a long line only the
/// neighbourhood is shown; control characters become spaces.
std::string show_place(std::string_view text, Place place);

}  // namespace whichfirst::json
