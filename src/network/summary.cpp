#include "network/summary.h"

#include "json/fields.h"

namespace whichfirst::network {
namespace {

using json::Extents;
using json::field;

const json::Fields<StageSummary> kStageFields = {
    field<&StageSummary::path>("path", "`units.3.bn`"),
    field<&StageSummary::stage>("stage", "in notation, resolved"),
    field<&StageSummary::reads>("reads", "paths of the stages it reads, or `input`"),
    field<&StageSummary::output, Extents>("output", "C, H, W; of a vector C alone"),
    field<&StageSummary::parameters>("parameters", "trained numbers"),
    field<&StageSummary::flops>("flops", "forward, of one image; a multiply and an add are 2"),
    field<&StageSummary::bytes>("bytes", "of its output for one image, fp32"),
};

const json::Fields<NetworkSummary> kNetworkFields = {
    field<&NetworkSummary::name>("name", "of the arm"),
    field<&NetworkSummary::order>("order", "canonical"),
    field<&NetworkSummary::parameters>("parameters", "of all stages"),
    field<&NetworkSummary::flops>("flops", "of all stages"),
    field<&NetworkSummary::trial_bytes>("trial_bytes", "of a trial, beside the data"),
    field<&NetworkSummary::stages>("stages", kStageFields, "one by one"),
};

const json::Fields<StudySummary> kSummaryFields = {
    field<&StudySummary::study>("study", "its name"),
    field<&StudySummary::network>("network", "preset or canonical body"),
    field<&StudySummary::input, Extents>("input", "C, H, W of a picture"),
    field<&StudySummary::classes>("classes", "of the data set"),
    field<&StudySummary::batch>("batch", "of the recipe"),
    field<&StudySummary::orders>("orders", kNetworkFields, "one by one"),
};

}  // namespace

NetworkSummary summarise(const Network& network) {
  NetworkSummary summary{.name = {},
                         .order = {},
                         .stages = {},
                         .parameters = network.parameter_count(),
                         .flops = network.flops_per_image()};
  const auto path_of = [&](int source) -> std::string {
    return source == kInput ? "input" : network.stages[static_cast<std::size_t>(source)].path;
  };
  for (const Stage& stage : network.stages) {
    std::vector<std::string> reads = {path_of(stage.source)};
    if (stage.shortcut) reads.push_back(path_of(*stage.shortcut));
    summary.stages.push_back(
        {.path = stage.path,
         .stage = stage.text,
         .reads = std::move(reads),
         .output = stage.output,
         .parameters = stage.parameter_count,
         .flops = stage.flops_per_image,
         .bytes = stage.output.size() * static_cast<std::int64_t>(sizeof(float))});
  }
  return summary;
}

std::string to_json(const StudySummary& summary) { return json::print(kSummaryFields, summary); }

std::string summary_table() { return json::print_table(kSummaryFields.list); }

}  // namespace whichfirst::network
