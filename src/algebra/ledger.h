// The confound ledger: what else differs between networks that were meant to differ in the order
// alone. Published comparisons are full of such differences (docs/design.md names the sources);
// here they stand beside every verdict.
#pragma once

#include <vector>

#include "algebra/ledger_row.h"
#include "network/network.h"

namespace whichfirst::algebra {

/// The facts in which the networks differ, in a fixed order; empty where none does:
/// convolutions with a bias, trained parameters, FLOPs an image, pixels behind the bn statistics,
/// trained thresholds, redundant numbers, weights whose scale does not matter, what folds at
/// inference and how much the border spoils it, the variance shift of dropout in front of bn
/// (algebra/consequences.h); what the first convolution, the later weight stages and the classifier
/// read.
std::vector<LedgerRow> compare_networks(const std::vector<network::Network>& networks);

}  // namespace whichfirst::algebra
