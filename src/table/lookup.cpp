#include "table/lookup.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/suggest.h"
#include "json/printable.h"
#include "table/cell.h"
#include "table/metric_name.h"
#include "table/question.h"

namespace whichfirst::table {

std::optional<std::size_t> find(const Grid& grid, std::string_view name) {
  const auto found = std::find(grid.header.begin(), grid.header.end(), name);
  if (found == grid.header.end()) return std::nullopt;
  return static_cast<std::size_t>(found - grid.header.begin());
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

std::string list_columns(const Grid& grid) {
  constexpr std::size_t kMostShown = 1'000;
  return json::printable(fmt::format("{}", fmt::join(grid.header, ", ")), kMostShown);
}

void require_printable(const std::string& name, const std::string& place) {
  if (json::printable(name) == name) return;
  throw Error(
      "{}: expected a name of at most 80 bytes of UTF-8 without control characters, found '{}'",
      place, json::printable(name));
}

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

bool is_counter(const Grid& grid, std::size_t column) {
  return counter_word(grid.header[column]) && holds_numbers(grid, column);
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

std::string shared_metric(const Grid& grid, const std::vector<std::size_t>& columns) {
  const std::string& first = grid.header[columns.front()];
  constexpr std::string_view kBetween = "_-./ ";
  const auto is_shared = [&](const std::string& part, bool is_end) {
    return direction_of(part) && std::all_of(columns.begin(), columns.end(), [&](std::size_t c) {
             const std::string& name = grid.header[c];
             if (name.size() <= part.size() + 1) return false;
             const char next = name[is_end ? name.size() - part.size() - 1 : part.size()];
             return kBetween.find(next) != kBetween.npos &&
                    (is_end ? name.ends_with(part) : name.starts_with(part));
           });
  };
  for (std::size_t length = 1; length + 1 < first.size(); ++length) {
    const std::string end = first.substr(first.size() - length);
    if (is_shared(end, true)) return end;
    const std::string beginning = first.substr(0, length);
    if (is_shared(beginning, false)) return beginning;
  }
  return "";
}

bool is_row_number(std::string_view name) {
  const std::vector<std::string> parts = parts_of(name);
  if (parts.empty() || parts.front() == "unnamed") return true;
  return parts.size() == 1 && is_among(parts.front(), {"run", "id", "index", "idx", "trial",
                                                       "number", "no", "row", "seed"});
}

std::vector<std::size_t> wide_orders(const Grid& grid, const std::vector<std::size_t>& pair) {
  std::vector<std::size_t> orders;
  bool is_metric = false;
  for (std::size_t c = 0; c < grid.header.size(); ++c) {
    if (is_among(c, pair)) continue;
    const std::vector<std::string> parts = parts_of(grid.header[c]);
    const bool is_numbered = is_row_number(grid.header[c]) || counter_word(grid.header[c]);
    const bool is_part = std::any_of(parts.begin(), parts.end(), [](const std::string& part) {
      return is_phase(part) || is_summary(part);
    });
    const bool is_label = !holds_numbers(grid, c) && is_unique(grid, {c});  // a name for each row
    if (is_numbered || is_label) continue;
    if (!holds_numbers(grid, c) || is_part) return {};
    orders.push_back(c);
    is_metric = is_metric || direction_of(grid.header[c]);
  }
  const bool is_wide = orders.size() >= 2 && orders.size() <= kMostOrders &&
                       is_unique(grid, pair) &&
                       (!is_metric || !shared_metric(grid, orders).empty());
  return is_wide ? orders : std::vector<std::size_t>();
}

}  // namespace whichfirst::table
