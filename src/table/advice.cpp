#include "table/advice.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <unordered_set>

#include "base/error.h"
#include "base/suggest.h"
#include "base/words.h"
#include "json/printable.h"
#include "table/cell.h"
#include "table/lookup.h"
#include "table/metric_name.h"
#include "table/question.h"
#include "table/runs.h"

namespace whichfirst::table {
namespace {

constexpr std::array kOptions = {"--pair", "--by", "--metric"};
constexpr std::string_view kPairWords[] = {"seed",   "run",   "replicate", "rep",
                                           "repeat", "trial", "id",        "index"};
constexpr std::string_view kByWords[] = {"order", "method", "model",     "variant", "arm",
                                         "mode",  "config", "algorithm", "network", "name"};
constexpr std::string_view kMetricWords[] = {"value", "score", "metric", "result", "objective"};

std::size_t count_values(const Grid& grid, std::size_t column, std::size_t most) {
  std::unordered_set<std::string_view> values;
  for (std::size_t row = 0; row < grid.rows() && values.size() <= most; ++row) {
    values.insert(grid.at(row, column));
  }
  return values.size();
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
      return direction_of(name) ? 3 : has_word(kMetricWords) ? 2 : is_row_number(name) ? 0 : 1;
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

/// One column of names, each once, and at least two of numbers that are all numbered: s0, s1, s2.
bool is_transposed(const Grid& grid) {
  std::size_t numbered = 0;
  for (std::size_t c = 0; c < grid.header.size(); ++c) {
    const std::string& name = grid.header[c];
    if (!holds_numbers(grid, c)) {
      if (!is_unique(grid, {c})) return false;
      continue;
    }
    if (name.find_last_of("0123456789") + 1 != name.size()) return false;
    ++numbered;
  }
  return numbered >= 2 && numbered + 1 == grid.header.size();
}

/// What a file looks like, with what to do; empty where it looks like nothing known.
struct Looks {
  std::string text = {};
  bool is_all = false;  ///< no naming of columns mends it
};

Looks guess(const Grid& grid) {
  const auto has = [&](std::string_view wanted) {
    return std::any_of(grid.header.begin(), grid.header.end(), [&](const std::string& name) {
      return lower_case(name) == wanted || is_among(wanted, parts_of(name));
    });
  };
  const std::vector<std::size_t> charted = charted_columns(grid);
  if (!charted.empty() && has("step")) {
    const std::string run = run_of(grid.header[charted.front()]);
    return {
        fmt::format("this looks like a W&B chart export, a column per run and a row per step: read "
                    "it with --last --runs '{}', a pattern of the runs' names such as '{}'",
                    json::printable(pattern_of(run)), json::printable(run)),
        true};
  }
  if (has("mean") && (has("std") || has("sd") || has("stderr") || has("sem") || has("ci"))) {
    return {"this looks like a table of means and spreads: give the runs behind them, one row each",
            true};
  }
  if (has("wall time") && has("step") && has("value")) {
    return {
        "this looks like a TensorBoard export of one run: put the last values of all runs into one "
        "table",
        true};
  }
  const bool has_counter =
      std::any_of(grid.header.begin(), grid.header.end(),
                  [](const std::string& name) { return counter_word(name).has_value(); });
  if (has_counter && !has("seed") && !has("run") && !has("number")) {
    return {
        "this looks like the log of one run per order, a row per epoch or step: these are not "
        "replicates, as they share weights and data; train every order with several seeds and give "
        "the last row of each run, with its seed",
        true};
  }
  if (has("number") && has("value") && has("state")) {
    return {
        "this looks like Optuna's trials_dataframe: --where state=COMPLETE keeps the trials that "
        "ended",
        false};
  }
  if (has("state") && has("name")) {
    return {"this looks like a W&B table of runs: --where State=finished keeps the runs that ended",
            false};
  }
  if (is_transposed(grid)) {
    return {
        "this looks like a row per order and a column per run: turn it round, so that every run "
        "has a row",
        true};
  }
  if (has("metrics") && has("params")) return {"this looks like a table of MLflow runs", false};
  return {};
}

}  // namespace

void fail_without(const Grid& grid, const std::vector<Missing>& missing,
                  std::vector<std::size_t> taken, bool may_be_wide) {
  std::vector<std::string> names;
  std::vector<std::string> options;
  std::vector<std::string> proposals;
  bool lacks_pairs = false;
  for (const Missing& each : missing) {
    const char* const option = kOptions[static_cast<std::size_t>(each.role)];
    names.push_back(fmt::format("'{}'", json::printable(each.name)));
    options.emplace_back(option);
    const auto near = best_fit(grid, each.role, each.name, taken);
    lacks_pairs = lacks_pairs || (each.role == Role::pair && !near);
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
  const Looks looks = guess(grid);
  std::string advice = looks.text;
  if (!looks.is_all) {
    if (!advice.empty()) advice += "; ";
    advice += proposals.empty()
                  ? fmt::format("name the right one{} with {}", names.size() == 1 ? "" : "s",
                                fmt::join(options, ", "))
                  : fmt::format("did you mean {}?", fmt::join(proposals, " "));
  }
  if (lacks_pairs && !looks.is_all) {
    advice += advice.ends_with('?') ? " " : ". ";
    advice +=
        "A table needs a column that says which trials are a pair, such as the seed, and several "
        "pairs: one run per order tells nothing about the next";
  }
  throw Error("{}: no column{} {}; {}{} The columns are {}", grid.header_place(),
              names.size() == 1 ? "" : "s", fmt::join(names, ", "), advice,
              advice.ends_with('?') ? "" : ".", list_columns(grid));
}

}  // namespace whichfirst::table
