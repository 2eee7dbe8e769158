// What a verdict says of orders, wherever their values come from. Internal to study.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "record/metrics.h"
#include "record/trial_record.h"
#include "record/verdict_record.h"
#include "stats/moments.h"
#include "stats/referee.h"
#include "study/plan.h"

namespace whichfirst::study {

/// Mean and spread of the values there are, of an order's result or a rate's.
template <class Result>
void summarise(Result& result) {
  std::vector<double> present;
  for (const std::optional<double>& value : result.values) {
    if (value) present.push_back(*value);
  }
  const stats::Moments moments = stats::moments_of(present);
  result.mean = moments.mean;
  result.sd = moments.sd;
}

/// The same of these trials, nullptr for one that has not ended, and how many were lost.
template <class Result>
void summarise(Result& result, const std::vector<const record::TrialRecord*>& trials,
               std::string_view metric) {
  for (const record::TrialRecord* trial : trials) {
    result.values.emplace_back();
    if (trial == nullptr) continue;
    result.diverged += trial->status == record::Status::diverged ? 1 : 0;
    result.failed += trial->status == record::Status::failed ? 1 : 0;
    result.values.back() = record::metric_value(trial->metrics, metric);
  }
  summarise(result);
}

/// Two orders by the values of their pairs; what needs trials is left to the caller.
record::ComparisonResult compare_orders(const record::OrderResult& a, const record::OrderResult& b,
                                        stats::Referee& referee, const Wanted& wanted,
                                        const std::vector<stats::Gate>& gates = {});

/// What all comparisons say together: Holm's adjustment, and the ranking of orders each at its own
/// best rate.
void compare_comparisons(record::VerdictRecord& verdict);

}  // namespace whichfirst::study
