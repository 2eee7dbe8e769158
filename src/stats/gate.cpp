#include "stats/gate.h"

#include <utility>

namespace whichfirst::stats {
namespace {

Interval negated(const Interval& interval) {
  return {.lower = -interval.upper, .upper = -interval.lower};
}

/// The same seen from b.
Standing turned(Standing standing) {
  if (standing.interval) standing.interval = negated(*standing.interval);
  std::swap(standing.lost_a, standing.lost_b);
  if (standing.verdict == Verdict::better) {
    standing.verdict = Verdict::worse;
  } else if (standing.verdict == Verdict::worse) {
    standing.verdict = Verdict::better;
  }
  return standing;
}

bool is_as_asked(Gate::Kind kind, Verdict verdict) {
  switch (kind) {
    case Gate::Kind::better:
      return verdict == Verdict::better;
    case Gate::Kind::worse:
      return verdict == Verdict::worse;
    case Gate::Kind::equivalent:
      return verdict == Verdict::equivalent;
    default:
      return verdict != Verdict::worse;
  }
}

}  // namespace

bool has_bound(const Gate& gate) {
  return gate.kind == Gate::Kind::better_by || gate.kind == Gate::Kind::not_worse_by;
}

Answer ask(const Gate& gate, const Standing& standing, Direction direction) {
  const Standing now = gate.is_of_b ? turned(standing) : standing;
  if (!has_bound(gate)) {
    if (now.verdict == Verdict::undecided) return Answer::undecided;
    return is_as_asked(gate.kind, now.verdict) ? Answer::holds : Answer::fails;
  }
  if (!now.interval) return Answer::undecided;
  const Interval gain =
      direction == Direction::higher_is_better ? *now.interval : negated(*now.interval);
  const double bound = gate.kind == Gate::Kind::better_by ? gate.by : -gate.by;
  const auto unless_forbidden = [&](Answer answer, Verdict favours) {
    return losses_forbid(favours, now.lost_a, now.lost_b) ? Answer::undecided : answer;
  };
  if (gain.lower > bound) return unless_forbidden(Answer::holds, Verdict::better);
  if (gain.upper <= bound) return unless_forbidden(Answer::fails, Verdict::worse);
  return Answer::undecided;
}

}  // namespace whichfirst::stats
