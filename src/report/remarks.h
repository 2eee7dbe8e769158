// What is said beside a verdict, each in one plain sentence: the plan and what became of it, what
// more pairs or images could show, what looks broken.
#pragma once

#include <string>

#include "record/verdict_record.h"

namespace whichfirst::report {

/// "Planned: test accuracy, margin 0.25 points, 95 % confidence, pairs until it is decided, 6 to
/// 30. Done: decided after 8 pairs."
std::string plan_words(const record::VerdictRecord& verdict);

/// "8 complete pairs", of several comparisons "6 to 8 complete pairs". Something was compared.
std::string complete_pairs_words(const record::VerdictRecord& verdict);

/// What the spread that was seen promises for the wanted difference; empty without a prospect.
std::string prospect_words(const record::ComparisonResult& result,
                           const record::VerdictRecord& verdict);

/// That images, not seeds, are what is missing: where the difference seen or the margin is below
/// `images_floor`. Else empty.
std::string floor_words(const record::ComparisonResult& result,
                        const record::VerdictRecord& verdict);

/// With its numbers, and what to do.
std::string warning_words(const stats::Warning& warning, const record::ComparisonResult& result,
                          const record::VerdictRecord& verdict);

/// What was compared, how, by what rule, planned and done: prose that a paper can carry, with the
/// sources of its methods. Plain text, one line.
std::string methods_paragraph(const record::VerdictRecord& verdict);

}  // namespace whichfirst::report
