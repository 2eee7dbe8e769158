// How far a run is, finished or not: what `whichfirst list` and `whichfirst status` print.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stats/verdict.h"

namespace whichfirst::record {

enum class RunState {
  running,   // some process is training
  stopped,   // trials are missing and nobody trains
  finished,  // there is a verdict
  unreadable,
};

/// The word as it is stored.
std::string_view name(RunState state);

/// A trial that some process is training.
struct TrialUnderWay {
  std::string arm;
  std::string replicate;  ///< replicate_name
  std::string writer;     ///< "host-pid"
  int epochs_done = 0;
};

/// A comparison of the plan, as far as its pairs are complete.
struct ComparisonStatus {
  std::string a;
  std::string b;
  int pairs = 0;
  std::optional<stats::Interval> interval;  ///< that decides; null below the least number of pairs
  stats::Verdict verdict = stats::Verdict::undecided;
  /// To decide it: of a fixed number those that are missing, else about so many; 0: it is decided;
  /// null where it is not known.
  std::optional<int> more_pairs;
};

struct RunStatus {
  std::string run_folder;
  std::string study;  ///< its name
  std::string study_hash;
  RunState state = RunState::stopped;
  int trials = 0;                       ///< that have ended
  int most_trials = 0;                  ///< planned, at most
  double age_seconds = 0;               ///< since anything changed in the folder
  std::vector<std::string> verdicts{};  ///< of a finished run, one word for each comparison
};

struct RunDetails {
  RunStatus run;
  std::string metric;
  int diverged = 0;
  int failed = 0;
  int epochs = 0;  ///< of a trial
  std::vector<TrialUnderWay> under_way{};
  /// With as many trials side by side as are under way now, at least one; null before the first
  /// trial has ended.
  std::optional<double> seconds_left;
  std::vector<ComparisonStatus> comparisons{};
};

/// The documents, ended with a line break.
std::string to_json(const std::vector<RunStatus>& runs);
std::string to_json(const RunDetails& details);

/// Their fields as rows of a table in Markdown, for docs/documents.md.
std::string run_list_table();
std::string run_details_table();

}  // namespace whichfirst::record
