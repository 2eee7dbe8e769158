// What a reader is told, apart from how it looks: a document is built once as sections of blocks,
// and text for a terminal, Markdown and LaTeX are renderings of it. All words are plain; what would
// mean something in a format is escaped by its renderer, and nowhere else.
#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace whichfirst::report {

/// A missing number in a table or a sentence.
inline constexpr const char* kMissing = "-";

/// Rows of as many cells as the header. Numbers are given as they shall be read.
struct Table {
  std::vector<std::string> header;
  std::string alignment;  ///< a letter per column, l or r
  std::vector<std::vector<std::string>> rows = {};
  std::string caption = {};  ///< what the table shows; may be empty
  /// Its cells that are verdicts are coloured where the screen can.
  std::optional<std::size_t> verdict_column = {};

  /// The same table with another caption.
  Table captioned(std::string words) const;
  /// Takes out the columns with these headings, one after the other, until a line of the table as
  /// text has at most `columns` characters, its indentation not counted.
  void fit(std::size_t columns, const std::vector<std::string>& least_important);
};

/// | role      | as text                      | in Markdown    | in LaTeX                |
/// | --------- | ---------------------------- | -------------- | ----------------------- |
/// | paragraph | a line                       | a paragraph    | a paragraph             |
/// | remark    | an indented line             | a paragraph    | a paragraph             |
/// | warning   | an indented line, "warning:" | "Warning: ..." | a line of the paragraph |
/// | verdict   | a line                       | in bold        | a line of the paragraph |
enum class Role { paragraph, remark, warning, verdict };

struct Words {
  Role role;
  std::string text;
};

using Block = std::variant<Words, Table>;

/// Blocks that belong together; a section without any is left out, with its title.
struct Section {
  std::string title;
  std::vector<Block> blocks;

  /// Adds a block of words unless there are none.
  void add(Role role, std::string text);
};

struct Document {
  std::string title;
  std::vector<Section> sections;
};

inline constexpr std::size_t kUnlimited = std::numeric_limits<std::size_t>::max();
/// Longer lines of words are hard to read.
inline constexpr std::size_t kWidestProse = 98;

/// What text is shown on.
struct Screen {
  std::size_t columns = 80;  ///< a line of words is broken before it is longer
  bool has_colour = false;
};

/// Columns aligned by characters and two spaces apart, tables and remarks indented by two spaces,
/// an empty line between sections. Where a table is too wide its cells of words take several lines.
std::string render_text(const Document& document, const Screen& screen);
/// The same of a single table, indented by `indent` spaces.
std::string render_text(const Table& table, std::size_t indent, std::size_t columns = kUnlimited);

/// Headings, and pipe tables that are padded so that the source reads well too.
std::string render_markdown(const Document& document);

/// To be put into a document that uses the package booktabs: tables as floats with their captions,
/// titles as \paragraph.
std::string render_latex(const Document& document);

/// `text` broken between words into lines of at most `columns` characters where words allow. It
/// begins with `first`; later lines are indented by `indent` spaces.
std::string wrap(std::string_view first, std::string_view text, std::size_t columns,
                 std::size_t indent);

}  // namespace whichfirst::report
