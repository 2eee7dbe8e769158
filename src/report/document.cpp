#include "report/document.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <sstream>
#include <utility>

#include "base/error.h"
#include "json/printable.h"

namespace whichfirst::report {
namespace {

using Row = std::vector<std::string>;

std::vector<std::size_t> widths_of(const Table& table) {
  std::vector<std::size_t> widths(table.alignment.size());
  const auto widen = [&](const Row& row) {
    check(row.size() == widths.size(), "every row has every column");
    for (std::size_t c = 0; c < row.size(); ++c) {
      widths[c] = std::max(widths[c], json::count_characters(row[c]));
    }
  };
  widen(table.header);
  for (const Row& row : table.rows) widen(row);
  return widths;
}

/// Of a line with columns of these widths, two spaces apart.
std::size_t width_of(const std::vector<std::size_t>& widths) {
  return std::accumulate(widths.begin(), widths.end(), 2 * (widths.size() - 1));
}

/// `cell` filled with spaces to `width` characters, on the side that `alignment` leaves free.
std::string fill(const std::string& cell, std::size_t width, char alignment) {
  const std::string gap(width - json::count_characters(cell), ' ');
  return alignment == 'l' ? cell + gap : gap + cell;
}

std::string escape_markdown(std::string_view text) {
  constexpr std::string_view kSpecial = "\\`*_{}[]<>#|~";
  std::string escaped;
  for (const char c : text) {
    if (kSpecial.find(c) != kSpecial.npos) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string escape_latex(std::string_view text) {
  constexpr std::string_view kBackslashed = "&%$#_{}";
  constexpr std::pair<char, const char*> kCommands[] = {{'\\', "\\textbackslash{}"},
                                                        {'~', "\\textasciitilde{}"},
                                                        {'^', "\\textasciicircum{}"},
                                                        {'<', "$<$"},
                                                        {'>', "$>$"}};
  std::string escaped;
  for (const char c : text) {
    const auto* const command =
        std::find_if(std::begin(kCommands), std::end(kCommands),
                     [&](const auto& candidate) { return candidate.first == c; });
    if (command != std::end(kCommands)) {
      escaped += command->second;
      continue;
    }
    if (kBackslashed.find(c) != kBackslashed.npos) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

/// Ended with a full stop: a caption that stands as a paragraph is a sentence.
std::string sentence(const std::string& words) { return words + (words.ends_with('.') ? "" : "."); }

std::string markdown_table(const Table& plain) {
  Table table = plain;
  for (std::string& cell : table.header) cell = escape_markdown(cell);
  for (Row& row : table.rows) {
    for (std::string& cell : row) cell = escape_markdown(cell);
  }
  const std::vector<std::size_t> widths = widths_of(table);
  const auto line = [&](const Row& row) {
    std::string text;
    for (std::size_t c = 0; c < row.size(); ++c) {
      text += fmt::format("| {} ", fill(row[c], widths[c], table.alignment[c]));
    }
    return text + "|\n";
  };
  std::string text = line(table.header);
  for (const char align : table.alignment) text += align == 'l' ? "| --- " : "| ---: ";
  text += "|\n";
  for (const Row& row : table.rows) text += line(row);
  return text;
}

std::string markdown_block(const Block& block) {
  if (const auto* table = std::get_if<Table>(&block)) {
    const std::string caption =
        table->caption.empty() ? "" : escape_markdown(sentence(table->caption)) + "\n\n";
    return caption + markdown_table(*table);
  }
  const Words& words = std::get<Words>(block);
  const std::string text = escape_markdown(words.text);
  switch (words.role) {
    case Role::paragraph:
      return text + "\n";
    case Role::remark:
      return sentence(text) + "\n";
    case Role::warning:
      return fmt::format("Warning: {}.\n", text);
    case Role::verdict:
      return fmt::format("**{}**\n", text);
  }
  check(false, "every role has its look");
  return {};
}

/// "a & b \\"; what the line break before would take for its argument is kept from it.
std::string latex_row(const Row& row) {
  std::string line = "  ";
  for (std::size_t c = 0; c < row.size(); ++c) {
    const bool is_argument = c == 0 && (row[c].starts_with('[') || row[c].starts_with('*'));
    line += (c > 0 ? " & " : "") + std::string(is_argument ? "{}" : "") + escape_latex(row[c]);
  }
  return line + " \\\\\n";
}

std::string latex_block(const Block& block) {
  if (const auto* words = std::get_if<Words>(&block)) {
    const std::string text = escape_latex(words->text);
    if (words->role == Role::warning) return fmt::format("Warning: {}.\n", text);
    return text + (words->role == Role::verdict ? "\n" : "\n\n");
  }
  const Table& table = std::get<Table>(block);
  std::string rows;
  for (const Row& row : table.rows) rows += latex_row(row);
  return fmt::format(
      "\\begin{{table}}\n\\centering\n\\caption{{{}}}\n\\begin{{tabular}}{{{}}}\n  \\toprule\n{}  "
      "\\midrule\n{}  \\bottomrule\n\\end{{tabular}}\n\\end{{table}}\n\n",
      escape_latex(table.caption), table.alignment, latex_row(table.header), rows);
}

/// `cell` in the colour of its verdict.
std::string coloured(const std::string& cell) {
  constexpr std::pair<std::string_view, int> kColours[] = {
      {"better", 32}, {"worse", 31}, {"equivalent", 36}, {"undecided", 33}};
  for (const auto& [word, colour] : kColours) {
    if (cell == word) return fmt::format("\x1b[{}m{}\x1b[0m", colour, cell);
  }
  return cell;
}

std::size_t longest_word(std::string_view text) {
  std::size_t longest = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    longest = std::max(longest, json::count_characters(text.substr(begin, end - begin)));
    begin = end + 1;
  }
  return longest;
}

/// Takes characters from the widest columns of words until a line has at most `most`; no word is
/// broken.
void squeeze(std::vector<std::size_t>& widths, const Table& table, std::size_t most) {
  std::vector<std::size_t> narrowest(widths.size());
  const auto widen = [&](const Row& row) {
    for (std::size_t c = 0; c < row.size(); ++c) {
      narrowest[c] = std::max(narrowest[c], longest_word(row[c]));
    }
  };
  widen(table.header);
  for (const Row& row : table.rows) widen(row);
  while (width_of(widths) > most) {
    std::optional<std::size_t> widest;
    for (std::size_t c = 0; c < widths.size(); ++c) {
      const bool can_shrink = table.alignment[c] == 'l' && widths[c] > narrowest[c];
      if (can_shrink && (!widest || widths[c] > widths[*widest])) widest = c;
    }
    if (!widest) return;
    --widths[*widest];
  }
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::string text_of(const Table& table, std::size_t indent, const Screen& screen) {
  std::vector<std::size_t> widths = widths_of(table);
  squeeze(widths, table, screen.columns - std::min(screen.columns, indent));
  const auto print = [&](const Row& row) {
    std::vector<std::vector<std::string>> cells;  // as lines
    std::size_t height = 1;
    for (std::size_t c = 0; c < row.size(); ++c) {
      const bool fits = json::count_characters(row[c]) <= widths[c];
      cells.push_back(fits ? std::vector{row[c]} : lines_of(wrap("", row[c], widths[c], 0)));
      height = std::max(height, cells.back().size());
    }
    std::string text;
    for (std::size_t i = 0; i < height; ++i) {
      std::string line(indent, ' ');
      for (std::size_t c = 0; c < row.size(); ++c) {
        const std::string part = i < cells[c].size() ? cells[c][i] : "";
        const std::string cell = fill(part, widths[c], table.alignment[c]);
        const bool is_painted = screen.has_colour && c == table.verdict_column;
        line +=
            (c > 0 ? "  " : "") + (is_painted ? coloured(part) + cell.substr(part.size()) : cell);
      }
      line.erase(line.find_last_not_of(' ') + 1);
      text += line + '\n';
    }
    return text;
  };
  std::string text = print(table.header);
  for (const Row& row : table.rows) text += print(row);
  return text;
}

std::string text_block(const Block& block, const Screen& screen) {
  if (const auto* table = std::get_if<Table>(&block)) {
    return (table->caption.empty() ? "" : wrap("", table->caption, screen.columns, 0) + "\n") +
           text_of(*table, 2, screen);
  }
  const Words& words = std::get<Words>(block);
  const bool is_indented = words.role == Role::remark || words.role == Role::warning;
  const char* const first = words.role == Role::warning ? "  warning: " : (is_indented ? "  " : "");
  return wrap(first, words.text, screen.columns, is_indented ? 4 : 0) + "\n";
}

}  // namespace

Table Table::captioned(std::string words) const {
  Table table = *this;
  table.caption = std::move(words);
  return table;
}

void Section::add(Role role, std::string text) {
  if (!text.empty()) blocks.emplace_back(Words{role, std::move(text)});
}

void Table::fit(std::size_t columns, const std::vector<std::string>& least_important) {
  for (const std::string& heading : least_important) {
    if (width_of(widths_of(*this)) <= columns) return;
    const auto column = std::find(header.begin(), header.end(), heading) - header.begin();
    if (column == std::ssize(header)) continue;
    header.erase(header.begin() + column);
    alignment.erase(alignment.begin() + column);
    for (Row& row : rows) row.erase(row.begin() + column);
    if (verdict_column && std::cmp_greater(*verdict_column, column)) --*verdict_column;
  }
}

std::string render_text(const Table& table, std::size_t indent, std::size_t columns) {
  return text_of(table, indent, {.columns = columns});
}

std::string render_text(const Document& document, const Screen& screen) {
  std::string text = document.title.empty() ? "" : document.title + "\n";
  for (const Section& section : document.sections) {
    if (section.blocks.empty()) continue;
    if (!text.empty()) text += '\n';
    if (!section.title.empty()) text += wrap("", section.title, screen.columns, 0) + "\n";
    for (const Block& block : section.blocks) text += text_block(block, screen);
  }
  return text;
}

std::string render_markdown(const Document& document) {
  std::string text = fmt::format("# {}\n", escape_markdown(document.title));
  for (const Section& section : document.sections) {
    if (section.blocks.empty()) continue;
    if (!section.title.empty()) text += fmt::format("\n## {}\n", escape_markdown(section.title));
    for (const Block& block : section.blocks) text += "\n" + markdown_block(block);
  }
  return text;
}

std::string render_latex(const Document& document) {
  std::string text = "% \\usepackage{booktabs}\n";
  for (const Section& section : document.sections) {
    if (section.blocks.empty()) continue;
    if (!section.title.empty()) {
      const auto* words = std::get_if<Words>(&section.blocks.front());
      const bool runs_on = words != nullptr && words->role == Role::paragraph;
      text += fmt::format("\\paragraph{{{}}}{}", escape_latex(section.title), runs_on ? ' ' : '\n');
    }
    for (const Block& block : section.blocks) text += latex_block(block);
  }
  return text;
}

std::string wrap(std::string_view first, std::string_view text, std::size_t columns,
                 std::size_t indent) {
  std::string wrapped(first);
  std::size_t column = json::count_characters(first);
  bool is_line_empty = true;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    const std::string_view word = text.substr(begin, end - begin);
    const std::size_t length = json::count_characters(word);
    if (!is_line_empty && column + 1 + length > columns) {
      wrapped += "\n" + std::string(indent, ' ');
      column = indent;
      is_line_empty = true;
    }
    if (!is_line_empty) wrapped += ' ';
    wrapped += word;
    column += length + (is_line_empty ? 0 : 1);
    is_line_empty = false;
    begin = end + 1;
  }
  return wrapped;
}

}  // namespace whichfirst::report
