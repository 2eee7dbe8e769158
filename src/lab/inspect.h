// What orders do to values: every stage of every order, by channel, and the claims that people make
// about them, measured.
#pragma once

#include "lab/inspection.h"

namespace whichfirst::lab {

/// Throws Error naming the order that cannot be built, and where all are more than kMostWork. Of
/// the input count and shape are read, so that it can be asked before the numbers are there.
void require_buildable(const Question& question);

/// Throws Error as require_buildable does, for an order that cannot be run, and for parameters that
/// no order has.
Inspection inspect(const Question& question);

}  // namespace whichfirst::lab
