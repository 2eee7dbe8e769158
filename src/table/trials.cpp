#include "table/trials.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/words.h"
#include "json/printable.h"
#include "table/lookup.h"
#include "table/metric_name.h"

namespace whichfirst::table {
namespace {

/// Rows for which every "column=value" of `where` holds.
std::vector<std::size_t> rows_where(const Grid& grid, const std::vector<std::string>& where) {
  std::vector<std::size_t> rows(grid.rows());
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  for (const std::string& condition : where) {
    const std::size_t sign = condition.find('=');
    if (sign == condition.npos || sign == 0) {
      throw Error("--where {}: expected column=value", condition);
    }
    const std::size_t column = column_of(grid, condition.substr(0, sign), "--where");
    const std::string wanted = condition.substr(sign + 1);
    Names values;
    for (const std::size_t row : rows) values.add(json::printable(grid.at(row, column)));
    std::erase_if(rows, [&](std::size_t row) { return grid.at(row, column) != wanted; });
    if (rows.empty() && grid.rows() > 0) {
      throw Error("{}: --where {}: no row is left; the values there are {}", grid.label, condition,
                  some_of(values.list()));
    }
  }
  return rows;
}

class Gathering {
 public:
  Gathering(const Grid& grid, const Question& question, const Columns& columns,
            stats::Direction direction, const std::string& asks)
      : grid_(grid), question_(question), direction_(direction), asks_(asks) {
    found_.columns = columns;
    found_.rows = rows_where(grid, question.where);
    std::vector<std::string> titles;
    for (const std::size_t column : columns.pair) titles.push_back(grid.header[column]);
    found_.pair_title = fmt::format("{}", fmt::join(titles, ","));
    for (std::size_t c = 0; c < grid.header.size() && !found_.counter; ++c) {
      if (!columns.uses(c) && is_counter(grid, c)) found_.counter = c;
    }
  }

  Trials gather() {
    for (const std::size_t row : found_.rows) take(row);
    return std::move(found_);
  }

 private:
  void take(std::size_t row) {
    const Columns& columns = found_.columns;
    std::vector<std::string> parts;
    for (const std::size_t column : columns.pair) {
      require_name(row, column);
      parts.push_back(grid_.at(row, column));
      if (is_summary(parts.back())) {
        found_.summaries.add(parts.back());
        return;
      }
    }
    const std::string name = fmt::format("{}", fmt::join(parts, ","));
    const std::size_t pair = found_.pairs.add(name);
    if (pair == kMostPairs) fail_with_too_many(row, found_.pair_title, kMostPairs, name);
    if (!columns.is_wide()) {
      require_name(row, columns.by);
      add(row, pair, grid_.at(row, columns.by), columns.metric);
    }
    for (const std::size_t column : columns.orders) add(row, pair, grid_.header[column], column);
  }

  void add(std::size_t row, std::size_t pair, const std::string& name, std::size_t column) {
    const std::size_t order = found_.orders.add(name);
    if (order == kMostOrders) {
      fail_with_too_many(row, grid_.header[found_.columns.by], kMostOrders, name);
    }
    if (order == found_.table.size()) found_.table.emplace_back();
    std::vector<Trial>& trials = found_.table[order];
    if (pair >= trials.size()) trials.resize(pair + 1);
    Trial trial{.row = row, .cell = number(row, column)};
    if (found_.counter) {
      trial.counter = read_cell(grid_.at(row, *found_.counter), grid_.separator).value;
    }
    Trial& known = trials[pair];
    if (known.row) {
      found_.has_several_rows = true;
      if (question_.choice == RowChoice::only) fail_with_two(*known.row, row, pair, name);
      if (!is_better_row(trial, known)) return;
    }
    known = trial;
  }

  bool is_better_row(const Trial& trial, const Trial& known) const {
    if (trial.is_missing() || known.is_missing()) return known.is_missing();
    if (question_.choice == RowChoice::last) return trial.counter >= known.counter;
    if (!trial.value() || !known.value()) return trial.value().has_value();
    return direction_ == stats::Direction::higher_is_better ? *trial.value() > *known.value()
                                                            : *trial.value() < *known.value();
  }

  [[noreturn]] void fail_with_too_many(std::size_t row, const std::string& title, std::size_t most,
                                       const std::string& name) const {
    throw Error("{}: column '{}': expected at most {} different values, found '{}' beyond them",
                grid_.place(row), title, most, name);
  }

  void require_name(std::size_t row, std::size_t column) const {
    const std::string& name = grid_.at(row, column);
    if (name.empty()) {
      throw Error("{}: column '{}': expected a name, found an empty field", grid_.place(row),
                  grid_.header[column]);
    }
    require_printable(name, grid_.place(row));
  }

