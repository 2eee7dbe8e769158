#include "study/tuning.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "record/metrics.h"
#include "study/compared_orders.h"

namespace whichfirst::study {
namespace {

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
  if (!record::is_tuned(experiment.study)) return {};
  return trial_order(experiment.arms.size(), experiment.study.plan.tuning_seeds,
                     record::kTuningReplicates);
}

bool is_tuning_complete(const Experiment& experiment, const Trials& trials) {
  const std::vector<TrialId> needed = tuning_trials(experiment);
  return std::all_of(needed.begin(), needed.end(),
                     [&](const TrialId& id) { return trials.contains(id); });
}

std::vector<record::TunedOrder> tune(const Experiment& experiment, const Trials& trials) {
  std::vector<record::TunedOrder> orders;
  if (!record::is_tuned(experiment.study)) return orders;
  const std::string_view metric = tuning_metric(experiment.study);
  const bool higher_is_better = record::is_accuracy(metric);
  for (std::size_t i = 0; i < experiment.arms.size(); ++i) {
    const Arm& arm = experiment.arms[i];
    if (orders.empty() || orders.back().name != arm.order_name) {
      orders.push_back({.name = arm.order_name, .metric = std::string(metric)});
    }
    const auto tried =
        trials_of(trials, i, experiment.study.plan.tuning_seeds, record::kTuningReplicates);
    check(std::count(tried.begin(), tried.end(), nullptr) == 0, "every tuning trial has ended");
    summarise(orders.back().rates.emplace_back(record::TunedRate{.lr = arm.lr}), tried, metric);
  }
  for (record::TunedOrder& order : orders) {
    const record::TunedRate* best = &order.rates.front();
    for (const record::TunedRate& rate : order.rates) {
      if (suits_better(rate, *best, higher_is_better)) best = &rate;
    }
    if (!best->mean) {
      throw Error(
          "order {} trained at none of the rates of recipe.lr, {} to {}: every tuning trial was "
          "lost; try smaller rates, or look at its trials for the reason",
          order.name, order.rates.front().lr, order.rates.back().lr);
    }
    order.best = best->lr;
    order.is_at_low_end = best == &order.rates.front();
    order.is_at_high_end = best == &order.rates.back();
  }
  return orders;
}

}  // namespace whichfirst::study
