// The words of a verdict, the rule of a plan, and how one interval decides.
// The reading is the same for a fixed number of pairs and for one that is looked at after each.
#pragma once

#include <optional>
#include <string_view>

namespace whichfirst::stats {

/// Speaks of order a; "better" is the good direction of the metric.
enum class Verdict { better, worse, equivalent, undecided };

/// The word as it is printed and stored.
std::string_view name(Verdict verdict);

enum class Direction { higher_is_better, lower_is_better };

/// For the mean of d = metric(a) - metric(b), in the metric's unit whatever its direction.
struct Interval {
  double lower = 0;
  double upper = 0;

  bool operator==(const Interval&) const = default;
};

/// When pairs stop being added.
enum class Stopping {
  fixed,      ///< at a number chosen beforehand, looked at once: Student's interval
  automatic,  ///< looked at after every pair, until decided: the repeated interval
};

/// What the skewness guard is for (stats/interval.h).
enum class Guard {
  shown,    ///< beside the verdict
  decides,  ///< the guarded interval is the one that decides
};

/// The middle of the differences that the verdict is about, and so its interval.
enum class Location {
  mean,           ///< Student's; repeated: stats/repeated_student.h
  pseudo_median,  ///< of the means of every two: signed ranks, for symmetric laws
  median,         ///< of the differences: signs, for any law
};

/// The word as it is stored: "pseudo-median".
std::string_view name(Location location);

/// The share of (1 - confidence) / K by which `equivalent` may pass a margin. Either way any wrong
/// verdict has a chance of (1 - confidence) / K at most: no difference can be 0 and the margin.
enum class EquivalenceShare {
  half,  ///< all verdicts are read off one interval
  full,  ///< `equivalent` is read off a shorter one: two one-sided tests at the whole error
};

/// How the error of automatic stopping is spent (stats/repeated_student.h).
enum class Horizon {
  open,       ///< never all of it: the maximum may be raised
  max_pairs,  ///< all of it by the maximum, which is final: more power near it
};

/// What the plan fixes before the first pair.
struct Rule {
  double confidence = 0.95;  ///< of all comparisons together, in (0, 1)
  std::optional<double> margin =
      std::nullopt;  ///< smallest difference that matters, >= 0, in the metric's unit
  Direction direction = Direction::higher_is_better;
  double resolution = 0;  ///< one step of the metric (100/T points on T images); 0: continuous
  int comparisons = 1;    ///< K in the plan; each interval has confidence 1 - (1 - confidence) / K
  Location location = Location::mean;
  EquivalenceShare equivalence_share = EquivalenceShare::half;
  Guard guard = Guard::shown;  ///< of a mean only
  Stopping stopping = Stopping::fixed;
  int max_pairs = 30;               ///< automatic stopping only: replicates, lost ones too
  Horizon horizon = Horizon::open;  ///< automatic stopping only
};

/// Throws std::logic_error unless every field is finite and in its range, and max_pairs (of
/// automatic stopping) at least `minimum_pairs(confidence)` and, of signed ranks, at most
/// `RepeatedSignedRank::kMostPairs`; a full share needs (1 - confidence) / K below 1/2, and only a
/// mean has a guard that decides.
void check_rule(const Rule& rule);

/// (1 - confidence) / K: the error that one comparison may make.
double error_share(const Rule& rule);

/// The one-sided error of `equivalent`: half of `error_share`, or all of it.
double equivalence_error(const Rule& rule);

/// Smallest n with 2^(1-n) <= alpha: n differences of one sign are as surprising as that.
int pairs_for_signs(double alpha);

/// Pairs below which nothing is decided: `pairs_for_signs(1 - confidence)`, whatever the number of
/// comparisons. 5 at 0.90, 6 at 0.95, 8 at 0.99.
int minimum_pairs(double confidence);

/// Reads the verdict off an interval, in this order: inside (-margin, margin) `equivalent`, wholly
/// on a's good side of 0 `better`, wholly on its bad side `worse`, else `undecided`. Without a
/// margin never `equivalent`.
Verdict decide(const Interval& interval, const Rule& rule);

/// The same with `equivalent` read off an interval of its own.
Verdict decide(const Interval& interval, const Interval& of_equivalence, const Rule& rule);

/// Whether the lost trials of the two orders forbid `verdict`: lost pairs are not lost at random.
/// So `better` and `worse` are forbidden where the order they favour lost more than the other, and
/// `equivalent` where the losses differ at all: it claims that neither is worse, and the order that
/// lost more may be.
bool losses_forbid(Verdict verdict, int lost_a, int lost_b);

/// Whether the interval leaves 0 out. An `equivalent` that does is "real but negligible".
bool leaves_zero_out(const Interval& interval);

}  // namespace whichfirst::stats
