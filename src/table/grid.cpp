#include "table/grid.h"

#include <csv.h>
#include <fmt/format.h>

#include <algorithm>
#include <new>
#include <optional>
#include <utility>

#include "base/error.h"
#include "json/printable.h"
#include "table/cell.h"

namespace whichfirst::table {
namespace {

constexpr std::string_view kBlank = " \t\r\n";

/// A line of text with its end, as editors count lines.
struct Line {
  std::string_view text;
  std::size_t number = 0;

  bool is_blank() const { return text.find_first_not_of(kBlank) == text.npos; }
  std::string_view trimmed() const {
    if (is_blank()) return {};
    const std::size_t begin = text.find_first_not_of(kBlank);
    return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
  }
};

class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text) {}

  /// nullopt at the end.
  std::optional<Line> next() {
    if (text_.empty()) return std::nullopt;
    std::size_t end = text_.find_first_of("\r\n");
    end = end == text_.npos ? text_.size() : end + (text_.substr(end).starts_with("\r\n") ? 2 : 1);
    const Line line{.text = text_.substr(0, end), .number = ++number_};
    text_.remove_prefix(end);
    return line;
  }

 private:
  std::string_view text_;
  std::size_t number_ = 0;
};

std::size_t count_unquoted(std::string_view line, char wanted) {
  bool is_quoted = false;
  std::size_t count = 0;
  for (const char c : line) {
    if (c == '"') is_quoted = !is_quoted;
    count += c == wanted && !is_quoted ? 1 : 0;
  }
  return count;
}

/// The one that the header has most of; a comma where it has one column.
char separator_of(std::string_view header) {
  char best = ',';
  std::size_t most = 0;
  for (const char candidate : {',', ';', '\t', ' '}) {
    if (candidate == ' ' && most > 0) break;
    const std::size_t count = count_unquoted(header, candidate);
    if (count > most) best = candidate;
    most = std::max(most, count);
  }
  return best;
}

/// Where the table begins.
struct Opening {
  Line header;  ///< without the '#' before it
  char separator = ',';
  Lines rest{{}};
};

/// Whether `header`, from behind a '#', names the cells of `first`: as many, some of them numbers.
bool names_cells(std::string_view header, const Line& first) {
  const char separator = separator_of(header);
  const std::string_view cells = first.trimmed();
  if (separator != ' ' && count_unquoted(header, separator) != count_unquoted(cells, separator)) {
    return false;
  }
  for (std::size_t begin = 0; begin <= cells.size();) {
    const std::size_t end = std::min(cells.find(separator, begin), cells.size());
    if (is_number(cells.substr(begin, end - begin), separator)) return true;
    begin = end + 1;
  }
  return false;
}

/// nullopt where there is no header.
std::optional<Opening> open(std::string_view text) {
  Lines lines(text);
  std::optional<Opening> named;   // by the last line with a '#'
  std::optional<char> separator;  // as Excel's line "sep=;" says
  for (Lines before = lines; const auto line = lines.next(); before = lines) {
    const std::string_view content = line->trimmed();
    if (content.empty()) continue;
    if (content.starts_with('#')) {
      const std::size_t name = line->text.find_first_not_of("# \t");  // its end at least
      const Line header{.text = line->text.substr(std::min(name, line->text.size())),
                        .number = line->number};
      named = Opening{.header = header, .separator = separator_of(header.trimmed()), .rest = lines};
    } else if (content.size() == 5 && content.starts_with("sep=")) {
      separator = content[4];
    } else if (named && names_cells(named->header.trimmed(), *line)) {
      named->rest = before;
      return named;
    } else {
      return Opening{
          .header = *line, .separator = separator.value_or(separator_of(content)), .rest = lines};
    }
  }
  return named;
}

/// Text -> rows. libcsv is known here only.
class CsvRows {
 public:
  CsvRows(const std::string& label, char separator) : separator_(separator) {
    grid_.label = label;
    grid_.separator = separator;
    constexpr unsigned char kOptions = CSV_STRICT | CSV_STRICT_FINI;
    if (csv_init(&parser_, kOptions) != 0) throw std::bad_alloc();
    csv_set_blk_size(&parser_, kBufferStep);
    csv_set_delim(&parser_, static_cast<unsigned char>(separator));
  }
  ~CsvRows() { csv_free(&parser_); }
  CsvRows(const CsvRows&) = delete;
  CsvRows& operator=(const CsvRows&) = delete;

