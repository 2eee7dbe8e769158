#include "table/doubts.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/median.h"
#include "base/words.h"
#include "json/printable.h"
#include "table/cell.h"
#include "table/metric_name.h"

namespace whichfirst::table {
namespace {

using Notices = std::vector<record::Notice>;

void require_two_orders(const Grid& grid, const Trials& trials) {
  const std::vector<std::string>& orders = trials.orders.list();
  if (orders.size() >= 2) return;
  throw Error(
      "{}: expected two values or more in column '{}', found {}; name the column of what is "
      "compared with --by, or the columns with --wide",
      grid.label, trials.columns.is_wide() ? "order" : grid.header[trials.columns.by],
      orders.empty() ? "no line below the header" : fmt::format("only '{}'", orders[0]));
}

void require_common_pairs(const Grid& grid, const Trials& trials) {
  const std::size_t orders = trials.orders.list().size();
  std::vector<std::vector<std::string>> names(orders);
  for (std::size_t p = 0; p < trials.pairs.list().size(); ++p) {
    std::size_t found = 0;
    for (std::size_t o = 0; o < orders; ++o) {
      if (!trials.at(o, p).row) continue;
      names[o].push_back(trials.pairs.list()[p]);
      ++found;
    }
    if (found == orders) return;
  }
  std::vector<std::string> lists;
  for (std::size_t o = 0; o < orders; ++o) {
    lists.push_back(fmt::format("{} has {}", trials.orders.list()[o], some_of(names[o])));
  }
  throw Error(
      "{}: no {} has a trial of every order, so there are no pairs: {}; write the same name for "
      "what a pair has in common",
      grid.label, trials.pair_title, fmt::join(lists, "; "));
}

/// Values that are all shares, or all percent, and whose they are.
struct UnitGroup {
  std::vector<double> values;
  std::set<std::string> pairs, orders;

