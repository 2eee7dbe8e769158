// What a user asks of the comparisons of a study, by name: "--expect" of the command line.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "record/verdict_record.h"
#include "stats/gate.h"
#include "study/plan.h"

namespace whichfirst::study {

struct Expectation {
  std::string text;  ///< as it was given: "bn-first:act-first:not-worse-by=0.3"
  std::string pair;  ///< "bn-first:act-first"; "all"; empty: the first comparison
  stats::Gate gate;
};

/// "[A:B:|all:]GATE", where GATE is better, worse, equivalent, not-worse, better-by=X or
/// not-worse-by=X with a number X of 0 or more. Throws Error.
Expectation parse_expectation(std::string_view text);

/// Two orders that are or will be compared, by name.
struct ComparedNames {
  std::string a;
  std::string b;
};

/// What is asked of the comparison at `index`, that of these names. One that names b first asks
/// about b.
std::vector<stats::Gate> gates_of(const std::vector<Expectation>& expectations, std::size_t index,
                                  const ComparedNames& names);

/// Throws Error, with the names there are, where an expectation speaks of none of `comparisons`.
void require_compared(const std::vector<Expectation>& expectations,
                      const std::vector<ComparedNames>& comparisons);

/// Those that a study may come to compare; which of them, tuning decides.
std::vector<ComparedNames> possible_comparisons(const Experiment& experiment);

/// Gives each comparison what is asked of it.
void add_gates(const std::vector<Expectation>& expectations, const Experiment& experiment,
               const std::vector<record::TunedOrder>& tuned,
               std::vector<PlannedComparison>& comparisons);

/// Puts down in a verdict under automatic stopping what was asked with bounds, and, where such a
/// gate ended it, a notice. `stop` is set already.
void add_bounds(const std::vector<Expectation>& expectations, record::VerdictRecord& verdict);

}  // namespace whichfirst::study
