// Learning-rate parity: every order is tried at every rate on replicates of their own, and each
// gets the one that suits it, judged on the validation part. The verdict's replicates see none of
// it.
#pragma once

#include <string_view>
#include <vector>

#include "study/plan.h"

namespace whichfirst::study {

/// What rates are judged by: val_accuracy where the plan's metric is an accuracy, else val_loss.
std::string_view tuning_metric(const record::Study& study);

/// Every arm in every tuning replicate; empty where there is one rate.
std::vector<TrialId> tuning_trials(const Experiment& experiment);

/// Whether all of them have ended.
bool is_tuning_complete(const Experiment& experiment, const Trials& trials);

/// The table order x rate from the tuning trials, by the order of the study, rates rising. The best
/// rate of an order has the best mean of the validation metric (accuracy where the plan's metric is
/// one, else loss) among the rates that lost the fewest trials; of equal means the smaller rate.
/// Throws Error where every trial of an order was lost at every rate.
std::vector<record::TunedOrder> tune(const Experiment& experiment, const Trials& trials);

}  // namespace whichfirst::study
