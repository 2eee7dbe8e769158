#include "report/table.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace whichfirst::report {
namespace {

/// Characters of a UTF-8 text: bytes that do not continue one.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U;
  }));
}

/// "a & b \\\\"; what the line break before would take for its argument is kept from it.
std::string latex_row(const std::vector<std::string>& row) {
  std::string line = "  ";
  for (std::size_t c = 0; c < row.size(); ++c) {
    const bool is_argument = c == 0 && (row[c].starts_with('[') || row[c].starts_with('*'));
    line += (c > 0 ? " & " : "") + std::string(is_argument ? "{}" : "") + escape_latex(row[c]);
  }
  return line + " \\\\\n";
}

}  // namespace

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
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '\\':
        escaped += "\\textbackslash{}";
        break;
      case '~':
        escaped += "\\textasciitilde{}";
        break;
      case '^':
        escaped += "\\textasciicircum{}";
        break;
      case '<':
        escaped += "$<$";
        break;
      case '>':
        escaped += "$>$";
        break;
      case '&':
      case '%':
      case '$':
      case '#':
      case '_':
      case '{':
      case '}':
        escaped += '\\';
        [[fallthrough]];
      default:
        escaped += c;
    }
  }
  return escaped;
}

Table::Table(std::vector<std::string> header, std::vector<Align> alignment)
    : alignment_(std::move(alignment)) {
  check(header.size() == alignment_.size(), "every column has an alignment");
  rows_.push_back(std::move(header));
}

void Table::add(std::vector<std::string> row) {
  check(row.size() == alignment_.size(), "every row has every column");
  rows_.push_back(std::move(row));
}

std::vector<std::size_t> Table::widths() const {
  std::vector<std::size_t> widths(alignment_.size());
  for (const auto& row : rows_) {
    for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], width_of(row[c]));
  }
  return widths;
}

std::string Table::print(int indent) const {
  const std::vector<std::size_t> widths = this->widths();
  std::string text;
  for (const auto& row : rows_) {
    std::string line(static_cast<std::size_t>(indent), ' ');
    for (std::size_t c = 0; c < row.size(); ++c) {
      const std::string gap(widths[c] - width_of(row[c]), ' ');
      if (c > 0) line += "  ";
      line += alignment_[c] == Align::left ? row[c] + gap : gap + row[c];
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

std::string Table::print_markdown() const {
  Table escaped = *this;
  for (auto& row : escaped.rows_) {
    for (std::string& cell : row) cell = escape_markdown(cell);
  }
  const std::vector<std::size_t> widths = escaped.widths();
  std::string text;
  for (std::size_t r = 0; r < rows_.size(); ++r) {
    for (std::size_t c = 0; c < alignment_.size(); ++c) {
      const std::string& cell = escaped.rows_[r][c];
      const std::string gap(widths[c] - width_of(cell), ' ');
      text += alignment_[c] == Align::left ? "| " + cell + gap + " " : "| " + gap + cell + " ";
    }
    text += "|\n";
    if (r > 0) continue;
    for (const Align align : alignment_) text += align == Align::left ? "| --- " : "| ---: ";
    text += "|\n";
  }
  return text;
}

std::string Table::print_latex() const {
  std::string columns;
  for (const Align align : alignment_) columns += align == Align::left ? 'l' : 'r';
  std::string text = "\\begin{tabular}{" + columns + "}\n  \\toprule\n";
  for (std::size_t r = 0; r < rows_.size(); ++r) {
    text += latex_row(rows_[r]);
    if (r == 0) text += "  \\midrule\n";
  }
  return text + "  \\bottomrule\n\\end{tabular}\n";
}

}  // namespace whichfirst::report
