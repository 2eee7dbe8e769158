// What is read from a table, as the command line says it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "stats/verdict.h"

namespace whichfirst::table {

inline constexpr std::size_t kMostOrders = 16;
inline constexpr std::size_t kMostPairs = 1'000'000;

inline constexpr const char* kDefaultMetric = "accuracy";

/// Which of several rows of a trial is its result.
enum class RowChoice {
  only,  ///< a second row is refused
  last,  ///< of the largest epoch or step where there is such a column, else the
         ///< last in the file
  best,
};

struct Question {
  std::optional<std::string> pair = {};    ///< columns of what a pair has in common, "seed"
  std::optional<std::string> by = {};      ///< of what the trials differ in, "order"
  std::optional<std::string> metric = {};  ///< a number in any unit, "accuracy"
  std::optional<std::string> wide = {};    ///< columns that are the orders, instead of `by`
  std::vector<std::string> where = {};     ///< "column=value": rows that count
  std::optional<std::string> runs = {};    ///< "{order}-seed{seed}": parts of the runs' names
  RowChoice choice = RowChoice::only;
  std::optional<stats::Direction> direction = {};  ///< missing: as the metric's name says
};

}  // namespace whichfirst::table
