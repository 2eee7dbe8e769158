#include "table/runs.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "json/printable.h"
#include "table/cell.h"
#include "table/lookup.h"

namespace whichfirst::table {
namespace {

constexpr std::string_view kBetweenRunAndMetric = " - ";

/// An empty table of the same file.
Grid like(const Grid& grid) {
  Grid empty;
  empty.label = grid.label;
  empty.header_line = grid.header_line;
  empty.separator = grid.separator;
  return empty;
}

/// "bn-first-seed0" by "{order}-seed{seed}".
class Pattern {
 public:
  explicit Pattern(std::string_view text) {
    while (true) {
      const std::size_t open = text.find('{');
      const std::size_t close = text.find('}', std::min(open, text.size()));
      literals_.emplace_back(text.substr(0, open));
      if (open == text.npos) break;
      const std::string name(text.substr(open + 1, close == text.npos ? 0 : close - open - 1));
      if (name.empty() || (!names_.empty() && literals_.back().empty()) || is_among(name, names_)) {
        throw Error(
            "--runs: expected different names of columns in braces with text between them, as in "
            "'{order}-seed{seed}'");
      }
      names_.push_back(name);
      text.remove_prefix(close + 1);
    }
    if (names_.empty()) {
      throw Error("--runs: expected a pattern such as '{order}-seed{seed}', found no braces");
    }
  }

  const std::vector<std::string>& names() const { return names_; }

  /// The parts of a name, in the order of names(); empty where it does not fit.
  std::vector<std::string> match(std::string_view run) const {
    if (!run.starts_with(literals_.front())) return {};
    run.remove_prefix(literals_.front().size());
    std::vector<std::string> parts;
    for (std::size_t i = 1; i < literals_.size(); ++i) {
      const std::string& literal = literals_[i];
      const bool is_last = i + 1 == literals_.size();
      std::size_t end = run.find(literal);
      // The last text between two parts is looked for from behind: "a-seed-b-seed0" is of seed 0.
      if (i + 2 == literals_.size()) end = run.rfind(literal);
      if (is_last) end = run.ends_with(literal) ? run.size() - literal.size() : run.npos;
      if (end == run.npos || end == 0) return {};
      parts.emplace_back(run.substr(0, end));
      run.remove_prefix(end + literal.size());
    }
    return parts;
  }

 private:
  std::vector<std::string> literals_;  // before, between and behind the names
  std::vector<std::string> names_;
};

/// A row per run and row of the export.
Grid split_chart(const Grid& grid, const Pattern& pattern, const std::vector<std::size_t>& charted,
                 Question& question) {
  Grid split = like(grid);
  split.header = pattern.names();
  std::vector<std::size_t> others;
  for (std::size_t c = 0; c < grid.header.size(); ++c) {
    if (grid.header[c].find(kBetweenRunAndMetric) != std::string::npos) continue;
    others.push_back(c);
    split.header.push_back(grid.header[c]);
  }
  const std::size_t first_metric = split.header.size();
  for (const std::size_t column : charted) {
    const std::string& name = grid.header[column];
    const std::string metric = name.substr(run_of(name).size() + kBetweenRunAndMetric.size());
    if (!is_among(metric, split.header)) split.header.push_back(metric);
  }
  if (!question.metric && split.header.size() == first_metric + 1) {
    question.metric = split.header.back();
  }
  for (const std::size_t column : charted) {
    const std::string run = run_of(grid.header[column]);
    const std::vector<std::string> parts = pattern.match(run);
    if (parts.empty()) {
      throw Error("{}: the run '{}' does not fit --runs {}", grid.header_place(),
                  json::printable(run), *question.runs);
    }
    const std::string metric = grid.header[column].substr(run.size() + kBetweenRunAndMetric.size());
    const std::size_t place = *find(split, metric);
    for (std::size_t row = 0; row < grid.rows(); ++row) {
      std::vector<std::string> cells = parts;
      for (const std::size_t other : others) cells.push_back(grid.at(row, other));
      cells.resize(split.header.size());
      cells[place] = grid.at(row, column);
      split.add(std::move(cells), grid.places[row]);
    }
  }
  return split;
}

}  // namespace

std::vector<std::size_t> charted_columns(const Grid& grid) {
  std::vector<std::size_t> columns;
  for (std::size_t c = 0; c < grid.header.size(); ++c) {
    const std::string& name = grid.header[c];
    const bool is_envelope = name.ends_with("__MIN") || name.ends_with("__MAX");
    if (!is_envelope && name.find(kBetweenRunAndMetric) != name.npos) columns.push_back(c);
  }
  return columns;
}

std::string run_of(const std::string& column) {
  return column.substr(0, column.rfind(kBetweenRunAndMetric));
}

std::string pattern_of(const std::string& run) {
  const std::size_t digits = run.find_last_not_of("0123456789");
  const std::size_t separator = digits == run.npos ? run.npos : run.find_last_of("-_/. ", digits);
  if (digits + 1 == run.size() || separator == run.npos) return "{order}-seed{seed}";
  return "{order}" + run.substr(separator, digits + 1 - separator) + "{seed}";
}

Grid split_runs(const Grid& grid, Question& question) {
  const Pattern pattern(*question.runs);
  const std::vector<std::size_t> charted = charted_columns(grid);
  if (!charted.empty()) return split_chart(grid, pattern, charted, question);
  for (std::size_t c = 0; c < grid.header.size(); ++c) {
    std::vector<std::vector<std::string>> rows;
    for (std::size_t row = 0; row < grid.rows(); ++row) {
      rows.push_back(pattern.match(grid.at(row, c)));
      if (rows.back().empty()) break;
    }
    if (rows.empty() || rows.back().empty()) continue;
    Grid split = like(grid);
    split.header = grid.header;
    std::vector<std::size_t> added;
    for (std::size_t i = 0; i < pattern.names().size(); ++i) {
      if (find(grid, pattern.names()[i])) continue;
      added.push_back(i);
      split.header.push_back(pattern.names()[i]);
    }
    for (std::size_t row = 0; row < grid.rows(); ++row) {
      std::vector<std::string> cells;
      for (std::size_t k = 0; k < grid.header.size(); ++k) cells.push_back(grid.at(row, k));
      for (const std::size_t i : added) cells.push_back(rows[row][i]);
      split.add(std::move(cells), grid.places[row]);
    }
    return split;
  }
  throw Error("{}: --runs {}: no column holds names of this pattern; the columns are {}",
              grid.header_place(), *question.runs, list_columns(grid));
}

}  // namespace whichfirst::table
