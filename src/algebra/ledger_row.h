// A row of the confound ledger.
#pragma once

#include <string>
#include <vector>

namespace whichfirst::algebra {

/// One fact, and its value in each network or order.
struct LedgerRow {
  std::string what;
  std::vector<std::string> values;
};

}  // namespace whichfirst::algebra