  void add(double value, const std::string& pair, const std::string& order) {
    values.push_back(value);
    pairs.insert(pair);
    orders.insert(order);
  }
  double least() const { return *std::min_element(values.begin(), values.end()); }
  double most() const { return *std::max_element(values.begin(), values.end()); }
};

/// "seed 0, 1, 2", "order a": what tells the group from the other.
std::string words_of(const UnitGroup& group, const UnitGroup& other, const Trials& trials) {
  const auto is_apart = [](const std::set<std::string>& x, const std::set<std::string>& y) {
    return std::none_of(x.begin(), x.end(), [&](const auto& name) { return y.contains(name); });
  };
  const bool by_pair = is_apart(group.pairs, other.pairs);
  const bool by_order = is_apart(group.orders, other.orders);
  if (!by_pair && !by_order) return fmt::format("{} values", group.values.size());
  const std::set<std::string>& names = by_pair ? group.pairs : group.orders;
  return fmt::format("{} {}", by_pair ? trials.pair_title : "order",
                     some_of({names.begin(), names.end()}));
}

/// Some values are shares of 1 and the others the same in percent. A few runs that collapsed to 1 %
/// are no shares: theirs are all the same, or far from the others.
void refuse_mixed_units(const Grid& grid, const Trials& trials) {
  constexpr double kLargestShare = 1;
  constexpr double kMostApart = 1.4;  // of the medians, in one unit
  if (!may_be_share(trials.columns.metric_name)) return;
  UnitGroup shares;
  UnitGroup percent;
  for (std::size_t o = 0; o < trials.table.size(); ++o) {
    for (std::size_t p = 0; p < trials.table[o].size(); ++p) {
      const std::optional<double> value = trials.table[o][p].value();
      if (!value || *value == 0) continue;
      if (*value < 0 || *value > 100) return;
      (*value <= kLargestShare ? shares : percent)
          .add(*value, trials.pairs.list()[p], trials.orders.list()[o]);
    }
  }
  if (shares.values.size() < 2 || percent.values.size() < 2) return;
  const double ratio = 100 * median(shares.values) / median(percent.values);
  if (shares.least() == shares.most() || percent.least() < 10 * shares.most() ||
      ratio > kMostApart || ratio < 1 / kMostApart) {
    return;
  }
  throw Error(
      "{}: column '{}' holds shares ({}: {:g} to {:g}) and percent ({}: {:g} to {:g}); write all "
      "in one unit",
      grid.label, trials.columns.metric_name, words_of(shares, percent, trials), shares.least(),
      shares.most(), words_of(percent, shares, trials), percent.least(), percent.most());
}

/// W&B's State, Optuna's state, MLflow's status: rows of runs that did not end count too.
void note_states(const Grid& grid, const Trials& trials, Notices& notices) {
  for (std::size_t c = 0; c < grid.header.size(); ++c) {
    const std::vector<std::string> parts = parts_of(grid.header[c]);
    if (trials.columns.uses(c) || parts.empty() || !is_among(parts.back(), {"state", "status"})) {
      continue;
    }
    std::map<std::string, int> counts;
    std::string good;
    for (const std::size_t row : trials.rows) {
      const std::string value = json::printable(grid.at(row, c));
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
    const std::string title = json::printable(grid.header[c]);
    notices.push_back(
        {"state",
         fmt::format("column {0} has rows that are not {1}: {2}; --where {0}={1} leaves them out",
                     title, good, some_of(others))});
  }
}

void note_choice(const Grid& grid, const Question& question, const Trials& trials,
                 Notices& notices) {
  if (!trials.has_several_rows) return;
  if (question.choice == RowChoice::best) {
    notices.push_back(
        {"best-row", fmt::format("the best {} of each trial was taken: chosen on the data that are "
                                 "reported it is too good, and flatters the order that fluctuates "
                                 "more; report --last, or choose on validation data",
                                 trials.columns.metric_name)});
    return;
  }
  notices.push_back(
      {"last-row",
       "of several rows of a trial the last one was taken, " +
           (trials.counter ? "by column " + json::printable(grid.header[*trials.counter])
                           : std::string("as they stand in the file"))});
}

/// Pairs of several columns: those that share a seed may be looks at one network.
void note_nesting(const Grid& grid, const Trials& trials, std::size_t pairs, Notices& notices) {
  if (trials.columns.pair.size() < 2) return;
  for (const std::size_t column : trials.columns.pair) {
    const std::vector<std::string> parts = parts_of(grid.header[column]);
    const bool is_of_run = std::any_of(parts.begin(), parts.end(), [](const std::string& part) {
      return is_among(part, {"seed", "seeds", "run", "replicate", "trial"});
    });
    std::set<std::string_view> values;
    for (const std::size_t row : trials.rows) values.insert(grid.at(row, column));
    if (!is_of_run || values.size() >= pairs) continue;
    notices.push_back(
        {"nested-pairs",
         fmt::format("the {} pairs are of {} different values of {}: if one trained network gave "
                     "several of them, they are not independent and the interval is too narrow",
                     pairs, values.size(), grid.header[column])});
  }
}

/// "; 0 and 0.0 are two names", of pairs that are one number.
std::string alike_words(const Trials& trials) {
  std::map<double, std::string> numbers;
  for (const std::string& name : trials.pairs.list()) {
    const Cell cell = read_cell(name, '\0');
    if (cell.content != Content::number) continue;
    const auto [known, is_new] = numbers.emplace(cell.value, name);
    if (!is_new) return fmt::format("; {} and {} are two names", known->second, name);
  }
  return "";
}

void note_dropped(const Trials& trials, const record::ResultsTable& table, Notices& notices) {
  if (table.dropped.empty()) return;
  constexpr std::size_t kMostShown = 5;
  std::vector<std::string> lacks;
  std::set<std::string> orders;
  for (const record::DroppedPair& dropped : table.dropped) {
    lacks.push_back(fmt::format("{} lacks {}", dropped.pair, fmt::join(dropped.missing, " and ")));
    orders.insert(dropped.missing.begin(), dropped.missing.end());
  }
  std::string text = fmt::format(
      "{} of {} pairs {} left out, because a trial is missing ({} {}); write a trial that diverged "
      "as nan, so that it counts",
      lacks.size(), lacks.size() + table.pairs.size(), lacks.size() == 1 ? "is" : "are", table.pair,
      some_of(lacks, kMostShown));
  if (orders.size() == 1 && lacks.size() > 1) {
    text +=
        fmt::format(": all that are missing are of {}, which the verdict flatters if they failed",
                    *orders.begin());
  }
  notices.push_back({"incomplete-pairs", text + alike_words(trials)});
}

}  // namespace

void refuse_doubtful(const Grid& grid, const Trials& trials) {
  require_two_orders(grid, trials);
  require_common_pairs(grid, trials);
  refuse_mixed_units(grid, trials);
}

std::vector<record::Notice> notices_of(const Grid& grid, const Question& question,
                                       const Trials& trials, const record::ResultsTable& table) {
  Notices notices;
  note_states(grid, trials, notices);
  note_choice(grid, question, trials, notices);
  note_nesting(grid, trials, table.pairs.size(), notices);
  if (trials.columns.is_found_wide) {
    notices.push_back(
        {"wide", fmt::format("read as a wide table, whose orders are the columns {} (as by --wide)",
                             fmt::join(trials.orders.list(), ", "))});
  }
  if (!trials.summaries.list().empty()) {
    notices.push_back(
        {"summary-rows",
         fmt::format("rows whose {} is {} are left out: they sum up other rows and are no trials",
                     trials.pair_title, fmt::join(trials.summaries.list(), ", "))});
  }
  note_dropped(trials, table, notices);
  return notices;
}

}  // namespace whichfirst::table
