#include "record/results_csv.h"

#include <csv.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <new>
#include <optional>
#include <unordered_map>
#include <utility>

#include "base/error.h"
#include "base/suggest.h"
#include "json/printable.h"
#include "record/atomic_file.h"

namespace whichfirst::record {
namespace {

/// A line of the table. `line` is where it begins in the text, from 1; quoted fields may go on.
struct Row {
  std::size_t line = 0;
  std::vector<std::string> fields;
  std::size_t count = 0;  ///< of fields; those beyond kMostColumns are not kept
};

/// Text -> rows. libcsv is known here only.
class CsvRows {
 public:
  CsvRows(std::string_view label, std::function<void(const Row&)> take)
      : label_(label), take_(std::move(take)) {
    constexpr unsigned char kOptions = CSV_STRICT | CSV_STRICT_FINI;
    if (csv_init(&parser_, kOptions) != 0) throw std::bad_alloc();
    csv_set_blk_size(&parser_, kBufferStep);
  }
  ~CsvRows() { csv_free(&parser_); }
  CsvRows(const CsvRows&) = delete;
  CsvRows& operator=(const CsvRows&) = delete;

  /// libcsv gets one line at a time: it does not count them, and at most one row ends in each.
  void read(std::string_view text) {
    std::size_t line = 0;
    while (!text.empty()) {
      ++line;
      const std::string_view piece = first_line(text);
      text.remove_prefix(piece.size());
      refuse_nul(piece, line);
      if (!is_inside_row_) row_.line = line;
      is_inside_row_ = is_inside_row_ || piece.find_first_not_of(" \t\r\n") != piece.npos;
      const std::size_t parsed =
          csv_parse(&parser_, piece.data(), piece.size(), on_field, on_row, this);
      if (parsed != piece.size()) fail(line);
      deliver();
    }
    if (csv_fini(&parser_, on_field, on_row, this) != 0) fail(line);
    deliver();
  }

 private:
  static constexpr std::size_t kBufferStep = 4096;

  /// With its line end, as editors count lines.
  static std::string_view first_line(std::string_view text) {
    std::size_t end = text.find_first_of("\r\n");
    if (end == text.npos) return text;
    if (text.substr(end).starts_with("\r\n")) ++end;
    return text.substr(0, end + 1);
  }

  // An exception must not pass through C: these let none out.
  static void on_field(void* text, std::size_t bytes, void* self) noexcept {
    Row& row = static_cast<CsvRows*>(self)->row_;
    if (++row.count > kMostColumns) return;
    row.fields.emplace_back(static_cast<const char*>(text), bytes);
  }
  static void on_row(int, void* self) noexcept { static_cast<CsvRows*>(self)->is_ended_ = true; }

  void deliver() {
    if (!is_ended_) return;
    take_(row_);
    row_ = {};
    is_ended_ = false;
    is_inside_row_ = false;
  }

  void refuse_nul(std::string_view piece, std::size_t line) const {
    if (piece.find('\0') == piece.npos) return;
    throw Error(
        fmt::format("{}:{}: expected text, found a NUL; save it as CSV in UTF-8", label_, line));
  }

  [[noreturn]] void fail(std::size_t line) {
    if (csv_error(&parser_) == CSV_ENOMEM) throw std::bad_alloc();
    throw Error(
        "{}:{}: expected fields separated by commas, found a quote that does not begin, end or "
        "double inside a quoted field{}; write \"\" for a quote inside quotes",
        label_, line,
        row_.line == line ? "" : fmt::format(" (the row begins in line {})", row_.line));
  }

  std::string label_;
  std::function<void(const Row&)> take_;
  csv_parser parser_ = {};
  Row row_;
  bool is_inside_row_ = false;
  bool is_ended_ = false;
};

/// Names in the order of their first appearance.
class Names {
 public:
  std::optional<std::size_t> find(const std::string& name) const {
    const auto found = places_.find(name);
    return found == places_.end() ? std::nullopt : std::optional(found->second);
  }
  std::size_t add(const std::string& name) {
    places_.emplace(name, list_.size());
    list_.push_back(name);
    return list_.size() - 1;
  }
  const std::vector<std::string>& list() const { return list_; }

 private:
  std::unordered_map<std::string, std::size_t> places_;
  std::vector<std::string> list_;
};

struct Cell {
  std::size_t line = 0;         ///< 0: no such trial
  std::optional<double> value;  ///< missing: diverged
};

/// Rows -> results.
class Reading {
 public:
  Reading(std::string_view label, const ResultColumns& columns)
      : label_(json::printable(label)), columns_(columns) {}