  Cell number(std::size_t row, std::size_t column) {
    const std::string& text = grid_.at(row, column);
    const Cell cell = read_cell(text, grid_.separator);
    std::string expected;
    if (cell.content == Content::mean_spread) {
      expected =
          "the number of one run, not a mean and a spread: give the runs behind it, one row each";
    } else if (cell.content == Content::other) {
      expected = "a number without a unit, nan for a trial that diverged, or nothing";
    } else if (cell.content == Content::too_large) {
      expected = fmt::format(
          "a number that a double holds, of magnitude {:g} at most, or nan for a trial that "
          "diverged",
          kLargestNumber);
    } else if (cell.content == Content::number) {
      has_comma_ = has_comma_ || text.find(',') != text.npos;
      has_point_ = has_point_ || text.find('.') != text.npos;
      if (has_comma_ && has_point_) {
        expected = "one kind of decimal point, as both '.' and ',' stand in the column's numbers";
      }
    }
    if (expected.empty()) return cell;
    throw Error("{}: column '{}': expected {}; found '{}'", grid_.place(row), grid_.header[column],
                expected, json::printable(text));
  }

  /// Two rows of one trial: says which column tells them apart, and what to do with it. A column
  /// such as "checkpoint" is better advice than an epoch.
  [[noreturn]] void fail_with_two(std::size_t first, std::size_t second, std::size_t pair,
                                  const std::string& order) const {
    std::optional<std::size_t> kind;
    std::optional<std::size_t> counter;
    for (std::size_t c = grid_.header.size(); c-- > 0;) {
      if (!found_.columns.uses(c) && tells_apart(c)) (is_counter(grid_, c) ? counter : kind) = c;
    }
    std::string remedy =
        "keep one of them, or name another column that tells them apart with --pair";
    if (kind) {
      const std::string& column = grid_.header[*kind];
      remedy = fmt::format("column '{0}' tells them apart: --where {0}={1} takes one of them",
                           json::printable(column), json::printable(value_to_take(*kind)));
      if (!holds_phases(*kind)) {
        remedy += fmt::format(
            ", and --pair {},{} makes a pair of each, if they were measured on their own",
            found_.pair_title, json::printable(column));
      }
    } else if (counter && is_fold(grid_.header[*counter])) {
      remedy = fmt::format("column '{}' tells them apart: average the folds of every trial first",
                           json::printable(grid_.header[*counter]));
    } else if (counter) {
      remedy = fmt::format("column '{}' tells them apart: --last takes the last row of every trial",
                           json::printable(grid_.header[*counter]));
    }
    throw Error("{}: {} '{}' has a trial of {} '{}' in {} {} already; {}{}{}", grid_.place(second),
                found_.pair_title, found_.pairs.list()[pair],
                found_.columns.is_wide() ? "column" : grid_.header[found_.columns.by], order,
                grid_.separator == '\0' ? "record" : "line", grid_.places[first], remedy,
                asks_.empty() ? "" : "; and ", asks_);
  }

  /// Whether no two rows of a trial have the same value in `column`, of few in all or a counter.
  bool tells_apart(std::size_t column) const {
    constexpr std::size_t kMostKinds = 12;
    std::set<std::vector<std::string_view>> seen;
    std::set<std::string_view> kinds;
    for (const std::size_t row : found_.rows) {
      std::vector<std::string_view> key = {grid_.at(row, column)};
      for (const std::size_t c : found_.columns.pair) key.push_back(grid_.at(row, c));
      if (!found_.columns.is_wide()) key.push_back(grid_.at(row, found_.columns.by));
      kinds.insert(key.front());
      if (!seen.insert(std::move(key)).second) return false;
    }
    return kinds.size() <= kMostKinds || is_counter(grid_, column);
  }

  /// Whether the column's values are looks at one network, such as "best" and "last".
  bool holds_phases(std::size_t column) const {
    return std::all_of(found_.rows.begin(), found_.rows.end(), [&](std::size_t row) {
      return is_phase(lower_case(grid_.at(row, column)));
    });
  }

  const std::string& value_to_take(std::size_t column) const {
    for (const std::string_view good : {"last", "final", "test"}) {
      for (const std::size_t row : found_.rows) {
        if (lower_case(grid_.at(row, column)) == good) return grid_.at(row, column);
      }
    }
    return grid_.at(found_.rows.back(), column);
  }

  const Grid& grid_;
  const Question& question_;
  stats::Direction direction_;
  const std::string& asks_;
  Trials found_;
  bool has_comma_ = false;
  bool has_point_ = false;
};

}  // namespace

std::string some_of(const std::vector<std::string>& names, std::size_t most) {
  const auto end = names.begin() + static_cast<std::ptrdiff_t>(std::min(names.size(), most));
  return fmt::format("{}{}", fmt::join(names.begin(), end, ", "),
                     names.size() > most ? ", ..." : "");
}

Trials gather_trials(const Grid& grid, const Question& question, const Columns& columns,
                     stats::Direction direction, const std::string& asks) {
  return Gathering(grid, question, columns, direction, asks).gather();
}

}  // namespace whichfirst::table
