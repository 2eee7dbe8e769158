// What orders do to values: every stage of every order, by channel, and the claims that people make
// about them, measured.
#pragma once

#include "lab/inspection.h"

namespace whichfirst::lab {

/// Throws Error naming the order that cannot be built, and where all are more than kMostWork. Of
/// the input count and shape are read, so that it can be asked before the numbers are there.
void require_buildable(const Question& question);

/// Throws Error as require_buildable does, for an order that cannot be run, and for parameters that
/// no order has.
Inspection inspect(const Question& question);

/// What `whichfirst lab --json` prints, ended with a line break. Shapes are C, H, W of a single
/// picture and N, C, H, W of more; C alone, or N, C, of vectors.
std::string to_json(const Inspection& inspection);

/// The fields of the document as rows of a table in Markdown, for docs/documents.md.
std::string inspection_table();

/// All values: the input's, then those of each stage of each order.
std::vector<double> all_values(const Inspection& inspection);

}  // namespace whichfirst::lab
