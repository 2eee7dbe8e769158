#include "table/columns.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "json/printable.h"
#include "table/advice.h"
#include "table/cell.h"
#include "table/lookup.h"
#include "table/metric_name.h"

namespace whichfirst::table {
namespace {

/// What one run or one data set holds several of cannot be what pairs have in common.
void refuse_counters(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (!counter_word(name)) continue;
    if (is_fold(name)) {
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

}  // namespace

bool Columns::uses(std::size_t column) const {
  if (is_among(column, pair) || is_among(column, orders)) return true;
  return !is_wide() && (column == by || column == metric);
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

Columns find_columns(const Grid& grid, const Question& question) {
  const std::vector<std::string> pair = split_names(grid, question.pair.value_or("seed"));
  const std::string by = question.by.value_or("order");
  const std::string metric = question.metric.value_or(kDefaultMetric);
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
  if (columns.is_wide() && !question.metric) {
    const std::string shared = shared_metric(grid, columns.orders);
    if (!shared.empty()) columns.metric_name = shared;
  }
  std::vector<std::size_t> used = columns.pair;
  used.insert(used.end(), columns.orders.begin(), columns.orders.end());
  if (!columns.is_wide()) {
    for (const auto& [role, name] : {std::pair{Role::by, by}, std::pair{Role::metric, metric}}) {
      if (!find(grid, name)) {
        missing.push_back({role, name});
        continue;
      }
      const std::size_t column = column_of(grid, name, "");
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
  for (const std::size_t column : used) require_printable(grid.header[column], grid.header_place());
  return columns;
}

}  // namespace whichfirst::table
