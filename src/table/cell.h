// What a cell of a table says.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <iterator>
#include <string_view>

namespace whichfirst::table {

/// The largest number, in magnitude: its square exists.
inline constexpr double kLargestNumber = 1e150;

/// A finite number, or what stands in its place.
enum class Content {
  number,
  missing,      ///< empty, NA, N/A, None, null, missing, a dash, ...
  diverged,     ///< nan, inf, diverged: a trial that was lost
  mean_spread,  ///< "24.2 ± 0.3", "24.2 (0.3)": not one trial
  too_large,    ///< beyond kLargestNumber
  other,
};

struct Cell {
  Content content = Content::other;
  double value = 0;  ///< of a number
};

/// Reads a cell of a table with `separator` between its cells. Where that is no comma, a comma in a
/// number is the decimal point.
Cell read_cell(std::string_view text, char separator);

inline bool is_number(std::string_view text, char separator) {
  return read_cell(text, separator).content == Content::number;
}

/// Whether `value` stands in `list`.
template <class Value, class List>
bool is_among(const Value& value, const List& list) {
  return std::find(std::begin(list), std::end(list), value) != std::end(list);
}
template <class Value>
bool is_among(const Value& value, std::initializer_list<std::string_view> list) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

}  // namespace whichfirst::table
