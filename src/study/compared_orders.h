// What a verdict says of orders, wherever their values come from. Internal to study.
#pragma once

#include <vector>

#include "record/verdict_record.h"
#include "stats/referee.h"
#include "study/conclude.h"

namespace whichfirst::study {

/// Mean and spread of the values there are.
void summarise(record::OrderResult& order);

/// Two orders by the values of their pairs; what needs trials is left to the caller.
record::ComparisonResult compare_orders(const record::OrderResult& a, const record::OrderResult& b,
                                        stats::Referee& referee, const Wanted& wanted);

/// Of orders each at its own best rate.
std::vector<record::RankedOrder> ranking_of(const record::VerdictRecord& verdict);

/// Holm's adjustment over the verdict's comparisons.
void adjust_p_values(record::VerdictRecord& verdict);

}  // namespace whichfirst::study
