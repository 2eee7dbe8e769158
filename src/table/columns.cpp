#include "table/columns.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <unordered_set>
#include <utility>

#include "base/error.h"
#include "base/suggest.h"
#include "json/printable.h"
#include "table/cell.h"
#include "table/metric_name.h"

namespace whichfirst::table {
namespace {

enum class Role { pair, by, metric };

constexpr std::array kOptions = {"--pair", "--by", "--metric"};
constexpr std::string_view kPairWords[] = {"seed",   "run",   "replicate", "rep",
                                           "repeat", "trial", "id",        "index"};
constexpr std::string_view kByWords[] = {"order", "method", "model",     "variant", "arm",
                                         "mode",  "config", "algorithm", "network", "name"};
constexpr std::string_view kMetricWords[] = {"value", "score", "metric", "result", "objective"};
constexpr std::string_view kRowNumbers[] = {"run",    "id", "index", "idx", "trial",
                                            "number", "no", "row",   "seed"};

constexpr std::string_view kSplits[] = {"train",      "training", "test", "val",  "valid", "dev",
                                        "validation", "eval",     "best", "last", "final"};

/// An empty table of the same file.
Grid like(const Grid& grid) {
  Grid empty;
  empty.label = grid.label;
  empty.header_line = grid.header_line;
  empty.separator = grid.separator;
  return empty;
}

std::string list_columns(const Grid& grid) {
  constexpr std::size_t kMostShown = 1'000;
  return json::printable(fmt::format("{}", fmt::join(grid.header, ", ")), kMostShown);
}

std::optional<std::size_t> find(const Grid& grid, std::string_view name) {
  const auto found = std::find(grid.header.begin(), grid.header.end(), name);
  if (found == grid.header.end()) return std::nullopt;
  return static_cast<std::size_t>(found - grid.header.begin());
}

/// Numbers and gaps, with one number at least.
bool holds_numbers(const Grid& grid, std::size_t column) {
  bool has_number = false;
  for (std::size_t row = 0; row < grid.rows(); ++row) {
    const Content content = read_cell(grid.at(row, column), grid.separator).content;
    if (content != Content::number && content != Content::missing && content != Content::diverged) {
      return false;
    }
    has_number = has_number || content == Content::number;
  }
  return has_number;
}

std::size_t count_values(const Grid& grid, std::size_t column, std::size_t most) {
  std::unordered_set<std::string_view> values;
  for (std::size_t row = 0; row < grid.rows() && values.size() <= most; ++row) {
    values.insert(grid.at(row, column));
  }
  return values.size();
}

bool is_unique(const Grid& grid, const std::vector<std::size_t>& columns) {
  std::set<std::vector<std::string_view>> seen;
  for (std::size_t row = 0; row < grid.rows(); ++row) {
    std::vector<std::string_view> key;
    for (const std::size_t column : columns) key.push_back(grid.at(row, column));
    if (!seen.insert(std::move(key)).second) return false;
  }
  return true;
}

/// "err" of bn_err and act_err: the shortest end that all names share and whose direction is known.
std::string shared_metric(const std::vector<std::string>& names) {
  const std::string& first = names.front();
  for (std::size_t length = 1; length < first.size(); ++length) {
    const std::string end = first.substr(first.size() - length);
    const bool is_shared = std::all_of(names.begin(), names.end(), [&](const std::string& name) {
      return name.size() > length && name.ends_with(end);
    });
    if (!is_shared) break;
    const char before = first[first.size() - length - 1];
    if (std::string_view("_-./ ").find(before) != std::string_view::npos && direction_of(end)) {
      return end;
    }
  }
  return "";
}

/// The columns that may be the orders of a wide table whose pairs are in `pair`; empty where there
/// are none: each row would be one pair, and no column a metric beside others.
std::vector<std::size_t> wide_orders(const Grid& grid, const std::vector<std::size_t>& pair) {
  std::vector<std::size_t> orders;
  std::vector<std::string> names;
  bool is_metric = false;
  for (std::size_t c = 0; c < grid.header.size(); ++c) {
    if (is_among(c, pair)) continue;
    const std::vector<std::string> parts = parts_of(grid.header[c]);
    const bool is_numbered = parts.empty() || counter_word(grid.header[c]) ||
                             parts.front() == "unnamed" ||
                             (parts.size() == 1 && is_among(parts.front(), kRowNumbers));
    const bool is_split = std::any_of(parts.begin(), parts.end(), [](const std::string& part) {
      return is_among(part, kSplits);
    });
    const bool is_label = !holds_numbers(grid, c) && is_unique(grid, {c});  // a name for each row
    if (is_numbered || is_label) continue;
    if (!holds_numbers(grid, c) || is_split) return {};
    orders.push_back(c);
    names.push_back(grid.header[c]);
    is_metric = is_metric || direction_of(grid.header[c]);
  }
  const bool is_wide = orders.size() >= 2 && orders.size() <= kMostOrders &&
                       is_unique(grid, pair) && (!is_metric || !shared_metric(names).empty());
  return is_wide ? orders : std::vector<std::size_t>();
}

/// How well a column fits where `wanted` is not there; 0: not at all.
int fit(const Grid& grid, std::size_t column, Role role, const std::string& wanted) {
  const std::string& name = grid.header[column];
  if (name.empty() || counter_word(name)) return 0;
  const bool is_numeric = holds_numbers(grid, column);
  if (role == Role::metric && !is_numeric) return 0;
  if (role == Role::by && (is_numeric || count_values(grid, column, kMostOrders) > kMostOrders ||
                           count_values(grid, column, 1) < 2)) {
    return 0;
  }
  const std::vector<std::string> parts = parts_of(name);
  if (lower_case(name) == lower_case(wanted)) return 6;
  const std::array<std::string_view, 1> known = {name};
  if (is_among(lower_case(wanted), parts)) return 5;
  if (nearest_word(wanted, known)) return 4;
  const auto has_word = [&](const auto& words) {
    return std::any_of(parts.begin(), parts.end(),
                       [&](const std::string& part) { return is_among(part, words); });
  };
  switch (role) {
    case Role::pair:
      return has_word(kPairWords) ? 3 : 0;
    case Role::by:
      return has_word(kByWords) ? 3 : 1;
    case Role::metric:
      return direction_of(name) ? 3 : has_word(kMetricWords) ? 2 : has_word(kRowNumbers) ? 0 : 1;
  }
  return 0;
}

std::optional<std::size_t> best_fit(const Grid& grid, Role role, const std::string& wanted,
                                    const std::vector<std::size_t>& taken) {
  std::optional<std::size_t> best;
  int most = 0;
  for (std::size_t c = 0; c < grid.header.size(); ++c) {
    const int found = is_among(c, taken) ? 0 : fit(grid, c, role, wanted);
    if (found > most) best = c;
    most = std::max(most, found);
  }
  return best;
}

/// "{order}-seed{seed}" for a run that is called "bn-first-seed0".
std::string pattern_of(const std::string& run) {
  const std::size_t digits = run.find_last_not_of("0123456789");
  const std::size_t separator = digits == run.npos ? run.npos : run.find_last_of("-_/. ", digits);
  if (digits + 1 == run.size() || separator == run.npos) return "{order}-seed{seed}";
  return "{order}" + run.substr(separator, digits + 1 - separator) + "{seed}";
}

constexpr std::string_view kBetweenRunAndMetric = " - ";

/// Of a chart export, the columns "RUN - METRIC".
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

/// What the file looks like, with what to do; empty where it looks like nothing known.
std::string guess(const Grid& grid) {
  const auto has = [&](std::string_view wanted) {
    return std::any_of(grid.header.begin(), grid.header.end(), [&](const std::string& name) {
      return lower_case(name) == wanted || is_among(wanted, parts_of(name));
    });
  };
  const std::vector<std::size_t> charted = charted_columns(grid);
  if (!charted.empty() && has("step")) {
    const std::string run = run_of(grid.header[charted.front()]);
    return fmt::format(
        "this looks like a W&B chart export, a column per run and a row per step: read it with "
        "--last --runs '{}', a pattern of the runs' names such as '{}'",
        json::printable(pattern_of(run)), json::printable(run));
  }
  if (has("mean") && (has("std") || has("sd") || has("stderr") || has("sem"))) {
    return "this looks like a table of means and spreads: give the runs behind them, one row each";
  }
  if (has("wall time") && has("step") && has("value")) {
    return "this looks like a TensorBoard export of one run: put the last values of all runs into "
           "one table";
  }
  const bool has_counter =
      std::any_of(grid.header.begin(), grid.header.end(),
                  [](const std::string& name) { return counter_word(name).has_value(); });
  if (has_counter && !has("seed") && !has("run") && !has("number")) {
    return "this looks like the log of one run per order, a row per epoch or step: these are not "
           "replicates, as they share weights and data; train every order with several seeds and "
           "give the last row of each run, with its seed";
  }
  if (has("number") && has("value") && has("state")) {
    return "this looks like Optuna's trials_dataframe: --where state=COMPLETE keeps the trials "
           "that ended";
  }
  if (has("state") && has("name")) {
    return "this looks like a W&B table of runs: --where State=finished keeps the runs that ended";
  }
  if (has("metrics") && has("params")) return "this looks like a table of MLflow runs";
  return "";
}

struct Missing {
  Role role;
  std::string name;
};

[[noreturn]] void fail_without(const Grid& grid, const std::vector<Missing>& missing,
                               std::vector<std::size_t> taken, bool may_be_wide) {
  std::vector<std::string> names;
  std::vector<std::string> options;
  std::vector<std::string> proposals;
  for (const Missing& each : missing) {
    const char* const option = kOptions[static_cast<std::size_t>(each.role)];
    names.push_back(fmt::format("'{}'", json::printable(each.name)));
    options.emplace_back(option);
    const auto near = best_fit(grid, each.role, each.name, taken);
    if (near) {
      taken.push_back(*near);
      proposals.push_back(fmt::format("{} {}", option, json::printable(grid.header[*near])));
    }
    if (each.role != Role::pair || !near || !may_be_wide) continue;
    const std::vector<std::size_t> orders = wide_orders(grid, {*near});
    if (orders.empty()) continue;
    std::vector<std::string> wide;
    for (const std::size_t order : orders) wide.push_back(json::printable(grid.header[order]));
    proposals.push_back(fmt::format("--wide {}", fmt::join(wide, ",")));
    break;
  }
  const std::string looks = guess(grid);
  const bool knows_better = looks.find("--runs") != looks.npos;
  const std::string remedy =
      proposals.empty() ? fmt::format("name the right one{} with {}", names.size() == 1 ? "" : "s",
                                      fmt::join(options, ", "))
                        : fmt::format("did you mean {}?", fmt::join(proposals, " "));
  throw Error("{}: no column{} {}; {}{}{} The columns are {}", grid.header_place(),
              names.size() == 1 ? "" : "s", fmt::join(names, ", "), looks,
              looks.empty()  ? ""
              : knows_better ? "."
                             : "; ",
              knows_better ? std::string() : remedy + (remedy.ends_with('?') ? "" : "."),
              list_columns(grid));
}

/// What one run or one data set holds several of cannot be what pairs have in common.
void refuse_counters(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const auto word = counter_word(name);
    if (!word) continue;
    if (word->find("fold") != word->npos || *word == "split") {
      throw Error(
          "--pair {}: the folds of a cross-validation share most of their training data, so they "
          "are not independent and the interval would be too narrow; average the folds of each "
          "seed and pair by seed",
          json::printable(name));
    }
    throw Error(
        "--pair {}: the rows of one run are not replicates: they share weights and data, and many "
        "of them say no more than one; train every order with several seeds and pair by seed, with "
        "--last where a run has several rows",
        json::printable(name));
  }
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
    for (std::size_t row = 0; row < grid.rows(); ++row) {
      std::vector<std::string> cells = parts;
      for (const std::size_t other : others) cells.push_back(grid.at(row, other));
      cells.resize(split.header.size());
      cells[*find(split, metric)] = grid.at(row, column);
      split.add(std::move(cells), grid.places[row]);
    }
  }
  return split;
}

}  // namespace

