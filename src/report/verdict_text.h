// The end of a comparison as a document: for a terminal or a log, as a page, for a paper.
#pragma once

#include <string>

#include "record/verdict_record.h"

namespace whichfirst::report {

/// Table of the orders, table of the pairs (every seed is on the page), what else differs or which
/// pairs of a table were left out, and the verdicts in plain sentences.
std::string print_verdict(const record::VerdictRecord& verdict);

/// Verdicts, tables and methods as a page in Markdown.
std::string print_markdown(const record::VerdictRecord& verdict);

/// The same to be put into a LaTeX document that uses the package booktabs: tables, methods,
/// verdicts.
std::string print_latex(const record::VerdictRecord& verdict);

}  // namespace whichfirst::report
