// What the engine makes of networks, for the ledger of what else differs between them.
#pragma once

#include <vector>

#include "engine/trainer.h"
#include "network/network.h"
#include "record/verdict_record.h"

namespace whichfirst::cli {

/// Kernels of a training step, those of them that do two stages in one, and memory: the rows in
/// which the networks differ. "cannot run" where oneDNN cannot.
std::vector<record::LedgerRow> engine_rows(const std::vector<network::Network>& networks,
                                           const engine::Options& options);

}  // namespace whichfirst::cli