  void take(const Row& row) {
    if (fields_ == 0) {
      take_header(row);
      return;
    }
    if (row.count != fields_) {
      throw Error("{}:{}: expected {} fields as in the header, found {}", label_, row.line, fields_,
                  row.count);
    }
    const std::size_t pair = place_of(row, pair_, pairs_, kMostPairs);
    const std::size_t order = place_of(row, by_, orders_, kMostResultOrders);
    if (order == cells_.size()) cells_.emplace_back();
    if (pair >= cells_[order].size()) cells_[order].resize(pair + 1);
    Cell& cell = cells_[order][pair];
    if (cell.line != 0) {
      throw Error(
          "{}:{}: {} '{}' has a trial of {} '{}' in line {} already; keep one of them, or name "
          "another column that tells them apart with --pair",
          label_, row.line, columns_.pair, row.fields[pair_], columns_.by, row.fields[by_],
          cell.line);
    }
    cell = {.line = row.line, .value = number(row)};
  }

  Results results() const {
    if (fields_ == 0) {
      throw Error(
          fmt::format("{}: expected a header line with the columns {}, {}, {}; found an "
                      "empty file",
                      label_, columns_.pair, columns_.by, columns_.metric));
    }
    require_two_orders();
    Results results;
    results.metric = columns_.metric;
    results.table.pair = columns_.pair;
    results.table.by = columns_.by;
    for (const std::string& name : orders_.list()) {
      results.orders.emplace_back().name = name;
    }
    for (std::size_t p = 0; p < pairs_.list().size(); ++p) add_pair(p, results);
    return results;
  }

 private:
  void take_header(const Row& row) {
    if (row.count > kMostColumns) {
      throw Error("{}:{}: expected at most {} columns, found {}", label_, row.line, kMostColumns,
                  row.count);
    }
    pair_ = column(row, columns_.pair, "--pair");
    by_ = column(row, columns_.by, "--by");
    metric_ = column(row, columns_.metric, "--metric");
    if (pair_ == by_ || pair_ == metric_ || by_ == metric_) {
      throw Error("--pair {}, --by {}, --metric {}: expected three different columns",
                  columns_.pair, columns_.by, columns_.metric);
    }
    fields_ = row.count;
  }

  std::size_t column(const Row& header, const std::string& name, const char* option) const {
    const auto found = std::find(header.fields.begin(), header.fields.end(), name);
    if (found == header.fields.end()) fail_without_column(header, name, option);
    if (std::find(found + 1, header.fields.end(), name) != header.fields.end()) {
      throw Error("{}:{}: column '{}' stands twice; rename one", label_, header.line,
                  json::printable(name));
    }
    require_printable(header.line, name);
    return static_cast<std::size_t>(found - header.fields.begin());
  }

  [[noreturn]] void fail_without_column(const Row& header, const std::string& name,
                                        const char* option) const {
    constexpr std::size_t kMostShown = 1'000;
    const std::vector<std::string_view> known(header.fields.begin(), header.fields.end());
    const auto near = nearest_word(name, known);
    const bool is_other_separator =
        header.count == 1 && header.fields[0].find_first_of(";\t|") != std::string::npos;
    throw Error(
        "{}:{}: no column '{}'{} The columns are {}; {}", label_, header.line,
        json::printable(name),
        near ? fmt::format(", did you mean '{}'?", json::printable(*near)) : ".",
        json::printable(fmt::format("{}", fmt::join(known, ", ")), kMostShown),
        is_other_separator ? "separate them by commas" : fmt::format("name one with {}", option));
  }

  /// Where the name in `column` stands in `names`, to which a new one is added.
  std::size_t place_of(const Row& row, std::size_t column, Names& names, std::size_t most) const {
    const std::string& name = row.fields[column];
    if (const auto known = names.find(name)) return *known;
    const std::string& title = column == pair_ ? columns_.pair : columns_.by;
    if (name.empty()) {
      throw Error("{}:{}: column '{}': expected a name, found an empty field", label_, row.line,
                  title);
    }
    require_printable(row.line, name);
    if (names.list().size() == most) {
      throw Error(
          fmt::format("{}:{}: column '{}': expected at most {} different values, found "
                      "'{}' beyond them",
                      label_, row.line, title, most, name));
    }
    return names.add(name);
  }

