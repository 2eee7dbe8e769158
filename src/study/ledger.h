// The ledger: what else differs between the orders of a study.
#pragma once

#include <vector>

#include "algebra/ledger_row.h"
#include "engine/trainer.h"
#include "network/network.h"
#include "record/verdict_record.h"
#include "study/experiment.h"

namespace whichfirst::study {

/// Kernels of a training step, those of them that do two stages in one, and memory: the rows in
/// which the networks differ. "cannot run" where oneDNN cannot.
std::vector<algebra::LedgerRow> engine_rows(const std::vector<network::Network>& networks,
                                            const engine::Options& options);

/// Sets the ledger of the orders: what `algebra` counts, then `engine_rows`.
void add_ledger(const Experiment& experiment, record::VerdictRecord& verdict);

}  // namespace whichfirst::study
