#include "table/results.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

#include "base/error.h"
#include "base/median.h"
#include "base/suggest.h"
#include "json/printable.h"
#include "record/atomic_file.h"
#include "table/cell.h"
#include "table/columns.h"
#include "table/grid.h"
#include "table/metric_name.h"

namespace whichfirst::table {
namespace {

constexpr std::size_t kNone = static_cast<std::size_t>(-1);

/// "a, b, c, ..."
std::string some_of(const std::vector<std::string>& names, std::size_t most = 8) {
  const std::vector<std::string> first(
      names.begin(), names.begin() + static_cast<std::ptrdiff_t>(std::min(names.size(), most)));
  return fmt::format("{}{}", fmt::join(first, ", "), names.size() > most ? ", ..." : "");
}

/// A row that sums up the others: "mean", "std", "25%".
bool is_summary(std::string_view name) {
  return is_among(
      lower_case(name),
      {"mean",     "avg",     "average", "median", "std", "sd",      "stdev",    "stddev",    "var",
       "variance", "sem",     "stderr",  "min",    "max", "minimum", "maximum",  "total",     "sum",
       "all",      "overall", "count",   "25%",    "50%", "75%",     "mean±std", "mean ± std"});
}

/// Names in the order of their first appearance.
class Names {
 public:
  std::size_t add(const std::string& name) {
    const auto [found, is_new] = places_.emplace(name, list_.size());
    if (is_new) list_.push_back(name);
    return found->second;
  }
  const std::vector<std::string>& list() const { return list_; }