bool is_counter(const Grid& grid, std::size_t column) {
  return counter_word(grid.header[column]) && holds_numbers(grid, column);
}

std::vector<std::string> split_names(const Grid& grid, const std::string& list) {
  if (find(grid, list)) return {list};
  std::vector<std::string> names;
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    names.push_back(list.substr(begin, end - begin));
    begin = end + 1;
  }
  return names;
}

std::size_t column_of(const Grid& grid, const std::string& name, std::string_view option) {
  const auto found = find(grid, name);
  if (!found) {
    const std::vector<std::string_view> known(grid.header.begin(), grid.header.end());
    const auto near = nearest_word(name, known);
    throw Error("{}: {}: no column '{}'{}; the columns are {}", grid.header_place(), option,
                json::printable(name),
                near ? fmt::format(", did you mean '{}'?", json::printable(*near)) : "",
                list_columns(grid));
  }
  if (std::count(grid.header.begin(), grid.header.end(), name) > 1) {
    throw Error("{}: column '{}' stands twice; rename one", grid.header_place(),
                json::printable(name));
  }
  return *found;
}

Columns find_columns(const Grid& grid, const Question& question) {
  const std::vector<std::string> pair = split_names(grid, question.pair.value_or("seed"));
  const std::string by = question.by.value_or("order");
  const std::string metric = question.metric.value_or("accuracy");
  refuse_counters(pair);

  Columns columns;
  columns.metric_name = metric;
  std::vector<Missing> missing;
  for (const std::string& name : pair) {
    if (find(grid, name)) {
      columns.pair.push_back(column_of(grid, name, "--pair"));
    } else {
      missing.push_back({Role::pair, name});
    }
  }
  if (question.wide) {
    for (const std::string& name : split_names(grid, *question.wide)) {
      columns.orders.push_back(column_of(grid, name, "--wide"));
    }
    if (columns.orders.size() < 2) {
      throw Error("--wide {}: expected two columns or more, with a comma between them",
                  *question.wide);
    }
    if (columns.orders.size() > kMostOrders) {
      throw Error("--wide: expected at most {} columns, found {}", kMostOrders,
                  columns.orders.size());
    }
  } else if (missing.empty() && !question.by && !find(grid, by) && !find(grid, metric)) {
    columns.orders = wide_orders(grid, columns.pair);
    columns.is_found_wide = columns.is_wide();
  }
  if (columns.is_wide()) {
    std::vector<std::string> names;
    for (const std::size_t order : columns.orders) names.push_back(grid.header[order]);
    const std::string shared = shared_metric(names);
    if (!question.metric && !shared.empty()) columns.metric_name = shared;
  }
  std::vector<std::size_t> used = columns.pair;
  used.insert(used.end(), columns.orders.begin(), columns.orders.end());
  if (!columns.is_wide()) {
    for (const auto& [role, name] : {std::pair{Role::by, by}, std::pair{Role::metric, metric}}) {
      if (!find(grid, name)) {
        missing.push_back({role, name});
        continue;
      }
      const std::size_t column = column_of(grid, name, kOptions[static_cast<std::size_t>(role)]);
      (role == Role::by ? columns.by : columns.metric) = column;
      used.push_back(column);
    }
  }
  if (!missing.empty()) fail_without(grid, missing, used, !question.by && !question.metric);
  std::sort(used.begin(), used.end());
  if (std::adjacent_find(used.begin(), used.end()) != used.end()) {
    throw Error("--pair {}, {}: expected different columns", fmt::join(pair, ","),
                columns.is_wide() ? fmt::format("--wide {}", question.wide.value_or(""))
                                  : fmt::format("--by {}, --metric {}", by, metric));
  }
  for (const std::size_t column : used) {
    const std::string& name = grid.header[column];
    if (json::printable(name) == name) continue;
    throw Error(
        "{}: expected a name of at most 80 bytes of UTF-8 without control characters, found '{}'",
        grid.header_place(), json::printable(name));
  }
  return columns;
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
