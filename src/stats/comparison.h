// Two orders, matched pairs: the verdict and everything that is printed beside it. One interval
// decides; all else describes.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "stats/gate.h"
#include "stats/interval.h"
#include "stats/referee.h"
#include "stats/verdict.h"

namespace whichfirst::stats {

/// Trials of one arm that gave no value, out of the planned replicates.
struct Losses {
  int diverged = 0;  ///< a number that is not finite in a step
  int failed = 0;    ///< an error

  int total() const { return diverged + failed; }
  bool operator==(const Losses&) const = default;
};

/// Where the mean difference lies, given the pairs, under the flat prior on (mean, log sd): shares
/// that add up to 1. The law is Student's, with the spread of the deciding interval.
struct Posterior {
  double better = 0;  ///< beyond the margin (beyond 0 without one), a's good side
  std::optional<double> within_margin = std::nullopt;  ///< nullopt without a margin
  double worse = 0;
};

/// Numbers are in the metric's unit; d = metric(a) - metric(b), whatever the direction.
struct Comparison {
  int replicates = 0;                  ///< used, lost ones too; the first ones
  int pairs = 0;                       ///< complete ones among them
  std::optional<double> mean_diff;     ///< mean of d
  std::optional<double> sd_diff;       ///< divisor pairs - 1; 0 where it is only rounding
  Location location = Location::mean;  ///< what the interval is for, as the rule says:
  std::optional<double> center;        ///< mean, pseudo-median or median of d
  std::optional<Interval> interval;    ///< decides, but for `equivalence_interval`
  /// Under EquivalenceShare::full: what `equivalent` is read off, at the whole one-sided error.
  std::optional<Interval> equivalence_interval;
  /// Of a mean: half the interval in standard errors, before the guard; nullopt without it or any
  /// spread.
  std::optional<double> critical;
  int looks = 1;                  ///< a fixed number of pairs is looked at once
  bool goes_on = false;           ///< automatic stopping: neither decided nor at the maximum
  bool is_ended_by_gate = false;  ///< `Watch::is_ended_by_gate`
  /// `student_intervals`: what decides a fixed number of pairs. Not corrected for looking, as are
  /// the p values and the posterior.
  std::optional<Interval> student_interval;
  std::optional<double> p_t;                  ///< `t_test`
  std::optional<double> p_permutation;        ///< `permutation_test`
  std::optional<double> p_permutation_error;  ///< its standard error; nullopt where exact
  std::optional<double> p_wilcoxon;           ///< `wilcoxon_test`
  std::optional<double> p_equivalence;        ///< `equivalence_test`
  std::optional<Posterior> posterior;         ///< nullopt without two pairs or any spread
  std::optional<double> wins_share;   ///< pairs in which a is on the good side; a tie is half a win
  std::optional<double> correlation;  ///< of the two values of a pair
  std::optional<double> mean_size;    ///< mean magnitude of the metric, both orders together
  int distinct = 0;                   ///< how many values d takes, `kTieShare` allowed
  std::optional<double> skewness;     ///< of d; nullopt below 3 pairs or without spread
  std::optional<double> skewness_standard_error;  ///< nullopt where skewness is
  std::optional<Interval> guarded_interval;  ///< of a mean: `interval`, guarded; where there is one
  std::optional<Verdict> guarded_verdict;    ///< what it says, lost trials aside
  std::optional<double> effect_size;         ///< mean_diff / sd_diff; nullopt without spread
  /// Variance of the difference of two unpaired values over that of d: how many times as many pairs
  /// it would take without the pairing. nullopt without spread.
  std::optional<double> pairing_gain;
  Verdict verdict = Verdict::undecided;
  bool negligible = false;               ///< equivalent, and the interval leaves 0 out
  std::optional<std::string> reason;     ///< why undecided, or what is odd about a verdict
  bool withheld = false;                 ///< `withhold`
  std::optional<int> more_pairs_needed;  ///< `Referee::more_pairs`; nullopt where losses forbid
  Losses a;  ///< as passed (not only of `replicates`), `diverged` at least the values not finite
  Losses b;
  /// Failure rate still possible, at 95 %, after `pairs` runs without one: 1 - 0.05^(1/pairs).
  /// nullopt where either arm lost a trial.
  std::optional<double> failure_rate_bound;
};

/// How Comparison::reason begins where lost trials forbid what the interval says.
inline constexpr std::string_view kForbiddenByLosses = "the pairs in which both trained";

/// Compares a[i] with b[i], the values of replicate i + 1 (spans of one length).
///
/// A pair with a missing side is left out; so is one with a value that is not finite or beyond
/// 1e150, which counts as diverged if `losses` does not count it already.
///
/// Where `losses_forbid` a verdict, it becomes `undecided`.
///
/// Automatic stopping: replicates are taken one by one (`Watch`), at most `max_pairs` of them, and
/// those after the verdict are left out of every number. So a and b hold the replicates that both
/// orders have finished, without a gap; a trial without a value is a lost one.
///
/// With `gates` they say when it ends (`Watch`).
///
/// Throws std::logic_error for a rule out of range, spans of two lengths, negative losses.
Comparison compare(std::span<const std::optional<double>> a,
                   std::span<const std::optional<double>> b, const Losses& losses_a,
                   const Losses& losses_b, const Rule& rule);

/// The same with the table of critical values that the comparisons of a plan share.
Comparison compare(std::span<const std::optional<double>> a,
                   std::span<const std::optional<double>> b, const Losses& losses_a,
                   const Losses& losses_b, Referee& referee, const std::vector<Gate>& gates = {});

/// Takes the verdict back for a reason that the interval knows nothing of: `undecided`, whatever
/// the interval says, and no gate is answered by it.
void withhold(Comparison& comparison, std::string reason);

/// What a gate may be asked of.
Standing standing_of(const Comparison& comparison);

/// The one that the verdict was read off: `equivalence_interval` where it is there and the verdict
/// is `equivalent`, else `interval`.
const std::optional<Interval>& deciding_interval(const Comparison& comparison);

/// Whether the skewness of d exceeds 2 standard errors: the guarded interval is worth a look.
bool is_skewed(const Comparison& comparison);

/// Whether a verdict of `better` or `worse` has fewer than half of the pairs on its side.
bool is_carried_by_few(const Comparison& comparison);

}  // namespace whichfirst::stats
