#include "table/cell.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>

#include "base/words.h"

namespace whichfirst::table {
namespace {

/// What stands between a mean and its spread.
constexpr std::string_view kSpreads[] = {"±", "+/-", "+-", "\\pm", "$\\pm", "(", "[", "\xb1"};

}  // namespace

Cell read_cell(std::string_view text, char separator) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == text.npos) return {.content = Content::missing};
  text = text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
  const std::string word = text.size() <= 16 ? lower_case(text) : std::string();
  if (is_among(word,
               {"na", "n/a", "#n/a", "<na>", "none", "null", "nil", "missing", "?", "-", "--"})) {
    return {.content = Content::missing};
  }
  if (word == "diverged") return {.content = Content::diverged};

  std::string with_point;
  const bool may_have_comma = separator != ',' && separator != '\0';
  if (may_have_comma && text.find('.') == text.npos) {
    with_point = text;
    const std::size_t comma = with_point.find(',');
    if (comma != with_point.npos) with_point[comma] = '.';
    text = with_point;
  }
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);  // not of from_chars
  double value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string_view rest = text.substr(static_cast<std::size_t>(stop - text.data()));
  if (error == std::errc::invalid_argument) return {};
  if (!rest.empty()) {
    const std::size_t next = rest.find_first_not_of(" \t");
    const std::string_view after = next == rest.npos ? rest : rest.substr(next);
    const bool has_spread = std::any_of(std::begin(kSpreads), std::end(kSpreads),
                                        [&](auto sign) { return after.starts_with(sign); });
    return {.content = has_spread ? Content::mean_spread : Content::other};
  }
  if (error == std::errc() && !std::isfinite(value)) return {.content = Content::diverged};
  if (error != std::errc() || std::abs(value) > kLargestNumber) {
    return {.content = Content::too_large};
  }
  return {.content = Content::number, .value = value};
}

}  // namespace whichfirst::table
