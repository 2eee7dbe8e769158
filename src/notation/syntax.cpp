#include "notation/syntax.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace whichfirst::notation {
namespace {

/// "message" with the line that holds `offset` and a caret below the place.
std::string point_at(std::string_view text, std::size_t offset, const std::string& message) {
  offset = std::min(offset, text.size());
  std::size_t begin = text.substr(0, offset).rfind('\n');
  begin = begin == std::string_view::npos ? 0 : begin + 1;
  const std::size_t end = std::min(text.find('\n', begin), text.size());
  const std::size_t column = offset - begin;

  constexpr std::size_t kContext = 60;  // of a long line only the neighbourhood is shown
  const std::size_t shown_from = column > kContext ? column - kContext : 0;
  std::string line(
      text.substr(begin + shown_from, std::min(end - begin - shown_from, 2 * kContext)));
  std::replace_if(
      line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  return fmt::format("column {}: {}\n  {}\n  {}^", column + 1, message, line,
                     std::string(column - shown_from, ' '));
}

}  // namespace

SyntaxError::SyntaxError(std::string_view text, std::size_t offset, std::string message)
    : Error(point_at(text, offset, message)), offset_(offset), message_(std::move(message)) {}

}  // namespace whichfirst::notation
