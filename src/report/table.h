// Plain text tables with aligned columns.
#pragma once

#include <string>
#include <vector>

namespace whichfirst::report {

enum class Align { left, right };

/// A header, then rows of as many cells. Widths count characters, not bytes.
class Table {
 public:
  explicit Table(std::vector<std::string> header, std::vector<Align> alignment);

  void add(std::vector<std::string> row);
  /// Lines ended with a line break, two spaces between columns, `indent` spaces before each.
  std::string print(int indent = 0) const;

 private:
  std::vector<std::vector<std::string>> rows_;
  std::vector<Align> alignment_;
};

}  // namespace whichfirst::report
