// A running comparison in a few lines: one per order, and one for the whole.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "stats/verdict.h"

namespace whichfirst::report {

struct OrderProgress {
  std::string name;
  std::string order;
  int finished = 0;            // replicates that have ended, whatever the way
  int lost = 0;                // of them diverged or failed
  std::vector<double> values;  // of the plan's metric, of the trained ones
  double under_way = 0;        // shares of the trials that are running, summed
};

struct RunProgress {
  std::vector<OrderProgress> orders;
  int replicates = 0;
  std::string metric;
  double elapsed_seconds = 0;
  std::optional<double> left_seconds;  // nothing known yet
};

/// "12s elapsed, about 1m 20s left".
std::string time_words(const RunProgress& progress);

/// A table with a line per order, "bn-first  conv bn relu  ########......  5/8  88.31 +- 0.42", and
/// below it the time. Where that is wider than `columns`, without the stages, then without the bar.
std::vector<std::string> progress_lines(const RunProgress& progress, std::size_t columns);

/// A comparison under way, looked at after every pair.
struct LookProgress {
  std::string a;
  std::string b;
  int pairs = 0;
  std::optional<stats::Interval> interval;
  std::optional<stats::Verdict> verdict;  // where it is decided,
  bool is_ended_by_gate = false;          // or what was asked of it is
  std::optional<int> more_pairs;          // about so many; nothing: not within the maximum
  std::optional<double> core_hours;       // for them
};

/// "bn-first - act-first: 7 pairs, -0.31 to +0.92; about 7 more pairs, 2.1 core-hours".
std::string look_line(const LookProgress& look, const std::string& metric);

/// Remaining seconds at the speed so far: elapsed for `done` trials' worth of work, `left` to go.
std::optional<double> estimate_left(double elapsed_seconds, double done, double left);

}  // namespace whichfirst::report
