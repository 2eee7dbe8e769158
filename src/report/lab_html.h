// What the lab saw, as one page that needs nothing else: no network, no script.
#pragma once

#include <string>
#include <string_view>

#include "lab/inspect.h"

namespace whichfirst::report {

/// `text` fit to stand in a page, in an attribute too; bytes that no page may hold are \xNN.
std::string escape_html(std::string_view text);

/// The claims with their answers; of the input and every stage of every order the first image, the
/// curve (value against flattened index) and the histogram, as far as a page bears, and the
/// numbers, by channel too. Light and dark as the reader's system has it.
std::string print_lab_html(const lab::Inspection& inspection);

}  // namespace whichfirst::report
