// What a reader must know before a verdict is believed: what data, recipe and plan alone say before
// anything is trained, and what the trials show. Each is a sentence with its numbers.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "record/verdict_record.h"
#include "study/plan.h"

namespace whichfirst::study {

/// What the plan's metric can be at all, on the pictures that it is measured on; nullopt where the
/// data are not at hand.
std::optional<record::MetricScale> scale_of(const Experiment& experiment);

/// What can be said before anything is trained, most important first: pixels that carry nothing,
/// classes without pictures, too few steps, a rate of another optimizer, a margin below what one
/// image is, seeds that cannot decide. Reads all pictures of the parts once or twice.
std::vector<record::Notice> notices_before(const Experiment& experiment);

/// An order as the verdict names it, and its trials; nullptr for one that has not ended.
struct OrderTrials {
  std::string name;
  std::vector<const record::TrialRecord*> trials;
};

/// Whether the order is clearly better than always giving the same answer, in the plan's metric; of
/// a loss, in the accuracy on the same pictures too, since a loss suffers from overconfidence.
bool has_learnt(const Experiment& experiment, const OrderTrials& order);

/// "no order has learnt more than guessing (25 %)", of `who` "no order".
std::string nothing_learnt_words(const Experiment& experiment, std::string_view who);

/// What the trials show, most important first: nothing learnt, a ceiling, orders that never
/// trained, losses and test results that do not fit the training, a fold that is not exact.
std::vector<record::Notice> notices_after(const Experiment& experiment,
                                          const std::vector<OrderTrials>& orders);

}  // namespace whichfirst::study
