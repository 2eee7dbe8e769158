#include "record/inference_record.h"

#include <algorithm>

#include "record/inference_fields.h"

namespace whichfirst::record {
namespace {

using fold::BnFate;
using fold::Fate;
using json::among;
using json::field;
using Text = json::PrintableText<1'000>;

/// Null where it is empty.
struct TextOrNull : json::TextOrNull {
  static std::string read(const json::Value& value) {
    return value.is_null() ? "" : Text::read(value);
  }
};

const json::Fields<InferenceCost> kCost = {
    field<&InferenceCost::parameters>("parameters", "numbers that are kept"),
    field<&InferenceCost::bytes>("bytes", "memory for one picture at a time"),
    field<&InferenceCost::batch_bytes>("batch_bytes", "memory for a batch at a time"),
};

const json::Fields<InferenceSpeed> kSpeed = {
    field<&InferenceSpeed::latency_seconds>("latency_seconds", "of one picture"),
    field<&InferenceSpeed::images_per_second>("images_per_second", "in a batch"),
};

const json::Fields<BnFate> kBnFate = {
    field<&BnFate::stage, Text>("stage", "its path"),
    field<&BnFate::fate, json::Words<Fate::backward, Fate::forward, Fate::kept>>(
        "fate", "where the weights are that absorbed it: backward, before it"),
    field<&BnFate::into, TextOrNull>("into", "path of the weights"),
    field<&BnFate::needs_bias_map>("bias_map", "the bias differs by output position"),
    field<&BnFate::reason, TextOrNull>("reason", "why it was kept"),
};

const json::Fields<FoldCounts> kCounts = {
    field<&FoldCounts::backward>("backward", "bns absorbed by the weights before them"),
    field<&FoldCounts::forward>("forward", "bns absorbed by the weights behind them"),
    field<&FoldCounts::kept>("kept", "bns that stay"),
    field<&FoldCounts::convolutions>("convolutions", "in the network"),
    field<&FoldCounts::bias_maps>("bias_maps", "convolutions with a bias by output position"),
};

const json::Fields<KeptReason> kKeptReason = {
    field<&KeptReason::reason, Text>("reason", "in words"),
    field<&KeptReason::bns>("bns", "that it keeps"),
};

}  // namespace

const json::Fields<InferenceRecord> kInferenceFields = {
    among<&InferenceRecord::counts>(kCounts),
    field<&InferenceRecord::pictures>("pictures", "of the test part that both networks were shown"),
    field<&InferenceRecord::max_difference>("max_difference", "between two logits of a picture"),
    field<&InferenceRecord::max_logit>("max_logit", "the largest, without its sign"),
    field<&InferenceRecord::trained>("trained", kCost, "the network as it was trained"),
    field<&InferenceRecord::folded>("folded", kCost, "the network with bns folded"),
    field<&InferenceRecord::bns>("bns", kBnFate, "in the order of the network"),
};

const json::Fields<InferenceTimings> kInferenceTimings = {
    field<&InferenceTimings::trained>("trained", kSpeed, "the network as it was trained"),
    field<&InferenceTimings::folded>("folded", kSpeed, "the network with bns folded"),
};

const json::Fields<InferenceResult> kInferenceResult = {
    field<&InferenceResult::name, Text>("name", "the order's"),
    field<&InferenceResult::trials>("trials", "that were measured"),
    among<&InferenceResult::counts>(kCounts),
    field<&InferenceResult::reasons>("reasons", kKeptReason, "why bns were kept"),
    field<&InferenceResult::max_difference>("max_difference", "the largest of all trials"),
    field<&InferenceResult::max_logit>("max_logit", "the largest of all trials"),
    field<&InferenceResult::trained>("trained", kCost,
                                     "of the trial that kept most bn, as the counts"),
    field<&InferenceResult::folded>("folded", kCost, "likewise"),
};

FoldCounts counts_of(const std::vector<BnFate>& bns) {
  FoldCounts counts;
  for (const BnFate& bn : bns) {
    ++(bn.fate == Fate::backward  ? counts.backward
       : bn.fate == Fate::forward ? counts.forward
                                  : counts.kept);
  }
  return counts;
}

std::vector<KeptReason> reasons_of(const std::vector<BnFate>& bns) {
  std::vector<KeptReason> reasons;
  for (const BnFate& bn : bns) {
    if (bn.fate != Fate::kept) continue;
    const auto known = std::find_if(reasons.begin(), reasons.end(), [&](const KeptReason& each) {
      return each.reason == bn.reason;
    });
    if (known != reasons.end()) {
      ++known->bns;
    } else {
      reasons.push_back({.reason = bn.reason, .bns = 1});
    }
  }
  return reasons;
}

}  // namespace whichfirst::record
