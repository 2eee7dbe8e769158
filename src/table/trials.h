// Rows of a table -> trials: which cell is whose result. Internal to table.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "stats/verdict.h"
#include "table/cell.h"
#include "table/columns.h"
#include "table/grid.h"
#include "table/question.h"

namespace whichfirst::table {

/// Names in the order of their first appearance.
class Names {
 public:
  /// Its place, also where it is new.
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

/// "a, b, c, ..."
std::string some_of(const std::vector<std::string>& names, std::size_t most = 8);

struct Trial {
  std::optional<std::size_t> row = {};  ///< missing: there is no such trial
  Cell cell = {};
  double counter = 0;  ///< its epoch or step, where there is such a column

  bool is_missing() const { return !row || cell.content == Content::missing; }
  std::optional<double> value() const {
    return cell.content == Content::number ? std::optional(cell.value) : std::nullopt;
  }
};

struct Trials {
  std::vector<std::size_t> rows;  ///< of the grid, that count
  Columns columns;
  std::string pair_title;              ///< names of the pairs' columns, with commas
  std::optional<std::size_t> counter;  ///< column of the epoch or step
  Names pairs;
  Names orders;
  Names summaries;                        ///< names of rows that sum up others
  std::vector<std::vector<Trial>> table;  ///< [order][pair], as far as there are rows
  bool has_several_rows = false;          ///< of a trial

  const Trial& at(std::size_t order, std::size_t pair) const {
    static const Trial kNone;
    return pair < table[order].size() ? table[order][pair] : kNone;
  }
};

/// Takes the rows of a question's table. `direction` says which of several rows is the best; `asks`
/// is added to the error of two rows where one is refused. Throws Error as parse_results says.
Trials gather_trials(const Grid& grid, const Question& question, const Columns& columns,
                     stats::Direction direction, const std::string& asks);

}  // namespace whichfirst::table
