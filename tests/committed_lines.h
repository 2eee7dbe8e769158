// Lists of results that are committed, a line each, and change only on purpose.
#pragma once

#include <fstream>
#include <string>
#include <vector>

namespace whichfirst {

/// The lines of fixtures/`file` that begin so, in their order.
inline std::vector<std::string> committed_lines(const std::string& file,
                                                const std::string& beginning) {
  std::ifstream list(std::string(WHICHFIRST_FIXTURES) + "/" + file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(list, line);) {
    if (line.starts_with(beginning)) lines.push_back(line);
  }
  return lines;
}

}  // namespace whichfirst
