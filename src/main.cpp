#include "cli/program.h"

int main(int argc, char** argv) { return whichfirst::cli::run_program(argc, argv); }
