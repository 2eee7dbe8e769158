// stdin, stdout and stderr made fit for long runs: stderr may die, stdout may not.
#pragma once

namespace whichfirst::cli {

/// To be called first. Descriptors 0 to 2 that are closed are opened, so that no file of ours takes
/// their place; what cannot be written to stderr - a terminal that was closed, a full disk, a pipe
/// that nobody reads - is dropped; a file beyond the size limit is an error and not the end.
void secure_streams();

/// Throws Error unless all that went to stdout has arrived.
void finish_stdout();

}  // namespace whichfirst::cli
