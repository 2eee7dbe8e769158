// whichfirst: which layer order is better - and is the difference real?
#pragma once

namespace whichfirst::cli {

/// The whole program: reads the command line, runs the verb, prints errors, returns the exit code.
int run_program(int argc, char** argv);

}  // namespace whichfirst::cli
