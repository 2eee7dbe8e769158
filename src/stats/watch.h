// One comparison under automatic stopping, followed replicate by replicate.
#pragma once

#include <optional>
#include <vector>

#include "stats/gate.h"
#include "stats/referee.h"

namespace whichfirst::stats {

/// Whether `value` can enter a difference: finite, and of magnitude 1e150 at most (its square must
/// exist).
bool is_measured(const std::optional<double>& value);

/// Replicates in their order, each when both orders have finished it; so that nothing depends on
/// which finishes first. A look follows every complete pair from `minimum_pairs(confidence)` on.
/// The first verdict that the lost trials so far do not forbid (`losses_forbid`) ends it, and
/// stays. With gates it ends, before that or after, once all of them are answered; the verdict is
/// then what the interval says at that look, which is valid at every look.
///
///     Referee referee(rule);       // shared by the comparisons of a plan
///     Watch watch(referee);
///     while (watch.goes_on()) watch.add(value_of_a, value_of_b);
///
/// The referee must outlive it. Adding the n-th pair costs microseconds, and the referee's 3 ms for
/// a number of pairs that it has not seen.
class Watch {
 public:
  /// Throws std::logic_error unless the referee's rule stops automatically.
  explicit Watch(Referee& referee, std::vector<Gate> gates = {});

  /// The next replicate's values; a trial that was lost has none that `is_measured`. Throws
  /// std::logic_error once it is over.
  void add(const std::optional<double>& a, const std::optional<double>& b);

  /// Neither decided nor at the maximum of replicates.
  bool goes_on() const { return !is_decided_ && replicates_ < referee_->rule().max_pairs; }
  bool is_decided() const { return is_decided_; }
  /// Whether its gates ended it where its own verdict would not have.
  bool is_ended_by_gate() const { return is_decided_ && first_verdict_ != replicates_; }
  /// About how many more pairs; nullopt where the maximum would not do.
  std::optional<int> more_pairs() const;
  int replicates() const { return replicates_; }  ///< added, lost ones too
  int looks() const { return looks_; }
  int lost_a() const { return lost_a_; }
  int lost_b() const { return lost_b_; }
  const std::vector<double>& differences() const { return differences_; }  ///< of complete pairs
  /// The last look; its verdict is the comparison's where `is_decided`.
  const Look& look() const { return look_; }

 private:
  bool has_verdict(const Look& look) const;
  bool is_enough(const Look& look) const;

  Referee* referee_;
  std::vector<Gate> gates_;
  std::vector<double> differences_;
  Look look_;
  int replicates_ = 0;
  int looks_ = 0;
  int lost_a_ = 0;
  int lost_b_ = 0;
  bool is_decided_ = false;
  std::optional<int> first_verdict_;  // replicates at that look
};

}  // namespace whichfirst::stats
