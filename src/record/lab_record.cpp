#include "record/lab_record.h"

#include <fmt/format.h>

#include "record/json_writer.h"

namespace whichfirst::record {
namespace {

using nlohmann::ordered_json;

ordered_json shape_document(const reference::Tensor& tensor) {
  ordered_json shape = ordered_json::array();
  if (tensor.count > 1) shape.push_back(tensor.count);
  shape.push_back(tensor.shape.channels);
  if (!tensor.shape.is_vector) {
    shape.push_back(tensor.shape.height);
    shape.push_back(tensor.shape.width);
  }
  return shape;
}

ordered_json values_document(const std::vector<double>& values) {
  if (values.size() > kMostWrittenValues) return nullptr;
  ordered_json written = ordered_json::array();
  for (const double value : values) written.push_back(or_null(std::optional(value)));
  return written;
}

ordered_json document(const lab::Description& description) {
  const measure::Summary& summary = description.summary;
  ordered_json quantiles = ordered_json::object();
  for (std::size_t i = 0; i < description.quantiles.size(); ++i) {
    quantiles[fmt::format("{:g}", lab::kQuantileShares[i])] = description.quantiles[i];
  }
  return {{"mean", or_null(summary.mean())},
          {"sd", or_null(summary.sd())},
          {"skewness", or_null(summary.skewness())},
          {"kurtosis", or_null(summary.kurtosis())},
          {"min", or_null(summary.least())},
          {"max", or_null(summary.largest())},
          {"zero_share", or_null(summary.zero_share())},
          {"negative_share", or_null(summary.negative_share())},
          {"count", summary.count()},
          {"nan_count", summary.nan_count()},
          {"infinite_count", summary.infinite_count()},
          {"quantiles", quantiles},
          {"histogram",
           {{"edges", description.histogram.edges}, {"counts", description.histogram.counts}}}};
}

/// Moves `offset` behind the stage's values.
void describe(const lab::StageValues& stage, std::size_t& offset, ordered_json& written) {
  written["shape"] = shape_document(stage.values);
  written["values"] = values_document(stage.values.values);
  written["values_offset"] = offset;
  written["all"] = document(stage.all);
  ordered_json channels = nullptr;
  for (const lab::Description& channel : stage.channels) channels.push_back(document(channel));
  written["channels"] = channels;
  offset += stage.values.values.size();
}

ordered_json document(const lab::Claim& claim) {
  ordered_json numbers = ordered_json::object();
  for (const auto& [name, number] : claim.numbers) numbers[name] = or_null(std::optional(number));
  ordered_json answer = nullptr;
  if (claim.answer) answer = *claim.answer ? "yes" : "no";
  return {{"a", claim.a},
          {"b", claim.b.empty() ? ordered_json(nullptr) : ordered_json(claim.b)},
          {"about", claim.about},
          {"question", claim.question},
          {"answer", answer},
          {"text", claim.text},
          {"numbers", numbers}};
}

}  // namespace

std::string to_json(const lab::Inspection& inspection) {
  std::size_t offset = 0;
  ordered_json input = {{"name", inspection.input_name}};
  describe(inspection.input, offset, input);
  ordered_json orders = ordered_json::array();
  for (const lab::OrderValues& order : inspection.orders) {
    ordered_json stages = ordered_json::array();
    for (const lab::StageValues& stage : order.stages) {
      ordered_json written = {{"tap", stage.tap}, {"stage", stage.text}};
      describe(stage, offset, written);
      stages.push_back(written);
    }
    orders.push_back({{"name", order.name}, {"stages", stages}});
  }
  ordered_json claims = ordered_json::array();
  for (const lab::Claim& claim : inspection.claims) claims.push_back(document(claim));
  return print_json(
      {{"input", input}, {"then", inspection.then}, {"orders", orders}, {"claims", claims}}, -1);
}

std::vector<double> lab_values(const lab::Inspection& inspection) {
  std::vector<double> values = inspection.input.values.values;
  for (const lab::OrderValues& order : inspection.orders) {
    for (const lab::StageValues& stage : order.stages) {
      values.insert(values.end(), stage.values.values.begin(), stage.values.values.end());
    }
  }
  return values;
}

}  // namespace whichfirst::record
