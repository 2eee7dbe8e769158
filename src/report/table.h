// Tables: plain text with aligned columns, Markdown, LaTeX.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace whichfirst::report {

enum class Align { left, right };

/// Text whose characters would mean something in Markdown or LaTeX, so that they mean themselves.
std::string escape_markdown(std::string_view text);
std::string escape_latex(std::string_view text);

/// A header, then rows of as many cells, all plain text. Widths count characters, not bytes.
class Table {
 public:
  explicit Table(std::vector<std::string> header, std::vector<Align> alignment);

  void add(std::vector<std::string> row);
  /// Lines ended with a line break, two spaces between columns, `indent` spaces before each.
  std::string print(int indent = 0) const;
  /// A pipe table, padded so that its source reads well too.
  std::string print_markdown() const;
  /// A tabular environment with the rules of the package booktabs.
  std::string print_latex() const;

 private:
  std::vector<std::size_t> widths() const;

  std::vector<std::vector<std::string>> rows_;
  std::vector<Align> alignment_;
};

}  // namespace whichfirst::report
