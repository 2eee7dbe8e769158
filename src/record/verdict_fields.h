// How intervals and verdicts stand in JSON. Internal to record.
#pragma once

#include <limits>

#include "json/fields.h"
#include "stats/verdict.h"

namespace whichfirst::record {

using VerdictWord = json::Words<stats::Verdict::better, stats::Verdict::worse,
                                stats::Verdict::equivalent, stats::Verdict::undecided>;

/// [lower, upper]; an end that is not finite is null.
struct IntervalForm {
  static void write(const stats::Interval& interval, json::Writer& writer) {
    writer.begin_list();
    writer.number_or_null(interval.lower);
    writer.number_or_null(interval.upper);
    writer.end_list();
  }
  static stats::Interval read(const json::Value& value) {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    if (value.size() != 2) value.fail_expected("two numbers");
    return {.lower = value.at(std::size_t{0}).optional_number().value_or(-kInfinity),
            .upper = value.at(std::size_t{1}).optional_number().value_or(kInfinity)};
  }
  static std::string type() { return "[lower, upper]"; }
};
using Interval = json::OrNull<stats::Interval, IntervalForm>;

}  // namespace whichfirst::record