  /// libcsv gets one line at a time: it does not count them, and at most one row ends in each.
  void read(const Line& line) {
    line_ = line.number;
    if (line.text.find('\0') != line.text.npos) {
      throw Error("{}:{}: expected text, found a NUL; save it as CSV in UTF-8", grid_.label, line_);
    }
    if (!is_inside_row_) row_line_ = line_;
    is_inside_row_ = is_inside_row_ || !line.is_blank();
    const std::string joined = separator_ == ' ' ? with_single_spaces(line) : std::string();
    const std::string_view piece = separator_ == ' ' ? joined : line.text;
    if (csv_parse(&parser_, piece.data(), piece.size(), on_cell, on_row, this) != piece.size()) {
      fail();
    }
    deliver();
  }

  Grid finish() {
    if (csv_fini(&parser_, on_cell, on_row, this) != 0) fail();
    deliver();
    return std::move(grid_);
  }

 private:
  static constexpr std::size_t kBufferStep = 4096;

  /// Columns that spaces align have one separator then.
  static std::string with_single_spaces(const Line& line) {
    std::string text;
    bool is_quoted = false;
    for (const char c : line.trimmed()) {
      if (c == '"') is_quoted = !is_quoted;
      const bool is_space = !is_quoted && (c == ' ' || c == '\t');
      if (!is_space || !text.ends_with(' ')) text += is_space ? ' ' : c;
    }
    return text + '\n';
  }

  // An exception must not pass through C: these let none out.
  static void on_cell(void* text, std::size_t bytes, void* self) noexcept {
    CsvRows& rows = *static_cast<CsvRows*>(self);
    if (++rows.count_ <= kMostColumns)
      rows.row_.emplace_back(static_cast<const char*>(text), bytes);
  }
  static void on_row(int, void* self) noexcept { static_cast<CsvRows*>(self)->is_ended_ = true; }

  void deliver() {
    if (!is_ended_) return;
    if (grid_.header.empty()) {
      if (count_ > kMostColumns) {
        throw Error("{}:{}: expected at most {} columns, found {}", grid_.label, row_line_,
                    kMostColumns, count_);
      }
      grid_.header = std::move(row_);
      grid_.header_line = row_line_;
    } else if (std::any_of(row_.begin(), row_.end(), [](const auto& c) { return !c.empty(); })) {
      if (count_ != grid_.header.size()) {
        throw Error("{}:{}: expected {} fields as in the header, found {}", grid_.label, row_line_,
                    grid_.header.size(), count_);
      }
      grid_.add(std::move(row_), row_line_);
    }
    row_.clear();
    count_ = 0;
    is_ended_ = false;
    is_inside_row_ = false;
  }

  [[noreturn]] void fail() {
    if (csv_error(&parser_) == CSV_ENOMEM) throw std::bad_alloc();
    const char* const separators = separator_ == ','    ? "commas"
                                   : separator_ == ';'  ? "semicolons"
                                   : separator_ == '\t' ? "tabs"
                                                        : "spaces";
    const std::string begin =
        row_line_ == line_ ? "" : fmt::format(" (the row begins in line {})", row_line_);
    throw Error(
        "{}:{}: expected fields separated by {}, found a quote that does not begin, end or "
        "double inside a quoted field{}; write \"\" for a quote inside quotes",
        grid_.label, line_, separators, begin);
  }

  char separator_;
  csv_parser parser_ = {};
  Grid grid_;
  std::vector<std::string> row_;
  std::size_t count_ = 0;  // of the row's cells; those beyond kMostColumns are not kept
  std::size_t line_ = 0;
  std::size_t row_line_ = 0;  // where the row begins; quoted cells may go on
  bool is_inside_row_ = false;
  bool is_ended_ = false;
};

}  // namespace

std::string Grid::place(std::size_t row) const {
  return separator == '\0' ? fmt::format("{}: record {}", label, places[row])
                           : fmt::format("{}:{}", label, places[row]);
}

std::string Grid::header_place() const {
  return separator == '\0' ? label : fmt::format("{}:{}", label, header_line);
}

void Grid::add(std::vector<std::string> row, std::size_t place) {
  if (cells.size() + row.size() > kMostCells) {
    throw Error("{}: expected at most {} cells, found more; keep the columns that are compared",
                label, kMostCells);
  }
  std::move(row.begin(), row.end(), std::back_inserter(cells));
  places.push_back(place);
}

Grid read_grid(std::string_view text, const std::string& label) {
  const std::string shown = json::printable(label);
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  const std::size_t begin = text.find_first_not_of(kBlank);
  if (begin != text.npos && (text[begin] == '[' || text[begin] == '{')) {
    return read_json_grid(text.substr(begin), shown);
  }
  std::optional<Opening> opening = open(text);
  if (!opening) throw Error("{}: expected a header line, found an empty file", shown);
  CsvRows rows(shown, opening->separator);
  rows.read(opening->header);
  while (const auto line = opening->rest.next()) rows.read(*line);
  return rows.finish();
}

}  // namespace whichfirst::table
