#include "study/tuning.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "record/metrics.h"
#include "stats/moments.h"

namespace whichfirst::study {
namespace {

record::TunedRate rate_result(const Experiment& experiment, const Arm& arm, const Trials& trials) {
  record::TunedRate result{.lr = arm.lr};
  std::vector<double> present;
  for (int i = 1; i <= experiment.study.plan.tuning_seeds; ++i) {
    const auto found =
        trials.find({arm.name, record::kTuningReplicates + static_cast<std::uint64_t>(i)});
    check(found != trials.end(), "every tuning trial has ended");
    const record::TrialRecord& trial = found->second;
    result.diverged += trial.status == record::Status::diverged ? 1 : 0;
    result.failed += trial.status == record::Status::failed ? 1 : 0;
    result.values.push_back(record::metric_value(trial.metrics, tuning_metric(experiment.study)));
    if (result.values.back()) present.push_back(*result.values.back());
  }
  const stats::Moments moments = stats::moments_of(present);
  result.mean = moments.mean;
  result.sd = moments.sd;
  return result;
}

/// Whether `a` is to be preferred to `b`, the smaller rate.
bool suits_better(const record::TunedRate& a, const record::TunedRate& b, bool higher_is_better) {
  if (!a.mean || !b.mean) return a.mean.has_value();
  const int lost_a = a.diverged + a.failed;
  const int lost_b = b.diverged + b.failed;
  if (lost_a != lost_b) return lost_a < lost_b;
  return higher_is_better ? *a.mean > *b.mean : *a.mean < *b.mean;
}

}  // namespace

std::string_view tuning_metric(const record::Study& study) {
  return record::is_accuracy(study.plan.metric) ? "val_accuracy" : "val_loss";
}

std::vector<TrialId> tuning_trials(const Experiment& experiment) {
  std::vector<TrialId> trials;
  if (!record::is_tuned(experiment.study)) return trials;
  for (TrialId id :
       trial_order(static_cast<int>(experiment.arms.size()), experiment.study.plan.tuning_seeds)) {
    id.replicate += record::kTuningReplicates;
    trials.push_back(id);
  }
  return trials;
}

std::vector<record::TunedOrder> tune(const Experiment& experiment, const Trials& trials) {
  std::vector<record::TunedOrder> orders;
  if (!record::is_tuned(experiment.study)) return orders;
  const std::string_view metric = tuning_metric(experiment.study);
  const bool higher_is_better = record::is_accuracy(metric);
  for (const Arm& arm : experiment.arms) {
    if (orders.empty() || orders.back().name != arm.order_name) {
      orders.push_back({.name = arm.order_name, .metric = std::string(metric)});
    }
    orders.back().rates.push_back(rate_result(experiment, arm, trials));
  }
  for (record::TunedOrder& order : orders) {
    const record::TunedRate* best = &order.rates.front();
    for (const record::TunedRate& rate : order.rates) {
      if (suits_better(rate, *best, higher_is_better)) best = &rate;
    }
    if (!best->mean) {
      throw Error(fmt::format(
          "order {} trained at none of the rates of recipe.lr, {} to {}: every tuning trial was "
          "lost; try smaller rates, or look at its trials for the reason",
          order.name, order.rates.front().lr, order.rates.back().lr));
    }
    order.best = best->lr;
    order.is_at_low_end = best == &order.rates.front();
    order.is_at_high_end = best == &order.rates.back();
  }
  return orders;
}

std::vector<int> best_arms(const Experiment& experiment,
                           const std::vector<record::TunedOrder>& tuned) {
  std::vector<int> arms;
  for (std::size_t i = 0; i < experiment.arms.size(); ++i) {
    const Arm& arm = experiment.arms[i];
    const bool is_best = std::any_of(tuned.begin(), tuned.end(), [&](const auto& order) {
      return order.name == arm.order_name && order.best == arm.lr;
    });
    if (tuned.empty() || is_best) arms.push_back(static_cast<int>(i));
  }
  return arms;
}

}  // namespace whichfirst::study
