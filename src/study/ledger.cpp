#include "study/ledger.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "algebra/ledger.h"
#include "base/error.h"
#include "report/wording.h"

namespace whichfirst::study {

std::vector<algebra::LedgerRow> engine_rows(const std::vector<network::Network>& networks,
                                            const engine::Options& options) {
  algebra::LedgerRow kernels{
      .what = fmt::format("kernels of a training step, batch {}", options.batch), .values = {}};
  algebra::LedgerRow fused{.what = "of which fused", .values = {}};
  algebra::LedgerRow memory{.what = "memory of such a step", .values = {}};
  for (const network::Network& network : networks) {
    try {
      const engine::Plan plan = engine::plan(network, options);
      kernels.values.push_back(fmt::format("{}", plan.training.size()));
      fused.values.push_back(fmt::format(
          "{}", std::count_if(plan.training.begin(), plan.training.end(), [](const auto& planned) {
            return planned.what.find(" with ") != std::string::npos;
          })));
      memory.values.push_back(report::bytes(plan.bytes()));
    } catch (const Error& error) {
      for (algebra::LedgerRow* row : {&kernels, &fused, &memory})
        row->values.push_back("cannot run");
    }
  }
  std::vector<algebra::LedgerRow> rows;
  for (algebra::LedgerRow* row : {&kernels, &fused, &memory}) {
    const bool differs = std::adjacent_find(row->values.begin(), row->values.end(),
                                            std::not_equal_to<>()) != row->values.end();
    if (differs) rows.push_back(std::move(*row));
  }
  return rows;
}

void add_ledger(const Experiment& experiment, record::VerdictRecord& verdict) {
  std::vector<network::Network> networks;
  for (const Arm& arm : experiment.arms) {  // rates change no network
    auto& named = verdict.ledger_orders;
    if (!named.empty() && named.back() == arm.order_name) continue;
    networks.push_back(arm.network);
    named.push_back(arm.order_name);
  }
  verdict.ledger = algebra::compare_networks(networks);
  const auto rows = engine_rows(networks, train::engine_options(experiment.study.recipe));
  verdict.ledger.insert(verdict.ledger.end(), rows.begin(), rows.end());
}

}  // namespace whichfirst::study
