// What an order costs after training: which bn the weights absorbed, what the folded network takes,
// and how far its answers are from those of the network as trained.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "fold/bn_fate.h"

namespace whichfirst::record {

/// What a network takes in use.
struct InferenceCost {
  std::int64_t parameters = 0;
  std::int64_t bytes = 0;        ///< of memory, for one picture at a time
  std::int64_t batch_bytes = 0;  ///< for a batch at a time
  bool operator==(const InferenceCost&) const = default;
};

/// How bn were folded, and what of: counts.
struct FoldCounts {
  int backward = 0;
  int forward = 0;
  int kept = 0;
  int convolutions = 0;
  int bias_maps = 0;  ///< convolutions whose bias differs by output position
  bool operator==(const FoldCounts&) const = default;
};

/// Of one trial.
struct InferenceRecord {
  FoldCounts counts;
  std::vector<fold::BnFate> bns;  ///< in the order of the network
  int pictures = 0;               ///< of the test part that both were shown
  /// Between two logits of one picture, and the largest logit without its sign; missing where one
  /// is not finite.
  std::optional<double> max_difference;
  std::optional<double> max_logit;
  InferenceCost trained;
  InferenceCost folded;
  bool operator==(const InferenceRecord&) const = default;
};

/// Of one network on one core; medians.
struct InferenceSpeed {
  double latency_seconds = 0;    ///< of one picture
  double images_per_second = 0;  ///< in a batch
  bool operator==(const InferenceSpeed&) const = default;
};

struct InferenceTimings {
  InferenceSpeed trained;
  InferenceSpeed folded;
  bool operator==(const InferenceTimings&) const = default;
};

struct KeptReason {
  std::string reason;
  int bns = 0;
  bool operator==(const KeptReason&) const = default;
};

/// Of an order, over its trials.
struct InferenceResult {
  std::string name;                           ///< the order's, as in the verdict's `orders`
  int trials = 0;                             ///< that were measured
  FoldCounts counts = {};                     ///< of the trial that kept most, the first of several
  std::vector<KeptReason> reasons = {};       ///< of the same trial
  std::optional<double> max_difference = {};  ///< the largest of all trials
  std::optional<double> max_logit = {};       ///< likewise
  InferenceCost trained = {};                 ///< of the trial that kept most
  InferenceCost folded = {};
  std::optional<InferenceTimings> timings = {};  ///< medians; under "timings" in JSON
  bool operator==(const InferenceResult&) const = default;
};

/// The counts and reasons of `bns`.
FoldCounts counts_of(const std::vector<fold::BnFate>& bns);
std::vector<KeptReason> reasons_of(const std::vector<fold::BnFate>& bns);

}  // namespace whichfirst::record
