// What stands behind a file descriptor: a terminal of some size, or a file or pipe.
#pragma once

#include <cstddef>

#include "report/document.h"

namespace whichfirst::cli {

struct TerminalSize {
  std::size_t columns = 80;
  std::size_t rows = 24;
};

/// Of the terminal behind `descriptor` at this moment; the default where there is none.
TerminalSize terminal_size(int descriptor);

/// The width of the terminal behind `descriptor`, or `elsewhere` where there is none.
std::size_t columns_of(int descriptor, std::size_t elsewhere);

/// Whether the cursor can be moved: it is a terminal, and TERM is not "dumb".
bool can_redraw(int descriptor);

/// How text is laid out there: lines of 40 to 100 columns on a terminal, of 80 elsewhere, in colour
/// where lines can be redrawn and NO_COLOR (no-color.org) is unset or empty.
report::Screen screen_of(int descriptor);

}  // namespace whichfirst::cli