 private:
  std::unordered_map<std::string, std::size_t> places_;
  std::vector<std::string> list_;
};

/// Rows for which every "column=value" of `where` holds.
std::vector<std::size_t> rows_where(const Grid& grid, const std::vector<std::string>& where) {
  std::vector<std::size_t> rows(grid.rows());
  for (std::size_t row = 0; row < rows.size(); ++row) rows[row] = row;
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

/// A trial's row and what it says.
struct Trial {
  std::size_t row = kNone;  ///< kNone: no such trial
  Cell cell = {};
  double counter = 0;  ///< its epoch or step, where there is such a column

  bool is_missing() const { return row == kNone || cell.content == Content::missing; }
  std::optional<double> value() const {
    return cell.content == Content::number ? std::optional(cell.value) : std::nullopt;
  }
};

/// Rows -> results.
class Reading {
 public:
  Reading(const Grid& grid, const Question& question)
      : grid_(grid),
        question_(question),
        rows_(rows_where(grid, question.where)),
        columns_(find_columns(grid, question)) {
    for (const std::size_t column : columns_.pair) pair_names_.push_back(grid.header[column]);
    for (std::size_t c = 0; c < grid.header.size() && counter_ == kNone; ++c) {
      if (!is_used(c) && is_counter(grid, c)) counter_ = c;
    }
    find_direction();
    for (const std::size_t row : rows_) take(row);
  }

  Results results() {
    require_two_orders();
    if (!asks_.empty()) throw Error("{}: {}", grid_.label, asks_);
    require_common_pairs();
    refuse_mixed_units();
    Results results;
    results.metric = columns_.metric_name;
    results.direction = direction_;
    results.table.pair = fmt::format("{}", fmt::join(pair_names_, ","));
    results.table.by = columns_.is_wide() ? "order" : grid_.header[columns_.by];
    for (const std::string& name : orders_.list()) results.orders.emplace_back().name = name;
    for (std::size_t p = 0; p < pairs_.list().size(); ++p) add_pair(p, results);
    note(results);
    return results;
  }

 private:
  bool is_used(std::size_t column) const {
    const auto is_in = [column](const std::vector<std::size_t>& list) {
      return std::find(list.begin(), list.end(), column) != list.end();
    };
    if (is_in(columns_.pair) || is_in(columns_.orders)) return true;
    return !columns_.is_wide() && (column == columns_.by || column == columns_.metric);
  }

  /// From the question or the metric's name; what neither says is asked for once the rows are read,
  /// so that the message may name their faults too.
  void find_direction() {
    using stats::Direction;
    const std::string& name = columns_.metric_name;
    const std::optional<Direction> said = direction_of(name);
    const auto words = [](Direction direction) {
      return direction == Direction::lower_is_better ? "lower" : "higher";
    };
    direction_ = question_.direction.value_or(said.value_or(Direction::higher_is_better));
    if (!question_.direction && !said) {
      asks_ = fmt::format(
          "the name '{}' does not say whether higher or lower is better: add --higher-is-better or "
          "--lower-is-better",
          name);
    } else if (!question_.direction && columns_.is_wide() && !question_.metric &&
               name == "accuracy") {
      notes_.push_back(
          {"direction",
           "the table does not name its metric: it is called accuracy, and higher is taken to be "
           "better; give its name with --metric, or say --lower-is-better"});
    } else if (!question_.direction && direction_ == Direction::lower_is_better) {
      notes_.push_back(
          {"direction", fmt::format("lower {} is taken to be better, as the name says; "
                                    "if it is not, say --higher-is-better",
                                    name)});
    } else if (question_.direction && said && *said != *question_.direction) {
      notes_.push_back(
          {"direction", fmt::format("--{}-is-better was said, but the name {} means that "
                                    "{} is better: make sure that the verdict is not "
                                    "turned round",
                                    words(*question_.direction), name, words(*said))});
    }
  }

  void take(std::size_t row) {
    std::vector<std::string> parts;
    for (const std::size_t column : columns_.pair) {
      parts.push_back(grid_.at(row, column));
      require_name(row, column);
      if (is_summary(parts.back())) {
        summaries_.add(parts.back());
        return;
      }
    }
    const std::size_t pair = pairs_.add(fmt::format("{}", fmt::join(parts, ",")));
    if (pair == kMostPairs) {
      throw Error("{}: column '{}': expected at most {} different values, found '{}' beyond them",
                  grid_.place(row), fmt::join(pair_names_, ","), kMostPairs, fmt::join(parts, ","));
    }
    if (!columns_.is_wide()) {
      require_name(row, columns_.by);
      add(row, pair, grid_.at(row, columns_.by), columns_.metric);
    }
    for (const std::size_t column : columns_.orders) add(row, pair, grid_.header[column], column);
  }

  void add(std::size_t row, std::size_t pair, const std::string& name, std::size_t column) {
    const std::size_t order = orders_.add(name);
    if (order == kMostOrders) {
      throw Error("{}: column '{}': expected at most {} different values, found '{}' beyond them",
                  grid_.place(row), grid_.header[columns_.by], kMostOrders, name);
    }
    if (order == trials_.size()) trials_.emplace_back();
    if (pair >= trials_[order].size()) trials_[order].resize(pair + 1);
    Trial& known = trials_[order][pair];
    const Trial trial{
        .row = row, .cell = number(row, column), .counter = counter_ == kNone ? 0 : count_of(row)};
    if (known.row == kNone) {
      known = trial;
      return;
    }
    has_several_rows_ = true;
    if (question_.choice == RowChoice::only) fail_with_two(known.row, row, pair, name);
    if (is_better_row(trial, known)) known = trial;
  }

  double count_of(std::size_t row) const {
    return read_cell(grid_.at(row, counter_), grid_.separator).value;
  }

  bool is_better_row(const Trial& trial, const Trial& known) const {
    if (trial.is_missing() || known.is_missing()) return known.is_missing();
    if (question_.choice == RowChoice::last) return trial.counter >= known.counter;
    if (!trial.value() || !known.value()) return trial.value().has_value();
    return direction_ == stats::Direction::higher_is_better ? *trial.value() > *known.value()
                                                            : *trial.value() < *known.value();
  }

  void require_name(std::size_t row, std::size_t column) const {
    const std::string& name = grid_.at(row, column);
    if (name.empty()) {
      throw Error("{}: column '{}': expected a name, found an empty field", grid_.place(row),
                  grid_.header[column]);
    }
    if (json::printable(name) == name) return;
    throw Error(
        "{}: expected a name of at most 80 bytes of UTF-8 without control characters, found '{}'",
        grid_.place(row), json::printable(name));
  }

  Cell number(std::size_t row, std::size_t column) {
    const std::string& text = grid_.at(row, column);
    const Cell cell = read_cell(text, grid_.separator);
    const auto fail = [&](std::string_view expected) {
      throw Error("{}: column '{}': expected {}; found '{}'", grid_.place(row),
                  json::printable(grid_.header[column]), expected, json::printable(text));
    };
    if (cell.content == Content::mean_spread) {
      fail("the number of one run, not a mean and a spread: give the runs behind it, one row each");
    }
    if (cell.content == Content::other) {
      fail("a number without a unit, nan for a trial that diverged, or nothing");
    }
    if (cell.content == Content::too_large) {
      fail(
          fmt::format("a number that a double holds, of magnitude {:g} at most, or nan for a trial "
                      "that diverged",
                      kLargestNumber));
    }
    if (cell.content == Content::number) {
      has_comma_ = has_comma_ || text.find(',') != text.npos;
      has_point_ = has_point_ || text.find('.') != text.npos;
      if (has_comma_ && has_point_) {
        fail("one kind of decimal point, as both '.' and ',' stand in the column's numbers");
      }
    }
    return cell;
  }

  /// Two rows of one trial: says which column tells them apart, and what to do with it.
  [[noreturn]] void fail_with_two(std::size_t first, std::size_t second, std::size_t pair,
                                  const std::string& order) const {
    std::string remedy =
        "keep one of them, or name another column that tells them apart with --pair";
    for (std::size_t c = grid_.header.size(); c-- > 0;) {
      if (is_used(c) || !tells_apart(c)) continue;
      const std::string& column = grid_.header[c];
      if (is_counter(grid_, c)) {
        if (remedy.find("--where") == remedy.npos) {
          remedy = fmt::format(
              "column '{}' tells them apart: --last takes the last row of every trial", column);
        }
        continue;
      }
      const std::string where = fmt::format("--where {}={}", column, value_to_take(c));
      remedy = fmt::format("column '{}' tells them apart: {} takes one of them", column, where);
      if (!is_phase(c)) {
        remedy += fmt::format(
            ", and --pair {},{} makes a pair of each, if they were measured on their own",
            fmt::join(pair_names_, ","), column);
      }
    }
    throw Error("{}: {} '{}' has a trial of {} '{}' in {} {} already; {}{}{}", grid_.place(second),
                fmt::join(pair_names_, ","), pairs_.list()[pair],
                columns_.is_wide() ? "column" : grid_.header[columns_.by], order,
                grid_.separator == '\0' ? "record" : "line", grid_.places[first], remedy,
                asks_.empty() ? "" : "; and ", asks_);
  }

  /// Whether no two rows of a trial have the same value in `column`, of few in all or a counter.
  bool tells_apart(std::size_t column) const {
    constexpr std::size_t kMostKinds = 12;
    std::set<std::vector<std::string_view>> seen;
    std::set<std::string_view> kinds;
    for (const std::size_t row : rows_) {
      std::vector<std::string_view> key = {grid_.at(row, column)};
      for (const std::size_t c : columns_.pair) key.push_back(grid_.at(row, c));
      if (!columns_.is_wide()) key.push_back(grid_.at(row, columns_.by));
      kinds.insert(key.front());
      if (!seen.insert(std::move(key)).second) return false;
    }
    return kinds.size() <= kMostKinds || is_counter(grid_, column);
  }

  static bool is_phase_word(std::string_view word) {
    return is_among(word, {"last", "final", "test", "testing", "best", "val", "valid", "validation",
                           "train", "training", "dev", "eval", "first", "ema"});
  }

  /// Whether the column's values are looks at one network, such as "best" and "last".
  bool is_phase(std::size_t column) const {
    return std::all_of(rows_.begin(), rows_.end(), [&](std::size_t row) {
      return is_phase_word(lower_case(grid_.at(row, column)));
    });
  }

  std::string value_to_take(std::size_t column) const {
    for (const std::string_view good : {"last", "final", "test"}) {
      for (const std::size_t row : rows_) {
        if (lower_case(grid_.at(row, column)) == good) return grid_.at(row, column);
      }
    }
    return json::printable(grid_.at(rows_.back(), column));
  }

  void require_two_orders() const {
    if (orders_.list().size() >= 2) return;
    throw Error(
        "{}: expected two values or more in column '{}', found {}; name the column of what is "
        "compared with --by, or the columns with --wide",
        grid_.label, columns_.is_wide() ? "order" : grid_.header[columns_.by],
        orders_.list().empty() ? "no line below the header"
                               : fmt::format("only '{}'", orders_.list()[0]));
  }

  const Trial& trial(std::size_t order, std::size_t pair) const {
    static const Trial kNoTrial;
    return pair < trials_[order].size() ? trials_[order][pair] : kNoTrial;
  }

  /// The names of the pairs for which there is a row of the order.
  std::vector<std::string> pairs_of(std::size_t order) const {
    std::vector<std::string> names;
    for (std::size_t p = 0; p < pairs_.list().size(); ++p) {
      if (trial(order, p).row != kNone) names.push_back(pairs_.list()[p]);
    }
    return names;
  }

  void require_common_pairs() const {
    for (std::size_t p = 0; p < pairs_.list().size(); ++p) {
      bool is_whole = true;
      for (std::size_t o = 0; o < trials_.size(); ++o) {
        is_whole = is_whole && trial(o, p).row != kNone;
      }
      if (is_whole) return;
    }
    std::string lists;
    for (std::size_t o = 0; o < trials_.size(); ++o) {
      lists +=
          fmt::format("{}{} has {}", o == 0 ? "" : "; ", orders_.list()[o], some_of(pairs_of(o)));
    }
    throw Error(
        "{}: no {} has a trial of every order, so there are no pairs: {}; write the same name for "
        "what a pair has in common",
        grid_.label, fmt::join(pair_names_, ","), lists);
  }

  /// Some values are shares of 1 and the others the same in percent.
  void refuse_mixed_units() const {
    if (!may_be_share(columns_.metric_name)) return;
    struct Group {
      std::vector<double> values;
      std::set<std::string> pairs, orders;
    } shares, percent;
    for (std::size_t o = 0; o < trials_.size(); ++o) {
      for (std::size_t p = 0; p < trials_[o].size(); ++p) {
        const std::optional<double> value = trials_[o][p].value();
        if (!value || *value == 0) continue;
        if (*value < 0 || *value > 100) return;
        Group& group = *value <= 1 ? shares : percent;
        group.values.push_back(*value);
        group.pairs.insert(pairs_.list()[p]);
        group.orders.insert(orders_.list()[o]);
      }
    }
    // A few collapsed runs at 1 % are no shares: theirs all are the same, or far from the others.
    if (shares.values.size() < 2 || percent.values.size() < 2) return;
    const auto [least, most] = std::minmax_element(shares.values.begin(), shares.values.end());
    const auto [low, high] = std::minmax_element(percent.values.begin(), percent.values.end());
    const double ratio = 100 * median(shares.values) / median(percent.values);
    if (*least == *most || *low < 10 * *most || ratio < 0.7 || ratio > 1.4) return;
    const auto words = [&](const Group& group, const Group& other) {
      const auto is_apart = [](const std::set<std::string>& x, const std::set<std::string>& y) {
        return std::none_of(x.begin(), x.end(), [&](const auto& name) { return y.contains(name); });
      };
      const bool by_pair = is_apart(group.pairs, other.pairs);
      if (!by_pair && !is_apart(group.orders, other.orders)) {
        return fmt::format("{} values", group.values.size());
      }
      const std::set<std::string>& names = by_pair ? group.pairs : group.orders;
      return fmt::format("{} {}", by_pair ? pair_names_.front() : "order",
                         some_of({names.begin(), names.end()}));
    };
    throw Error(
        "{}: column '{}' holds shares ({}: {:g} to {:g}) and percent ({}: {:g} to {:g}); write all "
        "in one unit",
        grid_.label, columns_.metric_name, words(shares, percent), *least, *most,
        words(percent, shares), *low, *high);
  }

  void add_pair(std::size_t p, Results& results) const {
    std::vector<std::string> missing;
    for (std::size_t o = 0; o < results.orders.size(); ++o) {
      if (trial(o, p).is_missing()) {
        missing.push_back(results.orders[o].name);
      } else if (!trial(o, p).value()) {
        ++results.orders[o].diverged;
      }
    }
    if (!missing.empty()) {
      results.table.dropped.push_back({.pair = pairs_.list()[p], .missing = std::move(missing)});
      return;
    }
    results.table.pairs.push_back(pairs_.list()[p]);
    for (std::size_t o = 0; o < results.orders.size(); ++o) {
      results.orders[o].values.push_back(trial(o, p).value());
    }
  }

  void note(Results& results) {
    note_states();
    note_choice();
    note_nesting(results);
    if (columns_.is_found_wide) {
      notes_.push_back({"wide", fmt::format("read as a wide table, whose orders are the columns {} "
                                            "(as by --wide)",
                                            fmt::join(orders_.list(), ", "))});
    }
    if (!summaries_.list().empty()) {
      notes_.push_back({"summary-rows", fmt::format("rows whose {} is {} are left out: they sum up "
                                                    "other rows and are no trials",
                                                    fmt::join(pair_names_, ","),
                                                    fmt::join(summaries_.list(), ", "))});
    }
    note_dropped(results.table);
    results.notices = std::move(notes_);
  }

  /// W&B's State, Optuna's state, MLflow's status: rows of runs that did not end count too.
  void note_states() {
    for (std::size_t c = 0; c < grid_.header.size(); ++c) {
      const std::vector<std::string> parts = parts_of(grid_.header[c]);
      if (is_used(c) || parts.empty() || !is_among(parts.back(), {"state", "status"})) continue;
      std::map<std::string, int> counts;
      std::string good;
      for (const std::size_t row : rows_) {
        const std::string value = json::printable(grid_.at(row, c));
        ++counts[value];
        if (is_among(lower_case(value),
                     {"finished", "complete", "completed", "done", "success", "succeeded", "ok"})) {
          good = value;
        }
      }
      if (counts.size() < 2 || good.empty()) continue;
      std::vector<std::string> others;
      for (const auto& [value, count] : counts) {
        if (value != good) others.push_back(fmt::format("{} ({})", value, count));
      }
      notes_.push_back(
          {"state", fmt::format("column {} has rows that are not {}: {}; --where {}={} leaves them "
                                "out",
                                grid_.header[c], good, some_of(others), grid_.header[c], good)});
    }
  }

  void note_choice() {
    if (!has_several_rows_) return;
    if (question_.choice == RowChoice::best) {
      notes_.push_back(
          {"best-row",
           fmt::format(
               "the best {} of each trial was taken: chosen on the data that are reported it "
               "is too good, and flatters the order that fluctuates more; report --last, or "
               "choose on validation data",
               columns_.metric_name)});
      return;
    }
    notes_.push_back(
        {"last-row",
         fmt::format("of several rows of a trial the last one was taken, {}",
                     counter_ == kNone ? std::string("as they stand in the file")
                                       : fmt::format("by column {}", grid_.header[counter_]))});
  }

  /// Pairs of several columns: those that share a seed may be looks at one network.
  void note_nesting(const Results& results) {
    if (columns_.pair.size() < 2) return;
    for (const std::size_t column : columns_.pair) {
      const std::vector<std::string> parts = parts_of(grid_.header[column]);
      const bool is_of_run = std::any_of(parts.begin(), parts.end(), [](const std::string& part) {
        return is_among(part, {"seed", "seeds", "run", "replicate", "trial"});
      });
      if (!is_of_run) continue;
      std::set<std::string_view> values;
      for (const std::size_t row : rows_) values.insert(grid_.at(row, column));
      if (values.size() >= results.table.pairs.size()) continue;
      notes_.push_back(
          {"nested-pairs",
           fmt::format("the {} pairs are of {} different values of {}: if one trained network gave "
                       "several of them, they are not independent and the interval is too narrow",
                       results.table.pairs.size(), values.size(), grid_.header[column])});
    }
  }

  void note_dropped(const record::ResultsTable& table) {
    if (table.dropped.empty()) return;
    constexpr std::size_t kMostShown = 5;
    std::vector<std::string> lacks;
    std::set<std::string> orders;
    for (const record::DroppedPair& dropped : table.dropped) {
      lacks.push_back(
          fmt::format("{} lacks {}", dropped.pair, fmt::join(dropped.missing, " and ")));
      orders.insert(dropped.missing.begin(), dropped.missing.end());
    }
    std::map<double, std::string> numbers;
    std::string alike;
    for (const std::string& name : pairs_.list()) {
      const Cell cell = read_cell(name, '\0');
      if (cell.content != Content::number) continue;
      const auto [known, is_new] = numbers.emplace(cell.value, name);
      if (!is_new) alike = fmt::format("; {} and {} are two names", known->second, name);
    }
    const std::size_t all = table.dropped.size() + table.pairs.size();
    notes_.push_back(
        {"incomplete-pairs",
         fmt::format(
             "{} of {} pairs {} left out, because a trial is missing ({} {}); write a trial "
             "that diverged as nan, so that it counts{}",
             table.dropped.size(), all, table.dropped.size() == 1 ? "is" : "are", table.pair,
             some_of(lacks, kMostShown),
             orders.size() == 1 && table.dropped.size() > 1
                 ? fmt::format(": all that are missing are of {}, which the verdict flatters "
                               "if they failed",
                               *orders.begin())
                 : "") +
             alike});
  }

  const Grid& grid_;
  const Question& question_;
  std::vector<std::size_t> rows_;  // that count
  Columns columns_;
  std::vector<std::string> pair_names_;
  std::size_t counter_ = kNone;  // column of the epoch or step
  stats::Direction direction_ = stats::Direction::higher_is_better;
  std::string asks_;  // for the direction
  Names pairs_;
  Names orders_;
  Names summaries_;
  std::vector<std::vector<Trial>> trials_;  // [order][pair], as far as there are rows
  bool has_several_rows_ = false;
  bool has_comma_ = false;
  bool has_point_ = false;
  std::vector<record::Notice> notes_;
};

}  // namespace

Results parse_results(std::string_view text, std::string_view label, const Question& asked) {
  Question question = asked;
  Grid grid = read_grid(text, std::string(label));
  if (question.runs) grid = split_runs(grid, question);
  Results results = Reading(grid, question).results();
  results.table.file = std::filesystem::path(label).filename().string();
  return results;
}

Results read_results(const std::filesystem::path& path, const Question& question) {
  return parse_results(record::read_file(path, kMostBytes), path.string(), question);
}

std::string print_results(const record::VerdictRecord& verdict) {
  const auto quoted = [](std::string_view text) {
    std::string field = "\"";
    for (const char c : text) field += c == '"' ? std::string("\"\"") : std::string(1, c);
    return field + "\"";
  };
  const std::optional<record::ResultsTable>& table = verdict.table;
  std::string text = table ? fmt::format("{},{},{}\n", quoted(table->pair), quoted(table->by),
                                         quoted(verdict.metric))
                           : fmt::format("seed,order,lr,{}\n", quoted(verdict.metric));
  for (const record::OrderResult& order : verdict.orders) {
    const std::string lr = order.lr ? fmt::format("{}", *order.lr) : "";
    const char* const gap = order.diverged + order.failed > 0 ? "nan" : "";
    for (std::size_t i = 0; i < order.values.size(); ++i) {
      text += table ? fmt::format("{},{},", quoted(table->pairs[i]), quoted(order.name))
                    : fmt::format("{},{},{},", i + 1, quoted(order.name), lr);
      text += order.values[i] ? fmt::format("{}\n", *order.values[i]) : fmt::format("{}\n", gap);
    }
  }
  return text;
}

}  // namespace whichfirst::table
