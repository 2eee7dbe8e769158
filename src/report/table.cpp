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

}  // namespace

Table::Table(std::vector<std::string> header, std::vector<Align> alignment)
    : alignment_(std::move(alignment)) {
  check(header.size() == alignment_.size(), "every column has an alignment");
  rows_.push_back(std::move(header));
}

void Table::add(std::vector<std::string> row) {
  check(row.size() == alignment_.size(), "every row has every column");
  rows_.push_back(std::move(row));
}

std::string Table::print(int indent) const {
  std::vector<std::size_t> widths(alignment_.size());
  for (const auto& row : rows_) {
    for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], width_of(row[c]));
  }
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

}  // namespace whichfirst::report
