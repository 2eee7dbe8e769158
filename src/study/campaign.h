// Which trials a verdict needs: a fixed number of replicates, or one more pair until every
// comparison has its answer, its verdict or that of its gates. Pairs count in the order of their
// replicates and a replicate counts when all before it are complete, so that nothing depends on who
// finishes first.
#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "stats/watch.h"
#include "study/plan.h"

namespace whichfirst::study {

class Campaign {
 public:
  /// `trials` are those that have ended; the caller adds to them before it tells of one. All three
  /// outlive this.
  Campaign(const Experiment& experiment, const std::vector<PlannedComparison>& comparisons,
           const Trials& trials);

  /// The trials that have not ended and that an open comparison asks for, replicate by replicate.
  std::vector<TrialId> wanted() const;

  /// A trial has ended: looks again where a pair became complete.
  void tell();

  /// Whether a comparison still asks for pairs.
  bool is_open(std::size_t comparison) const;
  /// Whether every trial that is needed has ended.
  bool is_complete() const;
  /// Under automatic stopping, the comparison as far as its pairs are complete.
  const stats::Watch& watch(std::size_t comparison) const { return watches_[comparison]; }

  /// Replicates that are complete without a gap: of those that count, up to the stop or the fixed
  /// number.
  int replicates(std::size_t comparison) const { return replicates_[comparison]; }

 private:
  const Experiment& experiment_;
  const std::vector<PlannedComparison>& comparisons_;
  const Trials& trials_;
  std::vector<int> replicates_;            // by comparison
  std::optional<stats::Referee> referee_;  // under automatic stopping, as the watches
  std::deque<stats::Watch> watches_;
  std::vector<TrialId> order_;  // of all trials that may be needed
};

}  // namespace whichfirst::study
