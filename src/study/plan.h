// What a study trains and compares: trials by arm and replicate, the planned comparisons, and the
// rule by which their pairs decide.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "record/trial_record.h"
#include "record/verdict_record.h"
#include "stats/gate.h"
#include "study/experiment.h"

namespace whichfirst::study {

/// One arm in one replicate.
struct TrialId {
  std::size_t arm = 0;          ///< its place in Experiment::arms
  std::uint64_t replicate = 1;  ///< 1, 2, ...; those for tuning lie above record::kTuningReplicates
  auto operator<=>(const TrialId&) const = default;
};

/// Trials that have ended.
using Trials = std::map<TrialId, record::TrialRecord>;

/// nullptr where the trial has not ended.
const record::TrialRecord* find(const Trials& trials, const TrialId& id);

/// Replicates after + 1, ..., after + count of an arm; nullptr for those that have not ended.
std::vector<const record::TrialRecord*> trials_of(const Trials& trials, std::size_t arm, int count,
                                                  std::uint64_t after = 0);

/// All arms of replicate after + 1, then all of the next, and so on. Each replicate starts with
/// another arm, so that a slow drift of the machine falls on all alike.
std::vector<TrialId> trial_order(std::size_t arms, int replicates, std::uint64_t after = 0);

/// A comparison of the plan: two arms by their place in Experiment::arms.
struct PlannedComparison {
  std::size_t a = 0;
  std::size_t b = 0;
  std::optional<double> shared_lr;  ///< of both; nullopt: each at its own best rate
  /// Under automatic stopping they, not the verdict, say when pairs are enough.
  std::vector<stats::Gate> gates = {};

  bool involves(std::size_t arm) const { return a == arm || b == arm; }
};

/// Seconds that a pair takes on one core, by the trials that are done; 0 without.
double pair_seconds(const PlannedComparison& planned, const Trials& trials);

/// The comparisons of the plan: every two orders, each at its own best rate; with plan.lr-report =
/// "all" also both at every rate, unless it is the best of both. Their number is fixed before the
/// first pair.
std::vector<PlannedComparison> plan_comparisons(const Experiment& experiment,
                                                const std::vector<record::TunedOrder>& tuned);

/// The arm as a verdict names it: "bn-first" at its own best rate, "bn-first@0.03" at another.
std::string name_of_arm(const Arm& arm, const std::vector<record::TunedOrder>& tuned);

/// Trials of the whole study at most, those for tuning among them.
int planned_trials(const record::Study& study);

/// The pictures that a metric is measured on: the test part, or of the training set the validation
/// or the training part.
struct Measured {
  const data::Images& images;
  const std::vector<std::uint32_t>& picks;
};
Measured measured_part(const Experiment& experiment, std::string_view metric);

/// The rule of the plan for so many comparisons. One step of an accuracy on T images is 100 / T
/// points.
stats::Rule rule_of(const Experiment& experiment, std::size_t comparisons);

/// What a reader would like to be able to see: for `stats::Prospect`. The difference is the margin
/// where none is named.
struct Wanted {
  std::optional<double> difference = std::nullopt;  ///< above 0, in the metric's unit
  double power = 0.8;                               ///< in (0, 1)
};

}  // namespace whichfirst::study
