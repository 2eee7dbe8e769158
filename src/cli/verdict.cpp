#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "cli/expectation.h"
#include "cli/verbs.h"
#include "cli/verdict_format.h"
#include "record/results_csv.h"
#include "report/wording.h"
#include "study/conclude.h"

namespace whichfirst::cli {
namespace {

constexpr int kMostAutomatic = 1'000;  // the table of critical values takes seconds beyond

struct VerdictOptions {
  std::string file;
  record::ResultColumns columns;
  std::optional<double> margin;
  double confidence = 0.95;
  bool lower_is_better = false;
  bool is_automatic = false;
  int max_pairs = 30;
  bool guard = false;
  VerdictFormat format;
  WantedOptions wanted;
  Expectation expect;
};

std::string read_standard_input() {
  std::string content;
  std::array<char, 65'536> piece;
  while (const std::size_t got = std::fread(piece.data(), 1, piece.size(), stdin)) {
    content.append(piece.data(), got);
    if (content.size() > record::kMostResultBytes) {
      throw Error("standard input: expected at most {} bytes, found more",
                  record::kMostResultBytes);
    }
  }
  if (std::ferror(stdin) != 0) throw Error("standard input: cannot be read");
  return content;
}

/// A margin above 0, a confidence in the range of a study's.
stats::Rule rule_of(const VerdictOptions& options) {
  const auto margin = options.margin;
  if (margin && !(std::isfinite(*margin) && *margin > 0)) {
    throw Error("--margin: expected a number above 0, found {}", *margin);
  }
  if (!(options.confidence >= 0.5 && options.confidence <= 0.999)) {
    throw Error("--confidence: expected a number from 0.5 to 0.999, found {}", options.confidence);
  }
  const int fewest = stats::minimum_pairs(options.confidence);
  if (options.is_automatic && (options.max_pairs < fewest || options.max_pairs > kMostAutomatic)) {
    throw Error("--max-pairs: expected {} to {} pairs, found {}", fewest, kMostAutomatic,
                options.max_pairs);
  }
  return {.confidence = options.confidence,
          .margin = margin,
          .direction = options.lower_is_better ? stats::Direction::lower_is_better
                                               : stats::Direction::higher_is_better,
          .guard = options.guard ? stats::Guard::decides : stats::Guard::shown,
          .stopping = options.is_automatic ? stats::Stopping::automatic : stats::Stopping::fixed,
          .max_pairs = options.max_pairs};
}

void warn_of_dropped(const record::ResultsTable& table) {
  if (table.dropped.empty()) return;
  constexpr std::size_t kMostShown = 5;
  std::string list;
  for (std::size_t i = 0; i < std::min(table.dropped.size(), kMostShown); ++i) {
    const record::DroppedPair& dropped = table.dropped[i];
    list += fmt::format("{}{} lacks {}", i == 0 ? "" : "; ", dropped.pair,
                        fmt::join(dropped.missing, ", "));
  }
  if (table.dropped.size() > kMostShown) list += "; ...";
  fmt::print(stderr,
             "warning: {} of {} pairs lack an order and are left out ({} {}); write a trial that "
             "diverged as a line without a value, so that it is counted\n",
             table.dropped.size(), table.dropped.size() + table.pairs.size(), table.pair, list);
}

/// A loss read as an accuracy would turn the verdict round.
void warn_of_direction(const VerdictOptions& options) {
  if (options.lower_is_better) return;
  std::string name = options.columns.metric;
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char letter) {
    return static_cast<char>(letter >= 'A' && letter <= 'Z' ? letter - 'A' + 'a' : letter);
  });
  for (const std::string_view sign : {"loss", "error", "perplexity", "time", "second", "latency"}) {
    if (name.find(sign) == std::string::npos) continue;
    fmt::print(stderr,
               "warning: a higher {} counts as better; if it is not, add --lower-is-better\n",
               options.columns.metric);
    return;
  }
}

int conclude_table(const VerdictOptions& options) {
  const stats::Rule rule = rule_of(options);
  const study::Wanted wanted = options.wanted.wanted();
  const bool is_standard_input = options.file == "-";
  record::Results results =
      is_standard_input
          ? record::parse_results(read_standard_input(), "standard input", options.columns)
          : record::read_results(options.file, options.columns);
  warn_of_dropped(results.table);
  warn_of_direction(options);
  record::VerdictRecord verdict = study::conclude(std::move(results), rule, wanted);
  verdict.study = std::filesystem::path(verdict.table->file).stem().string();
  for (record::ComparisonResult& result : verdict.comparisons) {
    result.sentence = report::verdict_sentence(result, verdict);
  }
  fmt::print("{}", options.format.print(verdict));
  return options.expect.judge(verdict);
}

}  // namespace

Verb verdict_verb() {
  auto options = std::make_shared<VerdictOptions>();
  record::ResultColumns& columns = options->columns;
  return {
      .name = "verdict",
      .help = "Say which order is better from a table of results that were trained elsewhere",
      .options = joined(
          {{{"results",
             &options->file,
             "Comma-separated text: a header, then one line a trial; - is standard input",
             {.type = "RESULTS.csv", .is_required = true}},
            {"--pair", &columns.pair, "Column of what the trials of a pair have in common",
             kShowsDefault},
            {"--by", &columns.by,
             "Column of what is compared; the value that comes first is the first order",
             kShowsDefault},
            {"--metric", &columns.metric, "Column of the numbers, in any unit", kShowsDefault},
            {"--margin", &options->margin,
             "Smallest difference that matters, in the metric's unit; without it "
             "`equivalent` is never said"},
            {"--confidence", &options->confidence, "Of all comparisons together", kShowsDefault},
            {"--lower-is-better", &options->lower_is_better, "As for a loss or a time"},
            {"--auto", &options->is_automatic,
             "Pairs were added until the answer was there: look after every pair, in the order of "
             "the table, with the interval that allows for it; pairs after the verdict are left "
             "out"},
            {"--max-pairs",
             &options->max_pairs,
             "The maximum that was planned",
             {.shows_default = true, .needs = "--auto"}},
            {"--guard", &options->guard, "The skewness-guarded interval decides"}},
           options->format.options(),
           options->wanted.options(),
           {options->expect.option()}}),
      .footer =
          "Examples:\n"
          "  whichfirst verdict results.csv              columns seed, order and accuracy\n"
          "  whichfirst verdict results.csv --margin 0.25\n"
          "  whichfirst verdict results.csv --margin 0.25 --auto --max-pairs 20\n"
          "  whichfirst verdict log.csv --pair run --by model --metric val_loss --lower-is-better\n"
          "  grep -v warmup log.csv | whichfirst verdict - --json\n"
          "  whichfirst verdict results.csv --format latex >table.tex\n"
          "\n"
          "A trial that diverged is a line whose metric is empty, nan or inf (docs/verdict.md).\n"
          "Exit codes: 0 done, 1 --expect does not hold, 2 wrong input, 3 --expect and undecided.",
      .run = [options] { return conclude_table(*options); }};
}

}  // namespace whichfirst::cli
