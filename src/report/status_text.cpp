#include "report/status_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "json/printable.h"
#include "report/document.h"
#include "report/progress_text.h"
#include "report/wording.h"

namespace whichfirst::report {
namespace {

std::string age(double seconds) {
  constexpr double kDay = 24 * 3600;
  return seconds < 2 * kDay ? duration(seconds) : fmt::format("{:.0f} days", seconds / kDay);
}

/// "better"; of several comparisons "2 better, 1 undecided".
std::string verdict_words(const std::vector<std::string>& verdicts) {
  if (verdicts.size() == 1) return verdicts[0];
  std::map<std::string, int> counts;
  for (const std::string& verdict : verdicts) ++counts[verdict];
  std::string text;
  for (const auto& [verdict, count] : counts) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, verdict);
  }
  return text.empty() ? "-" : text;
}

std::string trials_of(const record::RunStatus& run) {
  return run.state == record::RunState::unreadable
             ? "-"
             : fmt::format("{} of {}", run.trials, run.most_trials);
}

}  // namespace

std::string print_runs(const std::vector<record::RunStatus>& runs, const std::string& folder) {
  if (runs.empty()) {
    return fmt::format("No runs in {}. `whichfirst compare` starts one.\n",
                       json::printable(folder));
  }
  Table table{{"run", "state", "trials", "verdict", "last change"}, "llrlr"};
  for (const record::RunStatus& run : runs) {
    table.rows.push_back({json::printable(run.run_folder), std::string(record::name(run.state)),
                          trials_of(run), verdict_words(run.verdicts),
                          age(run.age_seconds) + " ago"});
  }
  return render_text(table, 0);
}

std::string print_status(const record::RunDetails& details) {
  const record::RunStatus& run = details.run;
  std::string text = fmt::format("{}: {}, {} trials", json::printable(run.run_folder),
                                 record::name(run.state), trials_of(run));
  if (details.diverged > 0) text += fmt::format(", {} diverged", details.diverged);
  if (details.failed > 0) text += fmt::format(", {} failed", details.failed);
  text += fmt::format("\nLast change {} ago.", age(run.age_seconds));
  if (run.state == record::RunState::stopped) text += " The same command as before resumes it.";
  if (run.state != record::RunState::finished) {
    text += details.seconds_left
                ? fmt::format("\nAbout {} left{}.", duration(*details.seconds_left),
                              details.under_way.empty() ? " on one core" : "")
                : "\nTime left: not known before the first trial has ended.";
  }
  text += '\n';
  for (const record::ComparisonStatus& comparison : details.comparisons) {
    const bool is_open =
        comparison.verdict == stats::Verdict::undecided && run.state != record::RunState::finished;
    text += look_line({.a = comparison.a,
                       .b = comparison.b,
                       .pairs = comparison.pairs,
                       .interval = comparison.interval,
                       .verdict = is_open ? std::nullopt : std::optional(comparison.verdict),
                       .more_pairs = comparison.more_pairs,
                       .core_hours = {}},
                      details.metric);
    if (is_open && !comparison.interval && comparison.more_pairs) {
      text += fmt::format("; {} to go", counted(*comparison.more_pairs, "pair"));
    }
    text += '\n';
  }
  if (details.under_way.empty()) return text;
  Table table{{"under way", "replicate", "epochs", "trained by"}, "lrrl"};
  for (const record::TrialUnderWay& trial : details.under_way) {
    table.rows.push_back({trial.arm, trial.replicate,
                          fmt::format("{} of {}", trial.epochs_done, details.epochs),
                          json::printable(trial.writer)});
  }
  return text + "\n" + render_text(table, 0);
}

}  // namespace whichfirst::report
