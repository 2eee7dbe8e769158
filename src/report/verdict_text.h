// The end of a comparison as a document: for a terminal or a log, as a page, for a paper.
#pragma once

#include <string>

#include "record/verdict_record.h"
#include "report/document.h"

namespace whichfirst::report {

enum class Detail {
  brief,  ///< what was found, a table of the orders, what must be known of it, the run folder
  all,    ///< then every pair, what else differs, costs, and all numbers of each comparison
};

/// The verdict first. `brief` has at most 25 lines for two orders and 40 for more while the orders
/// themselves leave room: notices and warnings that do not fit are counted and left to `all`.
std::string print_verdict(const record::VerdictRecord& verdict, const Screen& screen,
                          Detail detail);

/// Verdicts, tables and methods as a page in Markdown.
std::string print_markdown(const record::VerdictRecord& verdict);

/// The same to be put into a LaTeX document that uses the package booktabs: tables, methods,
/// verdicts.
std::string print_latex(const record::VerdictRecord& verdict);

}  // namespace whichfirst::report
