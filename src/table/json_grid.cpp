#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "base/error.h"
#include "json/printable.h"
#include "json/value.h"
#include "table/grid.h"

namespace whichfirst::table {
namespace {

using json::Value;

constexpr const char* kRemedy =
    "expected a list of objects, one per trial; pandas writes one by "
    "df.to_json(FILE, orient=\"records\")";

/// JSON has no NaN and no Infinity, but Python writes them: as texts they can be read.
std::string with_quoted_words(std::string_view text) {
  std::string quoted;
  quoted.reserve(text.size());
  bool is_text = false;
  for (std::size_t i = 0; i < text.size();) {
    if (!is_text) {
      std::string_view found;
      for (const std::string_view word : {"NaN", "Infinity", "-Infinity"}) {
        if (text.substr(i).starts_with(word)) found = word;
      }
      if (!found.empty()) {
        quoted.append(1, '"').append(found).append(1, '"');
        i += found.size();
        continue;
      }
    }
    if (text[i] == '"') is_text = !is_text;
    if (is_text && text[i] == '\\' && i + 1 < text.size()) quoted += text[i++];
    quoted += text[i++];
  }
  return quoted;
}

/// Records -> rows. Columns stand in the order in which they first appear; those of one record in
/// the order of their bytes.
class Records {
 public:
  explicit Records(const std::string& label) {
    grid_.label = label;
    grid_.separator = '\0';
  }

  void add(const Value& record, std::size_t place) {
    row_.assign(grid_.header.size(), "");
    if (!record.is_object()) throw Error("{}: record {}: {}", grid_.label, place, kRemedy);
    take(record, "");
    rows_.push_back({std::move(row_), place});
    cells_ += grid_.header.size();
    if (cells_ > kMostCells) {
      throw Error("{}: expected at most {} cells, found more; keep the columns that are compared",
                  grid_.label, kMostCells);
    }
  }

  Grid finish() {
    for (auto& [row, place] : rows_) {
      row.resize(grid_.header.size());
      grid_.add(std::move(row), place);
    }
    if (grid_.header.empty()) throw Error("{}: {}; found none", grid_.label, kRemedy);
    return std::move(grid_);
  }

 private:
  void take(const Value& object, const std::string& path) {
    for (const std::string& key : object.keys()) {
      const Value value = object.at(key);
      const std::string name = path.empty() ? key : path + "." + key;
      if (value.is_object()) {
        take(value, name);
        continue;
      }
      const auto [known, is_new] = columns_.emplace(name, grid_.header.size());
      if (is_new) {
        if (grid_.header.size() == kMostColumns) {
          throw Error("{}: expected at most {} columns, found more", grid_.label, kMostColumns);
        }
        grid_.header.push_back(name);
        row_.emplace_back();
      }
      row_[known->second] = value.plain_text();
    }
  }

  Grid grid_;
  std::unordered_map<std::string, std::size_t> columns_;
  std::vector<std::pair<std::vector<std::string>, std::size_t>> rows_;
  std::vector<std::string> row_;
  std::size_t cells_ = 0;
};

/// An object of columns, each a list or, with the names of its rows, an object.
Grid read_columns(const Value& root, const std::string& label) {
  Grid grid;
  grid.label = label;
  grid.separator = '\0';
  std::vector<std::string> names;  // of the rows
  std::vector<std::vector<std::string>> columns;
  const std::vector<std::string> keys = root.keys();
  const bool is_named = root.at(keys.front()).is_object();
  if (is_named) names = root.at(keys.front()).keys();
  for (const std::string& key : keys) {
    const Value column = root.at(key);
    std::vector<std::string>& cells = columns.emplace_back();
    if (is_named ? !column.is_object() : !column.is_list()) throw Error("{}: {}", label, kRemedy);
    if (is_named) {
      if (column.keys() != names) {
        throw Error("{}: column '{}' has other rows than '{}'; {}", label, json::printable(key),
                    json::printable(keys.front()), kRemedy);
      }
      for (const std::string& name : names) cells.push_back(column.at(name).plain_text());
    } else {
      for (std::size_t i = 0; i < column.size(); ++i) cells.push_back(column.at(i).plain_text());
    }
    if (cells.size() != columns.front().size()) {
      throw Error("{}: column '{}' has {} values and '{}' {}; {}", label, json::printable(key),
                  cells.size(), json::printable(keys.front()), columns.front().size(), kRemedy);
    }
  }
  if (is_named) {
    grid.header.emplace_back("index");
    columns.insert(columns.begin(), names);
  }
  grid.header.insert(grid.header.end(), keys.begin(), keys.end());
  if (grid.header.size() > kMostColumns) {
    throw Error("{}: expected at most {} columns, found {}", label, kMostColumns,
                grid.header.size());
  }
  for (std::size_t r = 0; r < columns.front().size(); ++r) {
    std::vector<std::string> row;
    for (const auto& column : columns) row.push_back(column[r]);
    grid.add(std::move(row), r + 1);
  }
  return grid;
}

/// One object per line: the first line is whole, and another follows.
bool has_objects_by_line(std::string_view text) {
  const std::size_t end = text.find_first_of("\r\n");
  if (text[0] != '{' || end == text.npos) return false;
  const std::size_t last = text.find_last_not_of(" \t", end - 1);
  const std::size_t next = text.find_first_not_of(" \t\r\n", end);
  return text[last] == '}' && next != text.npos && text[next] == '{';
}

bool is_list_of_objects(const Value& value) {
  return value.is_list() && value.size() > 0 && value.at(std::size_t{0}).is_object();
}

Grid read_object(const Value& root, const std::string& label) {
  const std::vector<std::string> keys = root.keys();
  if (keys.empty()) throw Error("{}: {}; found none", label, kRemedy);
  const auto lists = std::count_if(keys.begin(), keys.end(), [&](const std::string& key) {
    return is_list_of_objects(root.at(key));
  });
  if (lists == 0) return read_columns(root, label);
  if (lists > 1) throw Error("{}: {}; found {} lists", label, kRemedy, lists);
  Records records(label);
  for (const std::string& key : keys) {
    if (!is_list_of_objects(root.at(key))) continue;
    const Value list = root.at(key);
    for (std::size_t i = 0; i < list.size(); ++i) records.add(list.at(i), i + 1);
  }
  return records.finish();
}

}  // namespace

Grid read_json_grid(std::string_view text, const std::string& label) {
  const std::string quoted = with_quoted_words(text);
  text = quoted;
  if (has_objects_by_line(text)) {
    Records records(label);
    std::size_t number = 0;
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      const std::string_view line = text.substr(0, end);
      text.remove_prefix(std::min(end + 1, text.size()));
      ++number;
      if (line.find_first_not_of(" \t\r") == line.npos) continue;
      const json::Document document(line, fmt::format("{}:{}", label, number));
      records.add(document.root(), number);
    }
    return records.finish();
  }
  const json::Document document(text, label);
  const Value root = document.root();
  if (root.is_object()) return read_object(root, label);
  Records records(label);
  for (std::size_t i = 0; i < root.size(); ++i) records.add(root.at(i), i + 1);
  return records.finish();
}

}  // namespace whichfirst::table
