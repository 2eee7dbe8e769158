// What a paper says of how orders were compared.
#pragma once

#include <string>

#include "record/verdict_record.h"

namespace whichfirst::report {

/// What was compared, how, by what rule, planned and done: prose that a paper can carry, with the
/// sources of its methods. Plain text, one line.
std::string methods_paragraph(const record::VerdictRecord& verdict);

}  // namespace whichfirst::report
