#include "record/summary_record.h"

#include "record/json_writer.h"

namespace whichfirst::record {

std::string to_json(const SummaryRecord& summary) {
  using nlohmann::ordered_json;
  ordered_json orders = ordered_json::array();
  for (const NetworkSummary& network : summary.orders) {
    ordered_json stages = ordered_json::array();
    for (const StageSummary& stage : network.stages) {
      stages.push_back({{"path", stage.path},
                        {"stage", stage.stage},
                        {"reads", stage.reads},
                        {"output", stage.output},
                        {"parameters", stage.parameters},
                        {"flops", stage.flops},
                        {"bytes", stage.bytes}});
    }
    orders.push_back({{"name", network.name},
                      {"order", network.order},
                      {"parameters", network.parameters},
                      {"flops", network.flops},
                      {"trial_bytes", network.trial_bytes},
                      {"stages", stages}});
  }
  return print_json({{"study", summary.study},
                     {"network", summary.network},
                     {"input", summary.input},
                     {"classes", summary.classes},
                     {"batch", summary.batch},
                     {"orders", orders}},
                    1);
}

}  // namespace whichfirst::record
