#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "cli/expectation.h"
#include "cli/verbs.h"
#include "cli/verdict_format.h"
#include "report/wording.h"
#include "study/conclude.h"
#include "table/grid.h"
#include "table/results.h"

namespace whichfirst::cli {
namespace {

constexpr int kMostAutomatic = 1'000;  // the table of critical values takes seconds beyond

struct VerdictOptions {
  std::string file;
  table::Question question;
  bool last = false;
  bool best = false;
  std::optional<double> margin;
  double confidence = 0.95;
  bool lower_is_better = false;
  bool higher_is_better = false;
  bool is_automatic = false;
  int max_pairs = 30;
  bool guard = false;
  VerdictFormat format;
  WantedOptions wanted;
  ExpectOptions expect;
};

std::string read_standard_input() {
  std::string content;
  std::array<char, 65'536> piece;
  while (const std::size_t got = std::fread(piece.data(), 1, piece.size(), stdin)) {
    content.append(piece.data(), got);
    if (content.size() > table::kMostBytes) {
      throw Error("standard input: expected at most {} bytes, found more", table::kMostBytes);
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
          .guard = options.guard ? stats::Guard::decides : stats::Guard::shown,
          .stopping = options.is_automatic ? stats::Stopping::automatic : stats::Stopping::fixed,
          .max_pairs = options.max_pairs};
}

table::Question question_of(const VerdictOptions& options) {
  table::Question question = options.question;
  if (options.lower_is_better) question.direction = stats::Direction::lower_is_better;
  if (options.higher_is_better) question.direction = stats::Direction::higher_is_better;
  if (options.last) question.choice = table::RowChoice::last;
  if (options.best) question.choice = table::RowChoice::best;
  return question;
}

int conclude_table(const VerdictOptions& options) {
  const stats::Rule rule = rule_of(options);
  const study::Wanted wanted = options.wanted.wanted();
  const std::vector<study::Expectation> expectations = options.expect.parsed();
  const bool is_standard_input = options.file == "-";
  const table::Question question = question_of(options);
  table::Results results =
      is_standard_input ? table::parse_results(read_standard_input(), "standard input", question)
                        : table::read_results(options.file, question);
  record::VerdictRecord verdict = study::conclude(std::move(results), rule, wanted, expectations);
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
  table::Question& question = options->question;
  return {
      .name = "verdict",
      .help = "Say which order is better from a table of results that were trained elsewhere",
      .options = joined(
          {{{"results",
             &options->file,
             "A table: text with commas, semicolons, tabs or spaces, JSON or JSON lines; - is "
             "standard input",
             {.type = "RESULTS", .is_required = true}},
            {"--pair", &question.pair,
             "Column of what the trials of a pair have in common; several as A,B (default: seed)",
             typed("COLUMN")},
            {"--by", &question.by,
             "Column of what is compared; the value that comes first is the first order (default: "
             "order)",
             typed("COLUMN")},
            {"--metric", &question.metric, "Column of the numbers, in any unit (default: accuracy)",
             typed("COLUMN")},
            {"--wide",
             &question.wide,
             "Columns that are the orders, one row per pair",
             {.type = "A,B", .excludes = "--by"}},
            {"--where",
             &question.where,
             "Only rows with this value, as in --where State=finished; may be given several times",
             {.type = "COLUMN=VALUE", .is_repeated = true}},
            {"--last", &options->last, "Of several rows of a trial, take the last"},
            {"--best",
             &options->best,
             "Of several rows of a trial, take the best, which is too good where it was chosen on "
             "the data that are reported",
             {.excludes = "--last"}},
            {"--runs", &question.runs,
             "What the names of runs hold, as in --runs '{order}-seed{seed}'; also reads a chart "
             "export of Weights & Biases",
             typed("PATTERN")},
            {"--margin", &options->margin,
             "Smallest difference that matters, in the metric's unit; without it "
             "`equivalent` is never said"},
            {"--confidence", &options->confidence, "Of all comparisons together", kShowsDefault},
            {"--lower-is-better", &options->lower_is_better,
             "As for a loss or a time, where the metric's name does not say so"},
            {"--higher-is-better",
             &options->higher_is_better,
             "As for an accuracy, where the metric's name does not say so",
             {.excludes = "--lower-is-better"}},
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
           options->expect.options()}),
      .footer =
          "Examples:\n"
          "  whichfirst verdict results.csv              columns seed, order and accuracy\n"
          "  whichfirst verdict results.csv --margin 0.25\n"
          "  whichfirst verdict results.csv --margin 0.25 --auto --max-pairs 20\n"
          "  whichfirst verdict log.csv --pair run --by model --metric val_loss\n"
          "  whichfirst verdict wide.tsv --wide bn-first,act-first --metric top1 "
          "--higher-is-better\n"
          "  whichfirst verdict runs.csv --where State=finished --last\n"
          "  grep -v warmup log.csv | whichfirst verdict - --json\n"
          "  whichfirst verdict results.csv --format latex >table.tex\n"
          "\n"
          "A trial that diverged is a row whose metric is nan or inf (docs/verdict.md).\n"
          "Exit codes: 0 done, 1 --expect does not hold, 2 wrong input, 3 --expect and undecided.",
      .run = [options] { return conclude_table(*options); }};
}

}  // namespace whichfirst::cli
