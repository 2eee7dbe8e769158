#include "table/results.h"

#include <fmt/format.h>

#include "base/error.h"
#include "record/atomic_file.h"
#include "table/columns.h"
#include "table/doubts.h"
#include "table/grid.h"
#include "table/metric_name.h"
#include "table/runs.h"
#include "table/trials.h"

namespace whichfirst::table {
namespace {

/// Which way is better, how that is known, and what to ask where it is not.
struct FoundDirection {
  stats::Direction direction = stats::Direction::higher_is_better;
  std::vector<record::Notice> notices;
  std::string asks;
};

FoundDirection find_direction(const Question& question, const Columns& columns) {
  using stats::Direction;
  const auto word = [](Direction direction) {
    return direction == Direction::lower_is_better ? "lower" : "higher";
  };
  const std::string& name = columns.metric_name;
  const std::optional<Direction> said = direction_of(name);
  FoundDirection found;
  found.direction = question.direction.value_or(said.value_or(found.direction));
  const auto note = [&](std::string text) {
    found.notices.push_back({"direction", std::move(text)});
  };
  if (question.direction) {
    if (said && *said != *question.direction) {
      note(
          fmt::format("--{}-is-better was said, but the name {} means that {} is better: make sure "
                      "that the verdict is not turned round",
                      word(*question.direction), name, word(*said)));
    }
  } else if (!said) {
    found.asks = fmt::format(
        "the name '{}' does not say whether higher or lower is better: add --higher-is-better or "
        "--lower-is-better",
        name);
  } else if (columns.is_wide() && !question.metric && name == kDefaultMetric) {
    note(
        "the table does not name its metric: it is called accuracy, and higher is taken to be "
        "better; give its name with --metric, or say --lower-is-better");
  } else if (found.direction == Direction::lower_is_better) {
    note(fmt::format(
        "lower {} is taken to be better, as the name says; if it is not, say --higher-is-better",
        name));
  }
  return found;
}

void add_pair(const Trials& trials, std::size_t p, Results& results) {
  std::vector<std::string> missing;
  for (std::size_t o = 0; o < results.orders.size(); ++o) {
    const Trial& trial = trials.at(o, p);
    if (trial.is_missing()) {
      missing.push_back(results.orders[o].name);
    } else if (!trial.value()) {
      ++results.orders[o].diverged;
    }
  }
  const std::string& name = trials.pairs.list()[p];
  if (!missing.empty()) {
    results.table.dropped.push_back({.pair = name, .missing = std::move(missing)});
    return;
  }
  results.table.pairs.push_back(name);
  for (std::size_t o = 0; o < results.orders.size(); ++o) {
    results.orders[o].values.push_back(trials.at(o, p).value());
  }
}

}  // namespace

Results parse_results(std::string_view text, std::string_view label, const Question& asked) {
  Question question = asked;
  Grid grid = read_grid(text, std::string(label));
  if (question.runs) grid = split_runs(grid, question);
  const Columns columns = find_columns(grid, question);
  FoundDirection found = find_direction(question, columns);
  const Trials trials = gather_trials(grid, question, columns, found.direction, found.asks);
  if (!found.asks.empty()) throw Error("{}: {}", grid.label, found.asks);
  refuse_doubtful(grid, trials);

  Results results;
  results.metric = columns.metric_name;
  results.direction = found.direction;
  results.table.file = std::filesystem::path(label).filename().string();
  results.table.pair = trials.pair_title;
  results.table.by = columns.is_wide() ? "order" : grid.header[columns.by];
  for (const std::string& name : trials.orders.list()) results.orders.emplace_back().name = name;
  for (std::size_t p = 0; p < trials.pairs.list().size(); ++p) add_pair(trials, p, results);
  results.notices = std::move(found.notices);
  for (record::Notice& notice : notices_of(grid, question, trials, results.table)) {
    results.notices.push_back(std::move(notice));
  }
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
