#include "cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

namespace whichfirst::cli {
namespace {

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

TerminalSize terminal_size(int descriptor) {
  winsize size{};
  TerminalSize found;
  if (ioctl(descriptor, TIOCGWINSZ, &size) != 0) return found;
  if (size.ws_col > 0) found.columns = size.ws_col;
  if (size.ws_row > 0) found.rows = size.ws_row;
  return found;
}

std::size_t columns_of(int descriptor, std::size_t elsewhere) {
  return isatty(descriptor) != 0 ? terminal_size(descriptor).columns : elsewhere;
}

bool can_redraw(int descriptor) { return isatty(descriptor) != 0 && variable("TERM") != "dumb"; }

report::Screen screen_of(int descriptor) {
  constexpr std::size_t kNarrowest = 40;
  constexpr std::size_t kWidest = 100;  // longer lines are hard to read
  return {.columns = std::clamp(columns_of(descriptor, 80), kNarrowest, kWidest),
          .has_colour = can_redraw(descriptor) && variable("NO_COLOR").empty()};
}

}  // namespace whichfirst::cli
