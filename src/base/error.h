// Errors that a user can act on, and checks for our own mistakes.
#pragma once

#include <fmt/core.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace whichfirst {

/// Something a user can act on: a file that does not read, a text that does not parse, a request
/// that does not fit. The text is one complete line - file, place, what was expected, what was
/// found, the remedy - optionally followed by the offending line and a caret. `main` prints it and
/// exits with 2.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
  /// The text is that of fmt::format.
  template <class First, class... Others>
  Error(fmt::format_string<First, Others...> text, First&& first, Others&&... others)
      : std::runtime_error(
            fmt::format(text, std::forward<First>(first), std::forward<Others>(others)...)) {}
};

/// Throws std::logic_error when `holds` is false: a mistake of ours, never of the user's. Stays on
/// in release builds, because a wrong number is worse than a stop.
inline void check(bool holds, const char* what, const char* file = __builtin_FILE(),
                  int line = __builtin_LINE()) {
  if (!holds) {
    throw std::logic_error(std::string("internal check failed: ") + what + " (" + file + ":" +
                           std::to_string(line) + "); please report this");
  }
}

}  // namespace whichfirst
