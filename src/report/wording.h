// Numbers and conditions in words: the same everywhere a person reads them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/words.h"
#include "record/verdict_record.h"

namespace whichfirst::report {

using whichfirst::counted;
using whichfirst::grouped;

/// Decimals of numbers too small for them: written as "1.23e-14".
inline constexpr int kScientific = 13;

/// With `decimals` digits, the sign always shown: "+0.25", "-1.30".
std::string signed_number(double value, int decimals);

/// With so many decimals; "-" where missing.
std::string number(const std::optional<double>& value, int decimals);

/// "-0.30 to +0.25".
std::string interval_words(const stats::Interval& interval, int decimals);

/// Of the lab, on its page and in a terminal. Four digits; what rounding leaves of a mean after bn
/// is "0", a missing number "-".
std::string lab_number(const std::optional<double>& value);
/// A share in [0, 1] as "44.44 %", a missing one as "-".
std::string lab_percent(const std::optional<double>& share);

/// "0.0123", "< 0.0001"; "-" where missing.
std::string p_value(const std::optional<double>& p);

/// "3m 05s", "42s", "0.4s"; "1h 02m".
std::string duration(double seconds);

/// "150 MB", "3.2 GB" (powers of ten).
std::string bytes(std::int64_t count);

/// How a metric is spoken of: {"test accuracy", "points", 2 decimals}.
struct MetricWords {
  std::string name;
  std::string unit;  // of differences, with its space: " points"; empty for a loss
  int decimals = 2;  // or kScientific
};
MetricWords metric_words(std::string_view metric);

/// A difference with its unit: "0.25 points", "1 point"; of a loss "0.01".
std::string amount(double difference, const MetricWords& words);

/// Of the verdict's metric. A table's metric is in the table's own unit and keeps its name; the
/// decimals then show three digits of the smallest spread between pairs.
MetricWords metric_words(const record::VerdictRecord& verdict);

/// "95 % interval", of three comparisons "98.33 % interval".
std::string interval_title(const record::VerdictRecord& verdict);

/// Whether the verdict was read off `equivalence_interval`, which is shorter than the title says.
bool is_for_equivalence(const stats::Comparison& comparison);
/// The confidence of the interval that decided, in percent.
double interval_percent(const record::VerdictRecord& verdict, const stats::Comparison& comparison);

/// "bn-first (conv bn relu)"; the name alone where no more is known.
std::string order_words(const record::OrderResult& order);

/// The verdict on one pair of orders in a few plain sentences: the word with the difference, how
/// sure it is, why it is open, what was trained, and whether it covers test images like these. Says
/// nothing that depends on the clock.
std::string verdict_sentence(const record::ComparisonResult& result,
                             const record::VerdictRecord& verdict);

/// Of three orders or more: which come first, and how sure that is. Something was compared.
std::string overview_sentence(const record::VerdictRecord& verdict);

}  // namespace whichfirst::report
