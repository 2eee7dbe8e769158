// What is asked of a comparison besides its verdict: "not worse by 0.3", "better by 1".
#pragma once

#include <optional>

#include "stats/verdict.h"

namespace whichfirst::stats {

/// A question about order a against order b, for example of a CI job.
struct Gate {
  enum class Kind {
    // Answered by the verdict:
    better,
    worse,
    equivalent,
    not_worse,
    // Answered by the deciding interval:
    better_by,     ///< better by more than `by`
    not_worse_by,  ///< not worse by `by` or more: non-inferiority
  };
  Kind kind = Kind::better;
  double by = 0;         ///< of the last two; >= 0, in the metric's unit
  bool is_of_b = false;  ///< asks about b against a
};

/// Whether the gate looks at the interval, and can be answered before or after the verdict.
bool has_bound(const Gate& gate);

enum class Answer { holds, fails, undecided };

/// What is known of a comparison at some moment.
struct Standing {
  Verdict verdict = Verdict::undecided;
  /// That decides; nullopt where there is none or it may not be read.
  std::optional<Interval> interval = std::nullopt;
  int lost_a = 0;
  int lost_b = 0;
};

/// A gate with a bound, in the metric's good direction: `holds` where the interval lies wholly
/// above the bound (`by`, or -`by` of `not_worse_by`), `fails` where it lies wholly at or below,
/// else `undecided`; undecided too where lost trials forbid to favour that order (`losses_forbid`).
/// At the confidence of the interval, either answer is wrong with a chance of
/// (1 - confidence) / (2 K) at most; under automatic stopping at all looks together.
Answer ask(const Gate& gate, const Standing& standing, Direction direction);

}  // namespace whichfirst::stats
