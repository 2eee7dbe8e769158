#include "record/inference_record.h"

#include <algorithm>

#include "record/inference_fields.h"

namespace whichfirst::record {
namespace {

using json::among;
using json::field;
using Text = json::PrintableText<1'000>;
using TextOrNull = json::OrNull<std::string, Text>;

const json::Fields<InferenceCost> kCost = {
    field<&InferenceCost::parameters>("parameters", "numbers that are kept"),
    field<&InferenceCost::bytes>("bytes", "memory for one picture at a time"),
    field<&InferenceCost::batch_bytes>("batch_bytes", "memory for a batch at a time"),
};

const json::Fields<InferenceSpeed> kSpeed = {
    field<&InferenceSpeed::latency_seconds>("latency_seconds", "of one picture"),
    field<&InferenceSpeed::images_per_second>("images_per_second", "in a batch"),
};

const json::Fields<FoldedBn> kFoldedBn = {
    field<&FoldedBn::stage, Text>("stage", "its path"),
    field<&FoldedBn::fate, Text>("fate", "`backward` (into the weights before), `forward`, `kept`"),
    field<&FoldedBn::into, TextOrNull>("into", "path of the weights"),
    field<&FoldedBn::needs_bias_map>("bias_map", "the bias differs by output position"),
    field<&FoldedBn::reason, TextOrNull>("reason", "why it was kept"),
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
    field<&InferenceRecord::bns>("bns", kFoldedBn, "in the order of the network"),
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
    field<&InferenceResult::trained>("trained", kCost, "the network as it was trained"),
    field<&InferenceResult::folded>("folded", kCost, "the network with bns folded"),
};

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

}  // namespace whichfirst::record
