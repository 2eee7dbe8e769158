#include "record/inference_record.h"

#include <algorithm>
#include <limits>

#include "record/inference_json.h"
#include "record/json_writer.h"
#include "record/printable.h"

namespace whichfirst::record {
namespace {

using nlohmann::ordered_json;

ordered_json document(const InferenceCost& cost) {
  return {
      {"parameters", cost.parameters}, {"bytes", cost.bytes}, {"batch_bytes", cost.batch_bytes}};
}

ordered_json document(const InferenceSpeed& speed) {
  return {{"latency_seconds", finite(speed.latency_seconds)},
          {"images_per_second", finite(speed.images_per_second)}};
}

ordered_json document(const FoldedBn& bn) {
  return {{"stage", bn.stage},
          {"fate", bn.fate},
          {"into", or_null(bn.into)},
          {"bias_map", bn.needs_bias_map},
          {"reason", or_null(bn.reason)}};
}

void add_counts(const FoldCounts& counts, ordered_json& json) {
  json["backward"] = counts.backward;
  json["forward"] = counts.forward;
  json["kept"] = counts.kept;
  json["convolutions"] = counts.convolutions;
  json["bias_maps"] = counts.bias_maps;
}

ordered_json document(const InferenceResult& result) {
  ordered_json json = {{"name", result.name}, {"trials", result.trials}};
  add_counts(result.counts, json);
  json["reasons"] = ordered_json::array();
  for (const KeptReason& kept : result.reasons) {
    json["reasons"].push_back({{"reason", kept.reason}, {"bns", kept.bns}});
  }
  json["max_difference"] = or_null(result.max_difference);
  json["max_logit"] = or_null(result.max_logit);
  json["trained"] = document(result.trained);
  json["folded"] = document(result.folded);
  return json;
}

std::string text_from(const JsonValue& json) {
  constexpr std::size_t kLongest = 1'000;
  return printable(json.text(), kLongest);
}

std::optional<std::string> optional_text_from(const JsonValue& json) {
  return json.is_null() ? std::nullopt : std::optional(text_from(json));
}

std::int64_t count_from(const JsonValue& json) {
  return static_cast<std::int64_t>(json.whole(std::numeric_limits<std::int64_t>::max()));
}

FoldCounts counts_from(const JsonValue& json) {
  return {.backward = json.at("backward").small_whole(),
          .forward = json.at("forward").small_whole(),
          .kept = json.at("kept").small_whole(),
          .convolutions = json.at("convolutions").small_whole(),
          .bias_maps = json.at("bias_maps").small_whole()};
}

InferenceCost cost_from(const JsonValue& json) {
  json.expect_only({"parameters", "bytes", "batch_bytes"});
  return {.parameters = count_from(json.at("parameters")),
          .bytes = count_from(json.at("bytes")),
          .batch_bytes = count_from(json.at("batch_bytes"))};
}

InferenceSpeed speed_from(const JsonValue& json) {
  json.expect_only({"latency_seconds", "images_per_second"});
  return {.latency_seconds = json.at("latency_seconds").number(),
          .images_per_second = json.at("images_per_second").number()};
}

FoldedBn bn_from(const JsonValue& json) {
  json.expect_only({"stage", "fate", "into", "bias_map", "reason"});
  return {.stage = text_from(json.at("stage")),
          .fate = text_from(json.at("fate")),
          .into = optional_text_from(json.at("into")),
          .needs_bias_map = json.at("bias_map").truth(),
          .reason = optional_text_from(json.at("reason"))};
}

InferenceResult result_from(const JsonValue& json) {
  InferenceResult result{.name = text_from(json.at("name")),
                         .trials = json.at("trials").small_whole(),
                         .counts = counts_from(json)};
  const JsonValue reasons = json.at("reasons");
  for (std::size_t i = 0; i < reasons.size(); ++i) {
    result.reasons.push_back({.reason = text_from(reasons.at(i).at("reason")),
                              .bns = reasons.at(i).at("bns").small_whole()});
  }
  result.max_difference = json.at("max_difference").optional_number();
  result.max_logit = json.at("max_logit").optional_number();
  result.trained = cost_from(json.at("trained"));
  result.folded = cost_from(json.at("folded"));
  return result;
}

}  // namespace

FoldCounts counts_of(const std::vector<FoldedBn>& bns) {
  FoldCounts counts;
  for (const FoldedBn& bn : bns) {
    ++(bn.fate == "backward"  ? counts.backward
       : bn.fate == "forward" ? counts.forward
                              : counts.kept);
  }
  return counts;
}

std::vector<KeptReason> reasons_of(const std::vector<FoldedBn>& bns) {
  std::vector<KeptReason> reasons;
  for (const FoldedBn& bn : bns) {
    if (!bn.reason) continue;
    const auto known = std::find_if(reasons.begin(), reasons.end(), [&](const KeptReason& each) {
      return each.reason == *bn.reason;
    });
    if (known != reasons.end()) {
      ++known->bns;
    } else {
      reasons.push_back({.reason = *bn.reason, .bns = 1});
    }
  }
  return reasons;
}

nlohmann::ordered_json document(const std::optional<InferenceRecord>& record) {
  if (!record) return nullptr;
  ordered_json json;
  add_counts(record->counts, json);
  json["pictures"] = record->pictures;
  json["max_difference"] = or_null(record->max_difference);
  json["max_logit"] = or_null(record->max_logit);
  json["trained"] = document(record->trained);
  json["folded"] = document(record->folded);
  json["bns"] = ordered_json::array();
  for (const FoldedBn& bn : record->bns) json["bns"].push_back(document(bn));
  return json;
}

nlohmann::ordered_json document(const std::optional<InferenceTimings>& timings) {
  if (!timings) return nullptr;
  return {{"trained", document(timings->trained)}, {"folded", document(timings->folded)}};
}

nlohmann::ordered_json document(const std::vector<InferenceResult>& results) {
  ordered_json list = ordered_json::array();
  for (const InferenceResult& result : results) list.push_back(document(result));
  return list;
}

nlohmann::ordered_json timings_document(const std::vector<InferenceResult>& results) {
  ordered_json list = ordered_json::array();
  for (const InferenceResult& result : results) list.push_back(document(result.timings));
  return list;
}

std::optional<InferenceRecord> inference_from(const JsonValue& json) {
  if (json.is_null()) return std::nullopt;
  json.expect_only({"backward", "forward", "kept", "convolutions", "bias_maps", "pictures",
                    "max_difference", "max_logit", "trained", "folded", "bns"});
  return InferenceRecord{.counts = counts_from(json),
                         .bns = list_of<FoldedBn>(json.at("bns"), bn_from),
                         .pictures = json.at("pictures").small_whole(),
                         .max_difference = json.at("max_difference").optional_number(),
                         .max_logit = json.at("max_logit").optional_number(),
                         .trained = cost_from(json.at("trained")),
                         .folded = cost_from(json.at("folded"))};
}

std::optional<InferenceTimings> inference_timings_from(const JsonValue& json) {
  if (json.is_null()) return std::nullopt;
  json.expect_only({"trained", "folded"});
  return InferenceTimings{.trained = speed_from(json.at("trained")),
                          .folded = speed_from(json.at("folded"))};
}

std::vector<InferenceResult> inference_results_from(const JsonValue& results,
                                                    const JsonValue& timings) {
  std::vector<InferenceResult> list;
  for (std::size_t i = 0; i < results.size(); ++i) {
    list.push_back(result_from(results.at(i)));
    list.back().timings = inference_timings_from(timings.at(i));
  }
  return list;
}

}  // namespace whichfirst::record