  void require_printable(std::size_t line, const std::string& name) const {
    if (json::printable(name) == name) return;
    throw Error(
        fmt::format("{}:{}: expected a name of at most 80 bytes of UTF-8 without control "
                    "characters, found '{}'",
                    label_, line, json::printable(name)));
  }

  /// Missing where the trial diverged.
  std::optional<double> number(const Row& row) const {
    const std::string& field = row.fields[metric_];
    if (field.empty()) return std::nullopt;
    const char* end = field.data() + field.size();
    double value = 0;
    // from_chars knows no '+'.
    const char* begin = field.data() + (field[0] == '+' && !field.starts_with("+-") ? 1 : 0);
    const auto [stop, error] = std::from_chars(begin, end, value);
    if (stop != end || error == std::errc::invalid_argument) {
      throw Error(
          "{}:{}: column '{}': expected a number without a unit, or nothing for a trial that "
          "diverged; found '{}'",
          label_, row.line, columns_.metric, json::printable(field));
    }
    const bool is_number = error == std::errc();
    if (is_number && !std::isfinite(value)) return std::nullopt;
    if (!is_number || std::abs(value) > kLargestResult) {
      throw Error(
          "{}:{}: column '{}': expected a number that a double holds, of magnitude {:g} at most, "
          "or nothing for a trial that diverged; found '{}'",
          label_, row.line, columns_.metric, kLargestResult, json::printable(field));
    }
    return value;
  }

  void require_two_orders() const {
    if (orders_.list().size() >= 2) return;
    throw Error(
        "{}: expected two values or more in column '{}', found {}; name the column of what is "
        "compared with --by",
        label_, columns_.by,
        orders_.list().empty() ? "no line below the header"
                               : fmt::format("only '{}'", orders_.list()[0]));
  }

  Cell cell_at(std::size_t order, std::size_t pair) const {
    return pair < cells_[order].size() ? cells_[order][pair] : Cell{};
  }

  void add_pair(std::size_t p, Results& results) const {
    const std::string& name = pairs_.list()[p];
    std::vector<std::string> missing;
    for (std::size_t o = 0; o < results.orders.size(); ++o) {
      const Cell cell = cell_at(o, p);
      if (cell.line == 0) {
        missing.push_back(results.orders[o].name);
      } else if (!cell.value) {
        ++results.orders[o].diverged;
      }
    }
    if (!missing.empty()) {
      results.table.dropped.push_back({.pair = name, .missing = std::move(missing)});
      return;
    }
    results.table.pairs.push_back(name);
    for (std::size_t o = 0; o < results.orders.size(); ++o) {
      results.orders[o].values.push_back(cell_at(o, p).value);
    }
  }

  std::string label_;
  const ResultColumns& columns_;
  std::size_t fields_ = 0;  // of the header; 0 before it was read
  std::size_t pair_ = 0;    // columns
  std::size_t by_ = 0;
  std::size_t metric_ = 0;
  Names pairs_;
  Names orders_;
  std::vector<std::vector<Cell>> cells_;  // [order][pair], as far as there are trials
};

}  // namespace

Results parse_results(std::string_view text, std::string_view label, const ResultColumns& columns) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  Reading reading(label, columns);
  CsvRows(json::printable(label), [&reading](const Row& row) { reading.take(row); }).read(text);
  Results results = reading.results();
  results.table.file = std::filesystem::path(label).filename().string();
  return results;
}

Results read_results(const std::filesystem::path& path, const ResultColumns& columns) {
  return parse_results(read_file(path, kMostResultBytes), path.string(), columns);
}

std::string print_results(const VerdictRecord& verdict) {
  const auto quoted = [](std::string_view text) {
    std::string field = "\"";
    for (const char c : text) field += c == '"' ? std::string("\"\"") : std::string(1, c);
    return field + "\"";
  };
  const auto number = [](const std::optional<double>& value) {
    return value ? fmt::format("{}", *value) : std::string();
  };
  const std::optional<ResultsTable>& table = verdict.table;
  std::string text = table ? fmt::format("{},{},{}\n", quoted(table->pair), quoted(table->by),
                                         quoted(verdict.metric))
                           : fmt::format("seed,order,lr,{}\n", quoted(verdict.metric));
  for (const OrderResult& order : verdict.orders) {
    for (std::size_t i = 0; i < order.values.size(); ++i) {
      text += table ? fmt::format("{},{},", quoted(table->pairs[i]), quoted(order.name))
                    : fmt::format("{},{},{},", i + 1, quoted(order.name), number(order.lr));
      text += number(order.values[i]) + "\n";
    }
  }
  return text;
}

}  // namespace whichfirst::record
