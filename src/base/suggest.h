// "Did you mean": the nearest known word.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace whichfirst {

/// Least number of insertions, deletions, substitutions and swaps of neighbours that turn `a`
/// into `b`. Source: optimal string alignment, Damerau 1964, CACM 7(3).
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The known word nearest to `word`, or nothing where none is near (more than a third of the
/// letters, at least one, would have to change).
std::optional<std::string> nearest_word(std::string_view word,
                                        std::span<const std::string_view> known);

}  // namespace whichfirst
