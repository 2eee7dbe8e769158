// A verdict for a paper: tables in Markdown or LaTeX with a paragraph on the methods.
#pragma once

#include <string>

#include "record/verdict_record.h"

namespace whichfirst::report {

/// What was compared, how, by what rule, planned and done: prose that a paper can carry, with the
/// sources of its methods. Plain text, one line.
std::string methods_paragraph(const record::VerdictRecord& verdict);

/// Verdicts, tables and methods as one document with headings.
std::string print_markdown(const record::VerdictRecord& verdict);

/// The same to be put into a LaTeX document that uses the package booktabs: two tables, the
/// methods, the verdicts.
std::string print_latex(const record::VerdictRecord& verdict);

}  // namespace whichfirst::report
